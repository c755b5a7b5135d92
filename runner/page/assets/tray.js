// The takes that a person put side by side.

const takes = new Set();
const changed = new Set();

/** Return the takes, in the order in which they were chosen. */
export function compared() {
  return [...takes];
}

export function isCompared(take) {
  return takes.has(take);
}

/** Put a take in, or take it out. */
export function toggleCompared(take) {
  if (!takes.delete(take)) takes.add(take);
  for (const listener of changed) listener(take);
}

/** Call a function with each take that was put in or taken out. */
export function onTray(listener) {
  changed.add(listener);
}
