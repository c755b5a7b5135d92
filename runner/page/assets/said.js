// What people say of a take: stars, and notes that a person writes in its row.

import { own, page } from "./data.js";
import { button, el } from "./dom.js";
import { copy, mine, quoted, save, steps } from "./store.js";
import { count, takeName } from "./words.js";

const MOST_STARS = 5;
const MOST_LETTERS = 2000;
const step = { class: "step" };
/** Take → its form, which stays the same element when the row is drawn again: what is typed in it stays, too. */
const forms = new Map();

/** Return whether a person has begun a note that is not saved yet. */
export function isWriting() {
  return [...forms.values()].some(({ area, saved }) => area.value !== saved);
}

/** Return the stars of a take, to be given: five radio buttons, of which the tab key knows one. */
export function stars(take) {
  const group = el("div", { class: "stars", role: "radiogroup", "aria-label": `stars for ${called(take)}` });
  const marks = [1, 2, 3, 4, 5].map((number) =>
    button("☆", `${count(number, "star")} for ${called(take)}`, () => give(number === mine(take).stars ? 0 : number), {
      role: "radio",
    }),
  );
  const show = () => {
    const given = page.is_live ? (mine(take).stars ?? 0) : 0;
    marks.forEach((mark, index) => {
      mark.classList.toggle("on", index < given);
      mark.textContent = index < given ? "★" : "☆";
      mark.setAttribute("aria-checked", String(index + 1 === given));
      mark.tabIndex = index === Math.max(0, given - 1) ? 0 : -1;
    });
  };
  const give = async (number) => {
    if (!page.is_live) return copy(`${take.rate} --stars ${number}`);
    const saved = save("rate", take, { stars: number || null, note: mine(take).note ?? "" });
    show();
    await saved;
    show();
  };
  group.addEventListener("keydown", (event) => {
    const at = marks.indexOf(event.target);
    const by = { ArrowRight: 1, ArrowUp: 1, ArrowLeft: -1, ArrowDown: -1 }[event.key];
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (by) marks[(at + by + MOST_STARS) % MOST_STARS].focus();
    else if (/^[0-5]$/.test(event.key)) give(Number(event.key));
    else return;
    event.preventDefault();
  });
  group.append(...marks);
  show();
  return group;
}

/** Say whether a key is for the stars that have the focus. */
export function isForStars(target, key) {
  return Boolean(target.closest(".stars")) && /^([0-5]|Arrow\w+)$/.test(key);
}

/** Return what people said of a take, a line each; null where nobody said anything. */
export function said(take) {
  const isShown = page.is_live && own(take).length === 1;
  const ratings = take.ratings.filter((word) => word.note || !(isShown && word.by === page.you));
  const lines = [
    ...ratings.map((word) => lineOf(word, word.stars && given(word.stars))),
    ...take.approvals.filter((word) => word.note).map((word) => lineOf(word, "approved it")),
  ];
  return lines.length > 0 && el("ul", { class: "said", "aria-label": `what people say of ${called(take)}` }, lines);
}

/** Return the button that opens the form for a note. */
export function noteButton(take) {
  return button("note", `write a note on ${called(take)} (n)`, () => openNote(take), step);
}

/** Return the form of a take that is open; undefined where none is. */
export function openForm(take) {
  return forms.get(take)?.form;
}

/** Return the forms of takes of a job that have no row any more: what is typed in one can still be read. */
export function leftForms(job) {
  return [...forms].filter(([take, { form }]) => take.job === job && !form.isConnected).map(([, { form }]) => form);
}

/** Open the form for a note in the row of a take, or go to it. */
export function openNote(take) {
  if (!take.rate) return;
  if (!forms.has(take)) {
    forms.set(take, newForm(take));
    document.querySelectorAll(".take").forEach((row) => row.take === take && row.append(openForm(take)));
  }
  forms.get(take).area.focus();
}

function newForm(take) {
  const told = el("p", { class: "failed", role: "alert" });
  const area = el("textarea", { rows: 2, maxlength: MOST_LETTERS, "aria-label": `note on ${called(take)}` });
  const saved = page.is_live ? (mine(take).note ?? "") : "";
  area.value = saved;
  const close = () => {
    const row = form.closest(".take");
    forms.delete(take);
    form.remove();
    row?.querySelector(".play:enabled, .wave")?.focus();
  };
  const send = async (what, alone) => {
    const note = area.value.replaceAll("\t", " ").trim();
    if (!page.is_live) return copy(`${alone} --note ${quoted(note)}`);
    told.textContent = "";
    const body = what === "rate" ? { stars: mine(take).stars ?? null, note } : { note };
    const answer = await save(what, take, body);
    if (answer.saved && area.value.replaceAll("\t", " ").trim() === note) close();
    else told.textContent = answer.message;
  };
  const approval = steps(take).find((one) => one.line.startsWith("scorefile approve "));
  const form = el(
    "form",
    {
      class: "note-form",
      onsubmit: (event) => {
        event.preventDefault();
        send("rate", take.rate);
      },
    },
    area,
    el(
      "div",
      { class: "acts" },
      el("button", { type: "submit", class: "step" }, page.is_live ? "save the note" : "copy the command"),
      approval &&
        button("approve with it", "approve this take with this note", () => send("approve", approval.line), step),
      button("discard", "close this without saving", close, step),
    ),
    told,
  );
  form.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) form.requestSubmit();
    if (event.key === "Escape" && area.value === saved) close();
  });
  return { form, area, saved };
}

function lineOf(word, does) {
  return el(
    "li",
    { title: word.at.replace("T", " ").replace("Z", " UTC") },
    el("b", {}, word.by),
    does && " ",
    does,
    word.note && el("span", { class: "words" }, word.note),
  );
}

function given(number) {
  const shown = "★".repeat(number) + "☆".repeat(MOST_STARS - number);
  return el("span", { class: "given", role: "img", "aria-label": `${number} of ${MOST_STARS} stars` }, shown);
}

function called(take) {
  return `${takeName(take)} of ${take.job.id}`;
}
