// One take in a row: its button, name, picture, measures, and what can be done with it.

import { isOutput } from "./data.js";
import { deck, load } from "./deck.js";
import { button, el } from "./dom.js";
import { noteButton, openForm, said, stars } from "./said.js";
import { steps } from "./store.js";
import { point, wave } from "./wave.js";
import { isCompared, toggleCompared } from "./tray.js";
import { count, length, level, price, size, takeName } from "./words.js";

const rows = new Map();

/** Return the row of a take. */
export function takeRow(take) {
  const play = button("▶", `play ${takeName(take)} of ${take.job.id}`, () => toggle(take), {
    class: "play",
    disabled: !take.url,
  });
  const row = el(
    "li",
    { class: take.is_earlier ? "take earlier" : "take" },
    play,
    el("div", { class: "called" }, el("b", {}, takeName(take)), badges(take), take.rate && [stars(take), noteButton(take)]),
    wave(take, (at) => playAt(take, at)),
    measures(take),
    el("div", { class: "acts" }, take.url && compareBox(take), steps(take).map(stepButton)),
    take.failed.length > 0 && el("p", { class: "failed" }, take.failed.join("; ")),
    said(take),
    openForm(take),
  );
  rows.set(take, { row, play, picture: row.querySelector(".wave") });
  row.take = take;
  return row;
}

/** Return what was measured of a take, as a list of names and values. */
export function measures(take, more = []) {
  const peak = take.true_peak_dbtp ?? take.sample_peak_db;
  const asked = take.is_mastered ? undefined : take.job.asked_s;
  const off = asked !== undefined && Math.abs(take.seconds - asked) > 0.5;
  const items = [
    ["length", length(take.seconds) + (off ? ` of ${length(asked)}` : ""), off],
    ["loudness", level(take.lufs, "LUFS")],
    ["peak", level(peak, take.true_peak_dbtp === undefined ? "dBFS" : "dBTP"), peak > -0.1],
    ["price", price(take)],
    ["seed", take.seed === undefined ? "–" : String(take.seed)],
    ...more,
  ];
  return el(
    "dl",
    { class: "measures" },
    items.map(([name, text, is_odd]) => el("div", {}, el("dt", {}, name), el("dd", { class: is_odd && "odd" }, text))),
  );
}

/** Return everything else that is known of a take. */
export function facts(take) {
  return [
    ["model", take.model],
    [
      "format",
      `${take.codec ?? take.media_type}, ${take.rate_hz / 1000} kHz, ${take.channels} ch, ${size(take.bytes)}`,
    ],
    take.lra_lu !== undefined && ["loudness range", level(take.lra_lu, "LU")],
    take.head_silence_s !== undefined && [
      "silence",
      `${take.head_silence_s} s before, ${take.tail_silence_s ?? 0} s after`,
    ],
    take.clipped_samples !== undefined && ["clipped samples", String(take.clipped_samples)],
    take.submitted_at !== undefined && ["submitted", take.submitted_at.replace("T", " ").replace("Z", " UTC")],
    ["sha256", take.sha256],
  ].filter(Boolean);
}

/** Play a take, or pause it; the takes of its job are loaded with it, so that switching keeps the position. */
export function toggle(take) {
  if (deck()?.take === take) deck().toggle();
  else playAt(take, deck()?.takes.includes(take) ? deck().at : 0);
}

/** Play a take from a place in seconds. */
export function playAt(take, at) {
  if (!take.url) return;
  const loaded = deck();
  if (loaded?.takes.includes(take)) {
    loaded.show(loaded.takes.indexOf(take), at);
    loaded.play();
    return;
  }
  const together = take.job.takes.filter((one) => one.url);
  const takes = together.includes(take) ? together : [take];
  load(takes, { index: takes.indexOf(take), at, matched: loaded?.matched }).play();
}

/** Show on the rows what plays and where. */
export function follow(playing) {
  for (const [take, { row, play, picture }] of rows) {
    const here = playing?.take === take;
    if (!here && !row.classList.contains("current")) continue;
    row.classList.toggle("current", here);
    const word = here && playing.playing ? "❚❚" : "▶";
    if (play.textContent !== word) {
      play.textContent = word;
      play.setAttribute("aria-pressed", String(word !== "▶"));
    }
    if (picture?.isConnected) point(picture, here ? playing.at : 0, take.seconds);
  }
}

function badges(take) {
  return [
    take.is_picked && ["picked", "a person picked it"],
    isOutput(take) && ["output", "it is at the output"],
    take.approvals.length > 0 && ["approved", take.approvals.map((word) => `${word.by}, ${word.at}`).join("; ")],
    take.stars && ["rated", count(take.ratings.filter((word) => word.stars).length, "rating"), `★ ${take.stars}`],
  ]
    .filter(Boolean)
    .map(([kind, title, word]) => el("span", { class: `badge ${kind}`, title }, word ?? kind));
}

function compareBox(take) {
  const box = el("input", {
    type: "checkbox",
    "aria-label": `compare ${takeName(take)} of ${take.job.id}`,
    onchange: () => toggleCompared(take),
  });
  box.checked = isCompared(take);
  return el("label", { class: "compare-box", title: "put it beside others (c)" }, box, "compare");
}

/** Return the button of a step. */
export function stepButton({ does, line, act }) {
  return button(does, line, act, { class: "step" });
}
