// The only module that knows whether a server is there. In a file there is none: each step is a command to copy.

/** Return what can be done about a job or a take: the words on a button, the command line. */
export function steps(thing) {
  return thing.commands.map((command) => ({ does: command.does, line: command.line }));
}

/** Copy a command line; return whether the browser allowed it. */
export async function copy(line) {
  try {
    await navigator.clipboard.writeText(line);
    return true;
  } catch {
    return copyBySelection(line);
  }
}

function copyBySelection(line) {
  const area = document.createElement("textarea");
  area.value = line;
  area.className = "unseen";
  document.body.append(area);
  area.select();
  const done = document.execCommand("copy");
  area.remove();
  return done;
}
