// Elements made of names, properties and text: nothing is ever parsed as markup.

const SVG = "http://www.w3.org/2000/svg";

/** Return a new element; children that are not elements become text, those that are null or false are left out. */
export function el(name, properties = {}, ...children) {
  return filled(document.createElement(name), properties, children);
}

/** Return a new SVG element. */
export function svg(name, properties = {}, ...children) {
  return filled(document.createElementNS(SVG, name), properties, children);
}

/** Replace what is in an element. */
export function refill(element, ...children) {
  element.replaceChildren(...kept(children));
}

/** Return a button; what it does is its name where its text is a sign, and told beside its text where that is words. */
export function button(text, does, onclick, properties = {}) {
  const label = /[a-z]/i.test(text) ? null : does;
  return el("button", { type: "button", "aria-label": label, title: does, onclick, ...properties }, text);
}

function filled(element, properties, children) {
  for (const [name, value] of Object.entries(properties)) {
    if (value === null || value === undefined || value === false) continue;
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else element.setAttribute(name, value === true ? "" : String(value));
  }
  element.append(...kept(children));
  return element;
}

function kept(children) {
  return children.flat(2).filter((child) => child !== null && child !== undefined && child !== false);
}
