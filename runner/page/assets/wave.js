// The waveform and the spectrogram of a take, on one axis of time; a click goes there.

import { pictureOf } from "./data.js";
import { el, svg } from "./dom.js";
import { clock, takeName } from "./words.js";

const HEIGHT = 64;
const outlines = new Map();

/** Return the picture of a take: a slider in time. `go(seconds)` is called when a place is chosen. */
export function wave(take, go) {
  const picture = pictureOf(take);
  if (!picture) return el("p", { class: "silent" }, take.problem ?? "no picture");
  const cursor = el("div", { class: "cursor" });
  const element = el(
    "div",
    {
      class: "wave",
      role: "slider",
      tabindex: "0",
      "aria-label": `position in ${takeName(take)} of ${take.job.id}`,
      "aria-valuemin": 0,
      "aria-valuemax": take.seconds.toFixed(1),
      "aria-valuenow": 0,
      "aria-valuetext": `0:00 of ${clock(take.seconds)}`,
      onpointerdown: (event) => {
        const box = element.getBoundingClientRect();
        go(((event.clientX - box.left) / box.width) * take.seconds);
      },
      onkeydown: (event) => {
        const now = Number(element.getAttribute("aria-valuenow"));
        const to = { ArrowLeft: now - 5, ArrowRight: now + 5, Home: 0, End: take.seconds - 1 }[event.key];
        if (to === undefined) return;
        event.preventDefault();
        event.stopPropagation();
        go(to);
      },
    },
    svg(
      "svg",
      { viewBox: `0 0 320 ${HEIGHT}`, preserveAspectRatio: "none", "aria-hidden": "true", class: "outline" },
      svg("path", { d: outline(take.sha256, picture.peaks) }),
    ),
    el("img", {
      class: "spectrum",
      src: `data:image/png;base64,${picture.png}`,
      alt: "",
      decoding: "async",
      draggable: "false",
      width: 320,
      height: 48,
    }),
    cursor,
  );
  return element;
}

/** Show a position on the picture of a take. */
export function point(element, at, seconds) {
  element.querySelector(".cursor").style.left = `${Math.min(100, (100 * at) / seconds)}%`;
  const tenth = at.toFixed(1);
  if (element.getAttribute("aria-valuenow") === tenth) return;
  element.setAttribute("aria-valuenow", tenth);
  element.setAttribute("aria-valuetext", `${clock(at)} of ${clock(seconds)}`);
}

/** Return the outline of the peaks as an SVG path: upper edge to the right, lower edge back. */
function outline(sha256, peaks) {
  if (outlines.has(sha256)) return outlines.get(sha256);
  const bytes = atob(peaks);
  const upper = [];
  const lower = [];
  for (let column = 0; column < bytes.length / 2; column += 1) {
    const [low, high] = [signed(bytes, 2 * column), signed(bytes, 2 * column + 1)];
    upper.push(`${column} ${y(Math.max(high, 0.6))}`);
    lower.push(`${column} ${y(Math.min(low, -0.6))}`);
  }
  const path = `M${upper.join("L")}L${lower.reverse().join("L")}Z`;
  outlines.set(sha256, path);
  return path;
}

function signed(bytes, index) {
  const value = bytes.charCodeAt(index);
  return value > 127 ? value - 256 : value;
}

function y(value) {
  return (HEIGHT / 2 - (value / 127) * (HEIGHT / 2 - 1)).toFixed(1);
}
