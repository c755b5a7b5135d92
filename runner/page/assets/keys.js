// All that can be done with the keyboard, and the sheet that lists it.

import { comparisons } from "./card.js";
import { comparisonKey, dialog, openComparison } from "./compare.js";
import { deck } from "./deck.js";
import { button, el } from "./dom.js";
import { clear, search } from "./filters.js";
import { neighbour } from "./list.js";
import { toggleMatched } from "./player.js";
import { isForStars, openNote } from "./said.js";
import { say } from "./say.js";
import { steps } from "./store.js";
import { playAt, toggle } from "./take.js";
import { openTotals, totals } from "./totals.js";
import { compared, toggleCompared } from "./tray.js";

const LISTED = [
  ["j  k", "next take, previous take"],
  ["space", "play or pause"],
  ["← →", "five seconds back or on"],
  ["1 – 9", "hear take 1 to 9 at the same place"],
  ["c", "put this take into the comparison"],
  ["v", "compare what was put there"],
  ["t  m  f  b", "compare takes; models of this cue; take and mastered file; before and after"],
  ["l", "same loudness"],
  ["p", "pick this take, or unpick it: copies the command, or saves it where the page is live"],
  ["r", "stars of this take: then 1 – 5, or 0 for none"],
  ["n", "write a note on this take"],
  ["d", "prompt, parameters and origins of this job"],
  ["/", "search"],
  ["g", "totals"],
  ["?", "this list"],
  ["Escape", "close, or clear the search"],
];
const IN_COMPARISON = [
  ["1 – 9", "hear one, at the same place"],
  ["n", "hear the next one"],
  ["l", "same loudness"],
  ["b", "blind: hide the names"],
  ["x", "blind: choose what is heard"],
];

export const help = el(
  "dialog",
  { class: "sheet", "aria-label": "keys" },
  el(
    "header",
    {},
    el("h2", {}, "Keys"),
    button("close", "close (Escape)", () => help.close()),
  ),
  keyList(LISTED),
  el("h3", {}, "in a comparison"),
  keyList(IN_COMPARISON),
);

/** Listen to the keyboard. */
export function listenToKeys() {
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return;
    if (isTyped(event.target, event.key)) return;
    if (act(event.key)) event.preventDefault();
  });
}

function isTyped(target, key) {
  if (key === "Escape") return target !== search || totals.open || help.open || dialog.open;
  if (target.matches("input[type=search], select, textarea") || isForStars(target, key)) return true;
  if (target.matches("input[type=range]")) return key.startsWith("Arrow") || key === "Home" || key === "End";
  return target.matches("button, summary, input[type=checkbox]") && (key === " " || key === "Enter");
}

function act(key) {
  if (dialog.open && comparisonKey(key)) return true;
  if (key === " ") return void deck()?.toggle() ?? true;
  if (key === "ArrowLeft" || key === "ArrowRight")
    return void deck()?.seek(deck().at + (key === "ArrowLeft" ? -5 : 5)) ?? true;
  if (totals.open || help.open || dialog.open) return false;
  const row = document.activeElement?.closest?.(".take") ?? null;
  const take = row?.take;
  const job = document.activeElement?.closest?.(".card")?.job;
  const done = {
    j: () => go(neighbour(row, 1)),
    k: () => go(neighbour(row, -1)),
    c: () => take?.url && toggleCompared(take),
    v: () => openComparison(compared(), "what was chosen"),
    t: () => job && compareIn(job, "t"),
    m: () => job && compareIn(job, "m"),
    f: () => job && compareIn(job, "f"),
    b: () => job && compareIn(job, "b"),
    l: toggleMatched,
    p: () => take && steps(take)[0]?.act(),
    r: () => row?.querySelector(".stars [tabindex='0']")?.focus(),
    n: () => take && openNote(take),
    d: () => unfold(),
    g: openTotals,
    "/": () => search.focus(),
    "?": () => help.showModal(),
    Escape: clear,
  }[key];
  if (done) done();
  else if (/^[1-9]$/.test(key)) hearTake(job ?? deck()?.take.job, Number(key));
  else return false;
  return true;
}

function go(row) {
  if (!row) return;
  row.querySelector(".play").disabled
    ? row.querySelector(".wave, .silent")?.focus()
    : row.querySelector(".play").focus();
  row.scrollIntoView({ block: "nearest" });
}

function hearTake(job, number) {
  const take = job?.takes.filter((one) => one.url)[number - 1];
  if (!take) return;
  if (deck()?.take === take) toggle(take);
  else playAt(take, deck()?.takes.includes(take) ? deck().at : 0);
}

function compareIn(job, key) {
  const found = comparisons(job).find((one) => one.key === key);
  if (found) openComparison(found.takes, job.id);
  else say(`${job.id} has nothing to compare this way`);
}

function unfold() {
  const fold = document.activeElement?.closest?.(".card")?.querySelector(".details");
  if (fold) fold.open = !fold.open;
}

function keyList(rows) {
  return el(
    "dl",
    { class: "keys" },
    rows.map(([key, does]) => el("div", {}, el("dt", {}, el("kbd", {}, key)), el("dd", {}, does))),
  );
}
