// The bar at the bottom: what plays, where, and how loud.

import { deck, onDeck } from "./deck.js";
import { button, el } from "./dom.js";
import { recall, remember } from "./memory.js";
import { follow } from "./take.js";
import { clock, takeName } from "./words.js";

const play = button("▶", "play or pause (space)", () => deck()?.toggle(), { class: "play" });
const title = el("span", { class: "playing" });
const time = el("span", { class: "clock" });
const place = el("input", {
  type: "range",
  min: 0,
  max: 1,
  step: "any",
  value: 0,
  "aria-label": "position",
  oninput: () => deck()?.seek(Number(place.value)),
});
const matched = button("same loudness", "play the takes of a job equally loud (l)", toggleMatched, {
  class: "toggle",
  "aria-pressed": "false",
});

export const bar = el(
  "footer",
  { class: "player", "aria-label": "player", hidden: true },
  play,
  title,
  place,
  time,
  matched,
);

/** Play takes equally loud, or as they are. */
export function toggleMatched() {
  if (!deck()) return;
  deck().match(!deck().matched);
  remember("matched", deck().matched);
}

onDeck((playing) => {
  follow(playing);
  if (!playing) return;
  bar.hidden = false;
  play.textContent = playing.playing ? "❚❚" : "▶";
  title.textContent = playing.problem
    ? `${playing.take.job.id}: ${playing.problem}`
    : `${playing.take.job.id}, ${takeName(playing.take)}`;
  time.textContent = `${clock(playing.at)} / ${clock(playing.seconds)}`;
  place.max = playing.seconds;
  place.value = playing.at;
  place.setAttribute("aria-valuetext", time.textContent);
  matched.setAttribute("aria-pressed", String(playing.matched));
});

export const wasMatched = recall("matched", true);
