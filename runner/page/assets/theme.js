// Light or dark: as the system says, or as a person chose.

import { button } from "./dom.js";
import { recall, remember } from "./memory.js";

const NEXT = { auto: "dark", dark: "light", light: "auto" };
let theme = recall("theme", "auto");

/** Return the button that goes from one to the next. */
export function themeButton() {
  const element = button("", "", () => {
    theme = NEXT[theme];
    remember("theme", theme);
    show(element);
  });
  show(element);
  return element;
}

function show(element) {
  document.documentElement.dataset.theme = theme;
  element.textContent = { auto: "◐", dark: "●", light: "○" }[theme];
  element.title = `colors: ${theme}`;
  element.setAttribute("aria-label", `colors: ${theme}`);
}
