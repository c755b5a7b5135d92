// The page: its head, the filters, the cards, the player, and the sheets over them.

import { compared, onTray } from "./tray.js";
import { dialog, openComparison } from "./compare.js";
import { page, renew } from "./data.js";
import { button, el } from "./dom.js";
import { apply, filters } from "./filters.js";
import { help, listenToKeys } from "./keys.js";
import { list, redraw, showJobs } from "./list.js";
import { bar } from "./player.js";
import { isWriting } from "./said.js";
import { live, say } from "./say.js";
import { AGAIN_MS, isSaving, listen } from "./store.js";
import { themeButton } from "./theme.js";
import { openTotals, summary, totals } from "./totals.js";

const beside = button(
  "compare 0",
  "compare the takes that were chosen (v)",
  () => openComparison(compared(), "what was chosen"),
  { disabled: true },
);
onTray((take) => {
  beside.disabled = compared().length < 2;
  beside.textContent = `compare ${compared().length}`;
  for (const row of list.querySelectorAll(".take")) {
    const box = row.take === take && row.querySelector("input[type=checkbox]");
    if (box) box.checked = compared().includes(take);
  }
});

document.body.append(
  el(
    "header",
    { class: "top" },
    el(
      "div",
      { class: "names" },
      el("h1", {}, page.title),
      page.is_rehearsal && el("span", { class: "state changed" }, "rehearsal: placeholder audio, nothing spent"),
      el("p", { class: "line" }, summary()),
    ),
    el(
      "div",
      { class: "acts" },
      beside,
      button("totals", "totals (g)", openTotals),
      button("keys", "keys (?)", () => help.showModal()),
      themeButton(),
    ),
    filters(),
  ),
  page.notices.length
    ? el(
        "section",
        { "aria-label": "notices" },
        page.notices.map((notice) => el("p", { class: "notice" }, notice)),
      )
    : "",
  list,
  el(
    "section",
    { class: "made", "aria-label": "about this page" },
    [
      page.file,
      page.made_at.replace("T", " ").replace("Z", " UTC"),
      page.made_by,
      page.against && `against ${page.against}`,
      page.you && `saves in the name of ${page.you}`,
    ]
      .filter(Boolean)
      .join(" · "),
  ),
  bar,
  dialog,
  totals,
  help,
  live,
);
let leaving = 0;

/** Load the page again, for there are other jobs; but not before all that a person said is saved. */
function leave() {
  clearTimeout(leaving);
  if (!isSaving() && !isWriting()) return location.reload();
  say("there are other jobs now: this page is loaded again when what you say is saved");
  leaving = setTimeout(leave, AGAIN_MS);
}

showJobs();
apply();
listenToKeys();
listen((newer) => {
  const changed = renew(newer);
  if (changed === null) leave();
  else redraw(changed);
});
addEventListener("beforeunload", (event) => (isSaving() || isWriting()) && event.preventDefault());
document.documentElement.dataset.ready = "yes";
