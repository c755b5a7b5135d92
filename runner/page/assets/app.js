// The page: its head, the filters, the cards, the player, and the sheets over them.

import { compared, onTray } from "./tray.js";
import { dialog, openComparison } from "./compare.js";
import { page, renew } from "./data.js";
import { button, el, refill } from "./dom.js";
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

const notices = el("section", { "aria-label": "notices", role: "status" });

/** Show what has to be known of the whole page. */
function notify(texts) {
  notices.hidden = texts.length === 0;
  refill(
    notices,
    texts.map((text) => el("p", { class: "notice" }, text)),
  );
}

notify(page.notices);
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
  notices,
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
listen(
  (newer) => {
    const changed = renew(newer);
    notify(page.notices);
    if (changed === null) leave();
    else redraw(changed);
  },
  (problem) => notify([...page.notices, `this page shows what there was before: ${problem}`]),
);
addEventListener("beforeunload", (event) => (isSaving() || isWriting()) && event.preventDefault());
document.documentElement.dataset.ready = "yes";
