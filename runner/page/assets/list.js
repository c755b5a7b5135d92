// The cards, each filled when it comes near the window, so that a thousand jobs cost no more than those in sight.

import { cardBody, cardTitle } from "./card.js";
import { page } from "./data.js";
import { el } from "./dom.js";
import { leftForms } from "./said.js";

const FRAME_MS = 8;
const cards = new Map();
const empty = new Set();
let queued = [];

export const list = el("main", { class: "jobs", "aria-label": "jobs" });

/** Put all cards into the page, empty but for their titles. */
export function showJobs() {
  const watcher = new IntersectionObserver(near, { rootMargin: "1200px 0px" });
  const shells = page.jobs.map((job) => {
    const card = el("article", { class: "card", "aria-label": job.id }, cardTitle(job));
    card.job = job;
    card.style.minHeight = `${height(job)}px`;
    cards.set(job, card);
    empty.add(card);
    watcher.observe(card);
    return card;
  });
  list.append(...shells);
}

/** Show the cards of these jobs and hide the others. */
export function filter(wanted) {
  for (const [job, card] of cards) {
    const hidden = !wanted(job);
    if (card.hidden !== hidden) card.hidden = hidden;
  }
}

/** Draw cards again whose jobs changed; what has the focus keeps it. */
export function redraw(jobs) {
  for (const job of jobs) {
    const card = cards.get(job);
    const had = card.contains(document.activeElement) ? document.activeElement : null;
    const names = [had?.textContent, had?.getAttribute("aria-label")];
    const open = card.querySelector(".details")?.open;
    card.replaceChildren(cardTitle(job));
    if (empty.has(card)) continue;
    card.append(...cardBody(job));
    card.append(...leftForms(job));
    if (open) card.querySelector(".details").open = true;
    const alike = (one) => one.textContent === names[0] && one.getAttribute("aria-label") === names[1];
    if (had?.isConnected) had.focus({ preventScroll: true });
    else if (had) [...card.querySelectorAll("button, input, summary, [tabindex]")].find(alike)?.focus();
  }
}

/** Return the rows of takes around one, so that a key can go from one to the next: `step` is 1 or −1. */
export function neighbour(row, step) {
  const here = row?.closest(".card");
  const rows = here ? [...here.querySelectorAll(".take")] : [];
  const next = rows[rows.indexOf(row) + step];
  if (next && here) return next;
  let card = here ? sibling(here, step) : list.querySelector(".card:not([hidden])");
  while (card) {
    fill(card);
    const inside = [...card.querySelectorAll(".take")];
    if (inside.length) return step > 0 ? inside[0] : inside.at(-1);
    card = sibling(card, step);
  }
  return null;
}

function sibling(card, step) {
  let next = card;
  do next = step > 0 ? next.nextElementSibling : next.previousElementSibling;
  while (next?.hidden);
  return next;
}

function near(entries, watcher) {
  for (const { isIntersecting, target } of entries) {
    if (!isIntersecting) continue;
    watcher.unobserve(target);
    queued.push(target);
  }
  if (queued.length) requestAnimationFrame(work);
}

/** Fill cards for a part of a frame, and go on in the next one. */
function work() {
  const end = performance.now() + FRAME_MS;
  while (queued.length && performance.now() < end) fill(queued.shift());
  if (queued.length) requestAnimationFrame(work);
}

function fill(card) {
  if (!empty.delete(card)) return;
  card.append(...cardBody(card.job));
  card.style.minHeight = "";
}

function height(job) {
  const rows = job.takes.filter((take) => !take.is_earlier).length + (job.before && !job.before.is_same ? 1 : 0);
  return 92 + Math.max(88, rows * 99);
}
