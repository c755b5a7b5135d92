// The only module that speaks to a server. In a file there is none: each step is a command to copy.

import { own, page } from "./data.js";
import { say } from "./say.js";

export const AGAIN_MS = 3000;
const waiting = [];

/** Return what can be done about a job or a take: the words on a button, what it does, the command line. */
export function steps(thing) {
  return thing.commands.map(({ does, line, saves }) => {
    if (page.is_live && saves) return { does, line, act: () => save(saves, thing) };
    return { does, line, act: () => copy(line) };
  });
}

/** Call a function with the data of the page whenever something changed, or another one with why there are none. */
export function listen(changed, refused) {
  if (!page.is_live) return;
  const events = new EventSource("events");
  let news = 0;
  // One question at a time: an answer that is late would bring back what was before.
  events.onmessage = async () => {
    if (news++) return;
    try {
      for (let known = 0; known < news; ) {
        known = news;
        const answer = await ask("data");
        const told = await answer?.json().catch(() => null);
        if (told) answer.ok ? changed(told) : refused(sentence(told));
      }
    } finally {
      news = 0;
    }
  };
  events.onerror = () =>
    say("the review has ended, or this page is of an earlier one: open the address that was printed");
}

/** Return whether something waits to be saved. */
export function isSaving() {
  return waiting.length > 0;
}

/** Return what the person at a live page says of a take: what waits to be saved, or else what the lock has. */
export function mine(take) {
  const later = waiting.filter((one) => one.what === "rate" && one.take === take).at(-1);
  return later?.said ?? own(take)[0] ?? {};
}

/** Save a decision, and return whether it is saved and what was told; while a run is at work it waits here, and is sent again. */
export function save(what, take, said = {}) {
  const saw = what === "rate" ? own(take).map((word) => word.name) : take.job.picked;
  return new Promise((done) => {
    waiting.push({ what, take, said, saw, done });
    if (waiting.length === 1) send();
  });
}

async function send() {
  while (waiting.length) {
    const { what, take, said, saw, done } = waiting[0];
    const body = JSON.stringify({ job: take.job.id, sha256: take.sha256, saw, ...said });
    const answer = await ask(what, { method: "POST", headers: { "Content-Type": "application/json" }, body });
    if (!answer || answer.status === 423) {
      say(answer ? "a run is at work: this is saved when it ends" : "no answer: this is sent again");
      setTimeout(send, AGAIN_MS);
      return;
    }
    const told = await answer.json().catch(() => ({ message: "the review has ended" }));
    if (answer.ok) takeOver(waiting[0], told.names ?? []);
    waiting.shift();
    const message = answer.ok ? "saved" : sentence(told);
    say(message);
    done({ saved: answer.ok, message });
  }
}

/** Take over what was saved, before the page is told of it: what the same person said after it is in its place. */
function takeOver({ what, take, said }, names) {
  const isPick = what.endsWith("pick");
  if (what === "rate") {
    const now = { by: page.you, at: "", stars: said.stars ?? undefined, note: said.note };
    take.ratings = [...names.map((name) => ({ ...now, name })), ...take.ratings.filter((word) => word.by !== page.you)];
  } else if (isPick) take.job.picked = what === "pick" ? [take.sha256] : [];
  for (const later of waiting) {
    if (isPick && later.what.endsWith("pick") && later.take.job === take.job) later.saw = take.job.picked;
    if (what === "rate" && later.what === what && later.take === take) later.saw = names;
  }
}

/** Return a word as a shell takes it. */
export function quoted(text) {
  return `'${text.replaceAll("'", `'"'"'`)}'`;
}

function sentence({ message, help }) {
  return [message, help].filter(Boolean).join("; ");
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
