// The only module that speaks to a server. In a file there is none: each step is a command to copy.

import { page } from "./data.js";
import { say } from "./say.js";

const AGAIN_MS = 3000;
const waiting = [];

/** Return what can be done about a job or a take: the words on a button, what it does, the command line. */
export function steps(thing) {
  return thing.commands.map(({ does, line, saves }) => {
    if (page.is_live && saves) return { does, line, act: () => save(saves, thing) };
    return { does, line, act: () => copy(line) };
  });
}

/** Call a function with the data of the page whenever something changed. */
export function listen(changed) {
  if (!page.is_live) return;
  const events = new EventSource("events");
  events.onmessage = async () => {
    const answer = await ask("data");
    if (answer?.ok) changed(await answer.json());
  };
  events.onerror = () =>
    say("the review has ended, or this page is of an earlier one: open the address that was printed");
}

/** Save a decision; while a run is at work it waits here, and is sent again. */
async function save(what, take) {
  waiting.push({ what, take, saw: take.job.picked });
  if (waiting.length === 1) await send();
}

async function send() {
  while (waiting.length) {
    const { what, take, saw } = waiting[0];
    const body = JSON.stringify({ job: take.job.id, sha256: take.sha256, saw });
    const answer = await ask(what, { method: "POST", headers: { "Content-Type": "application/json" }, body });
    if (!answer || answer.status === 423) {
      say(answer ? "a run is at work: this is saved when it ends" : "no answer: this is sent again");
      setTimeout(send, AGAIN_MS);
      return;
    }
    waiting.shift();
    const told = await answer.json().catch(() => ({ message: "the review has ended" }));
    say(answer.ok ? "saved" : [told.message, told.help].filter(Boolean).join("; "));
  }
}

async function ask(path, options) {
  try {
    return await fetch(path, options);
  } catch {
    return null;
  }
}

/** Copy a command line, and say so; where the browser does not allow it, say the line. */
export async function copy(line) {
  const copied = await navigator.clipboard.writeText(line).then(
    () => true,
    () => copyBySelection(line),
  );
  say(copied ? `copied: ${line}` : `copy this: ${line}`);
}

function copyBySelection(line) {
  const area = document.createElement("textarea");
  area.value = line;
  area.className = "unseen";
  document.body.append(area);
  area.select();
  const done = document.execCommand("copy");
  area.remove();
  return done;
}
