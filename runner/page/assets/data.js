// The document that the page shows, read once; every job and take has the fields of runner/page/data.py.

export const page = JSON.parse(document.getElementById("data").textContent);

for (const name of ["jobs", "notices", "commands", "by_model", "by_label"]) page[name] ??= [];
const written = new Map(page.jobs.map((job) => [job, JSON.stringify(job)]));
for (const job of page.jobs) complete(job);
const cues = Map.groupBy ? Map.groupBy(page.jobs, (job) => job.cue) : grouped(page.jobs);

/** Return the jobs that are the same piece by different models; none when there is one model. */
export function sameCue(job) {
  const found = cues.get(job.cue) ?? [];
  return new Set(found.map((one) => one.model)).size > 1 ? found : [];
}

/** Return the take that stands for a job: what is at its output, unless another one was picked; else the first. */
export function chosen(job) {
  const heard = job.takes.filter((take) => take.url && !take.is_earlier);
  const other = heard.find((take) => take.is_picked && !take.is_placed);
  return other ?? heard.find(isOutput) ?? heard.find((take) => take.is_placed) ?? heard[0];
}

/** Say whether a take is the file at the output, not only what that was mastered from. */
export function isOutput(take) {
  return take.is_placed && (take.is_mastered || !take.job.takes.some((one) => one.is_mastered));
}

/** Return the ratings of a take by the person at a live page; two where two branches differed. */
export function own(take) {
  return take.ratings.filter((word) => word.by === page.you);
}

/** Return what a take looks like; undefined where its audio is not here. */
export function pictureOf(take) {
  return page.pictures?.[take.sha256];
}

/** Return every value of a list once, sorted. */
export function distinct(values) {
  return [...new Set(values)].sort((a, b) => a.localeCompare(b, "en"));
}

/** Take over newer data; return the jobs that changed, or null when there are others than before. */
export function renew(newer) {
  const jobs = newer.jobs ?? [];
  page.notices = newer.notices ?? [];
  if (jobs.map((job) => job.id).join("\n") !== page.jobs.map((job) => job.id).join("\n")) return null;
  page.pictures = { ...page.pictures, ...newer.pictures };
  Object.assign(page, { all: newer.all, by_model: newer.by_model ?? [], by_label: newer.by_label ?? [] });
  return page.jobs.filter((job, index) => renewJob(job, jobs[index]));
}

function renewJob(job, newer) {
  const text = JSON.stringify(newer);
  if (text === written.get(job)) return false;
  written.set(job, text);
  const known = [...job.takes];
  for (const name of Object.keys(job)) delete job[name];
  complete(Object.assign(job, newer));
  // What plays is a take that is known: it stays the same object.
  job.takes = job.takes.map((take) => {
    const same = known.find((one) => one.sha256 === take.sha256 && one.attempt === take.attempt);
    if (!same) return take;
    for (const name of Object.keys(same)) delete same[name];
    return Object.assign(same, take);
  });
  return true;
}

function complete(job) {
  for (const name of ["picked", "labels", "expected", "texts", "params", "notes", "unfinished", "takes", "commands"])
    job[name] ??= [];
  job.takes.forEach((take) => completeTake(job, take));
  if (job.before) {
    job.before.takes.forEach((take) => completeTake(job, Object.assign(take, { is_before: true })));
    job.before.changes ??= [];
  }
}

function completeTake(job, take) {
  Object.assign(take, {
    job,
    commands: take.commands ?? [],
    approvals: take.approvals ?? [],
    ratings: take.ratings ?? [],
    failed: take.failed ?? [],
  });
}

function grouped(jobs) {
  const found = new Map();
  for (const job of jobs) found.set(job.cue, [...(found.get(job.cue) ?? []), job]);
  return found;
}
