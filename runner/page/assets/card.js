// One job: what it is, its takes, and its details when they are asked for.

import { chosen, page, sameCue } from "./data.js";
import { button, el } from "./dom.js";
import { openComparison } from "./compare.js";
import { copy, steps } from "./store.js";
import { facts, stepButton, takeRow } from "./take.js";
import { STATES, count, dollars, length, takeName, value } from "./words.js";

/** Return the title of a card: it is there before the rest. */
export function cardTitle(job) {
  return el(
    "div",
    { class: "title" },
    el("h2", {}, job.id),
    el("span", { class: `state ${job.state}` }, STATES[job.state] ?? job.state),
    job.before && !job.before.is_same && el("span", { class: "state changed" }, `differs from ${page.against}`),
  );
}

/** Return the rest of a card. */
export function cardBody(job) {
  const now = job.takes.filter((take) => !take.is_earlier);
  const earlier = job.takes.filter((take) => take.is_earlier);
  return [
    el("div", { class: "about" }, ...about(job)),
    el(
      "div",
      { class: "heard" },
      now.length > 0 && el("ul", { class: "takes", "aria-label": `takes of ${job.id}` }, now.map(takeRow)),
      job.takes.length === 0 && el("p", { class: "silent" }, nothing(job)),
      job.before && beforeRows(job),
      earlier.length > 0 && earlierRows(job, earlier),
    ),
    details(job),
  ];
}

/** Return the comparisons that a job offers: the words, the takes. */
export function comparisons(job) {
  const heard = job.takes.filter((take) => take.url && !take.is_earlier);
  const before = !job.before?.is_same && job.before?.takes.filter((take) => take.url).at(-1);
  const placed = heard.filter((take) => take.is_placed);
  const cue = sameCue(job).map((one) => chosen(one));
  return [
    { key: "t", words: count(heard.length, "take"), takes: heard },
    { key: "m", words: "models of this cue", takes: cue.filter(Boolean) },
    { key: "f", words: "take and mastered file", takes: placed },
    { key: "b", words: "before and after", takes: before && heard.length ? [before, chosen(job)] : [] },
  ].filter((one) => one.takes.length > 1);
}

function about(job) {
  const prompt = job.texts.find((text) => text.name === "prompt");
  const line = [job.model, job.asked_s === undefined ? null : `${length(job.asked_s)} asked`, job.output];
  return [
    el("p", { class: "line" }, line.filter(Boolean).join(" · ")),
    job.expected.length > 0 && el("p", { class: "line" }, `expected: ${job.expected.join(", ")}`),
    prompt && el("p", { class: "prompt" }, value(prompt.value)),
    job.state !== "up-to-date" && job.why && el("p", { class: "why" }, why(job)),
    ...[...job.notes, ...job.unfinished].map((note) => el("p", { class: "note" }, note)),
    job.labels.length > 0 &&
      el(
        "p",
        { class: "labels" },
        job.labels.map((label) => el("span", { class: "label" }, label)),
      ),
    el(
      "p",
      { class: "acts" },
      comparisons(job).map(({ words, takes, key }) =>
        button(`compare ${words}`, `compare ${words} of ${job.id} (${key})`, () => openComparison(takes, job.id), {
          class: "step",
        }),
      ),
      steps(job).map(stepButton),
    ),
  ];
}

function why(job) {
  if (!job.has_next_cost) return job.why;
  return `${job.why}; would cost ${job.next_usd === undefined ? "an unknown amount" : dollars(job.next_usd)}`;
}

function nothing(job) {
  return job.state === "to-make" ? "nothing made yet" : "no take yet";
}

function beforeRows(job) {
  const said = job.before.is_same ? `the same take as in ${page.against}` : `in ${page.against}`;
  return el(
    "div",
    { class: "before" },
    el("h3", {}, said),
    !job.before.is_same && el("ul", { class: "takes" }, job.before.takes.map(takeRow)),
    job.before.changes.length > 0 && changes(job.before.changes),
  );
}

function changes(found) {
  return el(
    "dl",
    { class: "changes" },
    found.map(({ name, old, new: now }) =>
      el("div", {}, el("dt", {}, name), el("dd", {}, el("del", {}, value(old)), " → ", el("ins", {}, value(now)))),
    ),
  );
}

function earlierRows(job, earlier) {
  const list = el("ul", { class: "takes", "aria-label": `earlier takes of ${job.id}` });
  const fold = el("details", {}, el("summary", {}, `${count(earlier.length, "take")} of earlier requests`), list);
  fold.addEventListener("toggle", () => list.childElementCount || list.append(...earlier.map(takeRow)));
  return fold;
}

function details(job) {
  const fold = el("details", { class: "details" }, el("summary", {}, "prompt, parameters, origins, files"));
  fold.addEventListener("toggle", () => fold.open && fold.childElementCount === 1 && fold.append(...inside(job)));
  return fold;
}

function inside(job) {
  const values = [...job.texts, ...job.params];
  return [
    el(
      "table",
      { class: "values" },
      el(
        "thead",
        {},
        el(
          "tr",
          {},
          ["parameter", "value", "where it comes from"].map((word) => el("th", { scope: "col" }, word)),
        ),
      ),
      el(
        "tbody",
        {},
        values.map(({ name, value: found, origin }) =>
          el(
            "tr",
            {},
            el("th", { scope: "row" }, name),
            el("td", { class: "value" }, value(found)),
            el("td", { class: "origin" }, origin ?? ""),
          ),
        ),
      ),
    ),
    ...job.takes.map((take) =>
      el(
        "section",
        {},
        el("h3", {}, takeName(take)),
        el(
          "dl",
          { class: "facts" },
          facts(take).map(([name, text]) => el("div", {}, el("dt", {}, name), el("dd", {}, text))),
        ),
      ),
    ),
    el(
      "ul",
      { class: "commands" },
      [
        ...steps(job),
        ...job.takes.flatMap((take) =>
          steps(take).map((step) => ({ ...step, does: `${step.does} (${takeName(take)})` })),
        ),
      ].map(({ does, line }) =>
        el(
          "li",
          {},
          el("code", {}, line),
          button("copy", `copy: ${line}`, () => copy(line)),
          el("span", {}, does),
        ),
      ),
    ),
  ];
}
