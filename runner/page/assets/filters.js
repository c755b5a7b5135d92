// What is shown: by words, label, model and state.

import { distinct, page } from "./data.js";
import { el } from "./dom.js";
import { filter } from "./list.js";
import { STATES, count, value } from "./words.js";

const RATED = {
  good: (take) => take.stars >= 4,
  poor: (take) => take.stars <= 2,
  noted: (take) => [...take.ratings, ...take.approvals].some((word) => word.note),
  open: (take) => take.ratings.length === 0,
};
const NAMES = { good: "4 stars or more", poor: "2 stars or less", noted: "with a note", open: "not rated yet" };
const texts = new Map();
const found = el("output", { class: "found", "aria-live": "polite" });
export const search = el("input", {
  type: "search",
  placeholder: "search",
  "aria-label": "search jobs, prompts, models",
  oninput: apply,
});
const label = choice("label", distinct(page.jobs.flatMap((job) => job.labels)));
const model = choice(
  "model",
  distinct(page.jobs.flatMap((job) => [job.model, ...job.takes.map((take) => take.model)])),
);
const state = choice(
  "state",
  Object.keys(STATES).filter((one) => page.jobs.some((job) => job.state === one)),
  STATES,
);

const rating = choice("rating", page.is_live || page.jobs.some(isRated) ? Object.keys(RATED) : [], NAMES);

/** Return the bar with all filters. */
export function filters() {
  return el(
    "form",
    { class: "filters", role: "search", onsubmit: (event) => event.preventDefault() },
    search,
    label,
    model,
    state,
    rating,
    found,
  );
}

/** Show every job again. */
export function clear() {
  for (const field of [search, label, model, state, rating]) if (field) field.value = "";
  apply();
}

/** Apply what the filters say. */
export function apply() {
  const words = search.value.toLowerCase().split(/\s+/).filter(Boolean);
  let shown = 0;
  filter((job) => {
    const fits =
      (!label?.value || job.labels.includes(label.value)) &&
      (!model?.value || job.model === model.value || job.takes.some((take) => take.model === model.value)) &&
      (!state?.value || job.state === state.value) &&
      (!rating?.value || job.takes.some((take) => take.rate && RATED[rating.value](take))) &&
      words.every((word) => textOf(job).includes(word));
    shown += fits;
    return fits;
  });
  const all = count(page.jobs.length, "job");
  found.textContent = shown === page.jobs.length ? all : `${shown} of ${all}`;
}

function isRated(job) {
  return job.takes.some((take) => take.ratings.length > 0);
}

function textOf(job) {
  if (!texts.has(job)) {
    const parts = [job.id, job.model, job.output ?? "", ...job.labels, ...job.texts.map((text) => value(text.value))];
    texts.set(job, parts.join("\n").toLowerCase());
  }
  return texts.get(job);
}

function choice(name, values, words = {}) {
  if (values.length < 2 && name !== "label") return null;
  if (values.length === 0) return null;
  return el(
    "select",
    { "aria-label": name, onchange: apply },
    el("option", { value: "" }, `any ${name}`),
    values.map((one) => el("option", { value: one }, words[one] ?? one)),
  );
}
