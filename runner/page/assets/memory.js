// What the page remembers between visits. A browser may refuse that to a file: then it lasts as long as the page.

const here = new Map();

/** Return what was kept under a name, or another value. */
export function recall(name, otherwise) {
  if (here.has(name)) return here.get(name);
  try {
    const text = localStorage.getItem(`scorefile.${name}`);
    return text === null ? otherwise : JSON.parse(text);
  } catch {
    return otherwise;
  }
}

/** Keep a value under a name. */
export function remember(name, value) {
  here.set(name, value);
  try {
    localStorage.setItem(`scorefile.${name}`, JSON.stringify(value));
  } catch {
    // it is in `here`
  }
}
