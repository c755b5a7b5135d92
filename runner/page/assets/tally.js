// Which were chosen blind, how often: by model where models were compared, else by job and take.

import { page } from "./data.js";
import { recall, remember } from "./memory.js";
import { takeName } from "./words.js";

const KEY = `tally.${page.title}`;

/** Count a choice among takes. */
export function addChoice(takes, chosen) {
  const by_model = new Set(takes.map((take) => take.model)).size === takes.length;
  const name = (take) => (by_model ? take.model : `${take.job.id}, ${takeName(take)}`);
  const counts = { ...recall(KEY, {}) };
  for (const take of takes) {
    const { wins = 0, rounds = 0 } = counts[name(take)] ?? {};
    counts[name(take)] = { wins: wins + (take === chosen ? 1 : 0), rounds: rounds + 1 };
  }
  remember(KEY, counts);
}

/** Return the tally, the most chosen first. */
export function tally() {
  const rows = Object.entries(recall(KEY, {})).map(([name, counts]) => ({ name, ...counts }));
  return rows.sort((a, b) => b.wins - a.wins || a.name.localeCompare(b.name, "en"));
}

export function clearTally() {
  remember(KEY, {});
}
