// The sums: all, by model, by label.

import { page } from "./data.js";
import { button, el } from "./dom.js";
import { stepButton } from "./take.js";
import { steps } from "./store.js";
import { count, length, sum } from "./words.js";

export const totals = el("dialog", { class: "sheet", "aria-label": "totals" });

/** Open the sums. */
export function openTotals() {
  if (!totals.childElementCount) {
    totals.append(
      el(
        "header",
        {},
        el("h2", {}, "Totals"),
        button("close", "close (Escape)", () => totals.close()),
      ),
      table("model", page.by_model),
      ...(page.by_label.length ? [table("label", page.by_label)] : []),
      el("p", {}, "A price is of a submission with all its takes. An unknown price is not part of a sum."),
      el("p", { class: "acts" }, steps(page).map(stepButton)),
    );
  }
  totals.showModal();
}

/** Return all in one line. */
export function summary() {
  const all = page.all;
  return [count(page.jobs.length, "job"), count(all.takes, "take"), `${length(all.seconds)} of music`, cost(all)].join(
    " · ",
  );
}

function cost(total) {
  return page.is_rehearsal ? `would cost ${sum(total)}` : sum(total);
}

function table(what, rows) {
  return el(
    "table",
    {},
    el(
      "thead",
      {},
      el(
        "tr",
        {},
        [what, "jobs", "takes", "length", page.is_rehearsal ? "would cost" : "price"].map((word) =>
          el("th", { scope: "col" }, word),
        ),
      ),
    ),
    el(
      "tbody",
      {},
      [...rows, { ...page.all, name: "all" }].map((row) => line(row)),
    ),
  );
}

function line(row) {
  const cells = [String(row.jobs), String(row.takes), length(row.seconds), sum(row)];
  return el(
    "tr",
    {},
    el("th", { scope: "row" }, row.name),
    cells.map((text) => el("td", {}, text)),
  );
}
