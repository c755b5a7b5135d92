"""What keeps people from using a page: found by axe-core, and what that leaves open."""

from __future__ import annotations

from importlib.resources import files
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from playwright.sync_api import Page

AXE = (files("axe_playwright_python") / "axe.min.js").read_text(encoding="utf-8")
RUN = """async () => {
  const rules = { "label-content-name-mismatch": { enabled: true } };
  const found = await axe.run(document, { rules, resultTypes: ["violations"] });
  return found.violations.flatMap(({ id, nodes }) => nodes.map((node) => `${id}: ${node.html.slice(0, 100)}`));
}"""
"""Run every rule that axe-core has switched on, the best practices among them, and one more."""

CONTRAST = """() => {
  const parsed = (text) => (text.match(/[\\d.]+/g) ?? []).map(Number);
  const light = ([r, g, b]) => [r, g, b]
    .map((v) => v / 255).map((v) => (v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4))
    .reduce((sum, v, i) => sum + v * [0.2126, 0.7152, 0.0722][i], 0);
  const behind = (element) => {
    for (let e = element; e; e = e.parentElement) {
      const color = parsed(getComputedStyle(e).backgroundColor);
      if (color.length === 3 || color[3] === 1) return color;
    }
    return [255, 255, 255];
  };
  const ratio = (one, other) => {
    const [a, b] = [light(one), light(other)];
    return (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
  };
  window.contrastOfFocus = (element) => ratio(parsed(getComputedStyle(element).outlineColor), behind(element.parentElement));
  const poor = [];
  for (const element of document.querySelectorAll("body *")) {
    const own = [...element.childNodes].some((node) => node.nodeType === 3 && node.data.trim());
    if (!own || !element.checkVisibility({ opacityProperty: true }) || element.matches(":disabled, script, noscript")) continue;
    const found = ratio(parsed(getComputedStyle(element).color), behind(element));
    if (found < 4.5) poor.push(`${element.tagName} ${element.className} ${element.textContent.slice(0, 30)}: ${found.toFixed(2)}`);
  }
  return poor;
}"""
"""Text whose contrast is below 4.5, as WCAG AA has it: also of signs, and behind a sheet, where axe-core cannot tell."""

UNTOLD = """() => [...document.querySelectorAll("[role=slider]")].filter((e) =>
  ["aria-valuemin", "aria-valuemax", "aria-valuenow", "aria-valuetext", "tabindex"].some((name) => !e.hasAttribute(name)))
  .map((e) => `slider without a value that can be said: ${e.outerHTML.slice(0, 80)}`)"""

FOCUS = """() => {
  const e = document.activeElement, style = getComputedStyle(e), box = e.getBoundingClientRect();
  const name = e.getAttribute("aria-label") ?? e.textContent.trim();
  const seen = style.outlineStyle === "solid" && parseFloat(style.outlineWidth) >= 2 && contrastOfFocus(e) >= 3;
  const top = document.elementFromPoint(box.x + box.width / 2, box.y + box.height / 2);
  const shown = top !== null && (e.contains(top) || top.contains(e) && top.matches("label, summary, .acts"));
  return [e === document.body ? "" : `${e.tagName} ${name}`, seen && shown];
}"""


def barriers(page: Page) -> list[str]:
    """Return what keeps people from using a page as it is now."""
    if not page.evaluate("'axe' in window"):
        page.evaluate(AXE)
    found: list[Any] = [*page.evaluate(RUN), *page.evaluate(CONTRAST), *page.evaluate(UNTOLD)]
    return list(map(str, found))


def unseen_focus(page: Page, steps: int) -> tuple[set[str], list[str]]:
    """Press Tab, and return what had the focus, and where that was not seen."""
    page.evaluate(CONTRAST)
    reached: set[str] = set()
    unseen: list[str] = []
    for _ in range(steps):
        page.keyboard.press("Tab")
        name, is_seen = page.evaluate(FOCUS)
        reached.add(name)
        if name and not is_seen:
            unseen.append(name)
    return reached, unseen
