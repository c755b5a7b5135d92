// One line for what just happened, read aloud by screen readers.

import { el } from "./dom.js";

export const live = el("div", { class: "live", role: "status", "aria-live": "polite" });
let timer = 0;

/** Tell something: it is shown for a while. */
export function say(text) {
  live.textContent = text;
  live.classList.add("shown");
  clearTimeout(timer);
  timer = setTimeout(() => live.classList.remove("shown"), 4000);
}
