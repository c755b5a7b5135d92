// The document that the page shows, read once; every job and take has the fields of runner/page/data.py.

export const page = JSON.parse(document.getElementById("data").textContent);

for (const name of ["jobs", "notices", "commands", "by_model", "by_label"]) page[name] ??= [];
for (const job of page.jobs) complete(job);
const cues = Map.groupBy ? Map.groupBy(page.jobs, (job) => job.cue) : grouped(page.jobs);

/** Return the jobs that are the same piece by different models; none when there is one model. */
export function sameCue(job) {
  const found = cues.get(job.cue) ?? [];
  return new Set(found.map((one) => one.model)).size > 1 ? found : [];
}

/** Return the take that stands for a job: the picked one, the one at its output, or the first. */
export function chosen(job) {
  const heard = job.takes.filter((take) => take.url && !take.is_earlier);
  return heard.find((take) => take.is_picked) ?? heard.find((take) => take.is_placed) ?? heard[0];
}

/** Return what a take looks like; undefined where its audio is not here. */
export function pictureOf(take) {
  return page.pictures?.[take.sha256];
}

/** Return every value of a list once, sorted. */
export function distinct(values) {
  return [...new Set(values)].sort((a, b) => a.localeCompare(b, "en"));
}

function complete(job) {
  for (const name of ["labels", "texts", "params", "notes", "unfinished", "takes", "commands"]) job[name] ??= [];
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
    failed: take.failed ?? [],
  });
}

function grouped(jobs) {
  const found = new Map();
  for (const job of jobs) found.set(job.cue, [...(found.get(job.cue) ?? []), job]);
  return found;
}
