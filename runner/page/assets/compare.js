// Takes side by side, in step: one is heard, switching keeps the position. Blind, names are hidden until a choice is made.

import { deck, attenuations, load, onDeck } from "./deck.js";
import { page } from "./data.js";
import { button, el, refill } from "./dom.js";
import { recall, remember } from "./memory.js";
import { say } from "./say.js";
import { steps } from "./store.js";
import { measures, stepButton } from "./take.js";
import { addChoice, clearTally, tally } from "./tally.js";
import { point, wave } from "./wave.js";
import { clock, level, takeName } from "./words.js";

export const dialog = el("dialog", { class: "comparison", "aria-label": "comparison" });
let view = null;

/** Open the comparison of some takes. */
export function openComparison(takes, title) {
  if (takes.length < 2) {
    say("choose two takes or more to compare (c)");
    return;
  }
  view = { title, takes, blind: recall("blind", false), chosen: null };
  arrange();
  dialog.showModal();
}

dialog.addEventListener("close", () => {
  deck()?.pause();
  view = null;
});
onDeck((playing) => view?.columns && keepUp(playing));

/** Do what a key says; return whether it was meant for the comparison. */
export function comparisonKey(key) {
  if (!view) return false;
  if (/^[1-9]$/.test(key) && view.takes[key - 1]) hear(key - 1);
  else if (key === "l") match();
  else if (key === "b") toggleBlind();
  else if (key === "x") choose(deck().index);
  else if (key === "Tab") return false;
  else if (key === "n") hear((deck().index + 1) % view.takes.length);
  else return false;
  return true;
}

/** Load the takes: in the order given, or blind in an order by chance. */
function arrange() {
  view.chosen = null;
  if (view.blind) view.takes = shuffled(view.takes);
  load(view.takes, { matched: recall("matched", true) });
  draw();
}

function draw() {
  const focused = dialog.contains(document.activeElement) ? document.activeElement.textContent : "";
  const hidden = view.blind && view.chosen === null;
  view.columns = view.takes.map((take, index) => column(take, index, hidden));
  view.clock = el("span", { class: "clock" });
  view.place = el("input", {
    type: "range",
    min: 0,
    max: Math.max(...view.takes.map((take) => take.seconds)).toFixed(2),
    step: "any",
    "aria-label": "position",
    oninput: (event) => deck().seek(Number(event.target.value)),
  });
  view.play = button("▶", "play or pause (space)", () => deck().toggle(), { class: "play", autofocus: true });
  refill(
    dialog,
    el(
      "header",
      {},
      el("h2", {}, hidden ? "Which one?" : `Compare ${view.title}`),
      toggleButton("same loudness", "l", deck().matched, match),
      toggleButton("blind", "b", view.blind, toggleBlind),
      button("close", "close (Escape)", () => dialog.close()),
    ),
    el("div", { class: "transport" }, view.play, view.place, view.clock),
    el(
      "div",
      { class: "columns" },
      view.columns.map((one) => one.element),
    ),
    ...tallyPart(hidden),
  );
  keepUp(deck());
  const again = [...dialog.querySelectorAll("button")].find((one) => one.textContent === focused);
  if (dialog.open) (again ?? view.play).focus();
}

function column(take, index, hidden) {
  const name = hidden ? String.fromCharCode(65 + index) : `${take.job.id}, ${takeName(take)}`;
  const down = attenuations(view.takes)[index];
  const picture = hidden ? null : wave(take, (at) => hear(index, at));
  const element = el(
    "section",
    { class: "column", "aria-label": name },
    button(`${index + 1}  ${hidden ? name : heading(take)}`, `hear ${name} (${index + 1})`, () => hear(index), {
      class: "hear",
    }),
    !hidden &&
      el(
        "p",
        { class: "line" },
        [takeName(take), take.job.id, take.model].filter((word) => word !== heading(take)).join(" · "),
      ),
    picture,
    !hidden && measures(take, [["turned down", deck().matched ? level(down, "dB") : "–"]]),
    hidden && button(`choose ${name}`, `choose ${name}`, () => choose(index), { class: "choose" }),
    view.chosen === take && el("p", { class: "badge picked" }, "your choice"),
    !hidden && el("p", { class: "acts" }, steps(take).map(stepButton)),
  );
  return { element, picture, take };
}

function heading(take) {
  return view.takes.every((one) => one.job === take.job) ? takeName(take) : take.job.id;
}

function hear(index, at) {
  deck().show(index, at);
  deck().play();
}

function choose(index) {
  if (!view.blind || view.chosen) return;
  view.chosen = view.takes[index];
  addChoice(view.takes, view.chosen);
  const { index: now, at, playing } = deck();
  draw();
  if (playing) hear(now, at);
  say(`you chose ${view.chosen.job.id}, ${takeName(view.chosen)}, ${view.chosen.model}`);
}

function match() {
  deck().match(!deck().matched);
  remember("matched", deck().matched);
  draw();
}

function toggleBlind() {
  view.blind = !view.blind;
  remember("blind", view.blind);
  arrange();
}

function tallyPart(hidden) {
  if (hidden || !view.blind) return [];
  const rows = tally(page.title);
  return [
    view.chosen && button("next round", "hide the names and shuffle again", arrange, { class: "choose" }),
    rows.length > 0 &&
      el(
        "table",
        { class: "tally" },
        el("caption", {}, "chosen blind"),
        el(
          "thead",
          {},
          el(
            "tr",
            {},
            ["name", "chosen", "heard"].map((word) => el("th", { scope: "col" }, word)),
          ),
        ),
        el(
          "tbody",
          {},
          rows.map(({ name, wins, rounds }) =>
            el("tr", {}, el("th", { scope: "row" }, name), el("td", {}, String(wins)), el("td", {}, String(rounds))),
          ),
        ),
      ),
    rows.length > 0 && button("forget the tally", "forget the tally", () => (clearTally(), draw())),
  ];
}

function keepUp(playing) {
  if (!playing || playing.takes !== view.takes) return;
  view.play.textContent = playing.playing ? "❚❚" : "▶";
  view.clock.textContent = playing.problem || `${clock(playing.at)} / ${clock(playing.seconds)}`;
  view.place.value = playing.at;
  view.columns.forEach(({ element, picture, take }, index) => {
    element.classList.toggle("current", index === playing.index);
    if (picture?.classList.contains("wave")) point(picture, Math.min(playing.at, take.seconds), take.seconds);
  });
}

function toggleButton(text, key, pressed, act) {
  return button(text, `${text} (${key})`, act, { class: "toggle", "aria-pressed": String(pressed) });
}

function shuffled(takes) {
  const order = takes.map((take) => ({ take, at: crypto.getRandomValues(new Uint32Array(1))[0] }));
  return order.sort((a, b) => a.at - b.at).map(({ take }) => take);
}
