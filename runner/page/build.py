"""Requests, lock and plan → what the page shows of each job."""

from __future__ import annotations

from dataclasses import field
from decimal import Decimal
from math import log10
from typing import TYPE_CHECKING, assert_never

from runner.frozen import dataclass, replace
from runner.page.commands import job_commands, rate_line, take_commands
from runner.page.data import Before, Change, PageJob, PageTake, PageWord, Total, Value
from runner.plan.expectations import judge
from runner.records.approval import in_force
from runner.records.family import family, takes_of
from runner.records.pipeline import TEXT_PARAMS
from runner.records.plan import Verb
from runner.records.rating import mean_stars
from runner.records.reasons import FreeAudioMissing, PaymentUnknown
from runner.report.deviations import deviation_text
from runner.report.expectations import judged_text
from runner.report.numbers import Sum
from runner.report.reasons import why
from runner.report.render import origin_text

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from runner.page.data import JobState
    from runner.records.expectations import Judged
    from runner.records.family import NumberedTake
    from runner.records.lock import Entry, Lock, Take
    from runner.records.plan import Action
    from runner.records.request import Request
    from runner.records.source import Json
    from runner.records.status import JobStatus


@dataclass(frozen=True, slots=True, kw_only=True)
class Heard:
    """Where the audio of a take is, seen from the page; without a `url`, `problem` says why there is none."""

    url: str | None = None
    problem: str | None = None
    sample_peak: float | None = None
    """The largest sample, 1.0 at full scale."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """What is known of a project. Jobs are those of `statuses`, in its order."""

    statuses: tuple[JobStatus, ...]
    lock: Lock
    requests: Mapping[str, Request] = field(default_factory=dict)
    actions: Mapping[str, Action] = field(default_factory=dict)
    heard: Mapping[str, Heard] = field(default_factory=dict)
    before: Lock | None = None
    """The lock of another commit."""
    file: str | None = None
    """The pipeline as typed."""
    is_rehearsal: bool = False

    def with_heard(self, heard: Mapping[str, Heard], before: Lock | None) -> Known:
        """Return this with what was found of the audio, and with the lock of another commit."""
        return replace(self, heard=heard, before=before)


def shown_takes(lock: Lock, job: str) -> Iterator[tuple[NumberedTake, bool]]:
    """Yield each take of a job, numbered as `pick` counts, and whether it is of an earlier version of the request."""
    current = takes_of(lock, job)
    yield from ((item, False) for item in current)
    bases = {item.entry.base for item in current}
    for base in dict.fromkeys(entry.base for entry in lock.jobs.get(job, ()) if entry.takes):
        if base not in bases:
            yield from ((item, True) for item in family(lock.jobs[job], base))


def output_take(lock: Lock, job: str) -> NumberedTake | None:
    """Return the take that is at the output of a job; the first one where none is."""
    items = takes_of(lock, job)
    return next((item for item in items if item.take is item.entry.placed), items[0] if items else None)


def heard_at(item: NumberedTake) -> Take:
    """Return what is heard where a take was placed: what it was finished as, or the take itself."""
    heard = item.entry.heard if item.take is item.entry.placed else None
    return heard or item.take


def page_jobs(known: Known) -> tuple[PageJob, ...]:
    """Return every job, in the order of the file; those that only the lock knows last."""
    order = {job: number for number, job in enumerate(known.requests)}
    rows = sorted(known.statuses, key=lambda row: order.get(row.job, len(order)))
    return tuple(_job(known, row) for row in rows)


def _job(known: Known, row: JobStatus) -> PageJob:
    request, action = known.requests.get(row.job), known.actions.get(row.job)
    state = _state(row, request, action)
    params = dict(request.params) if request else dict(row.entry.request) if row.entry else {}
    cost = action.cost.low if action and action.verb.makes else None
    return PageJob(
        id=row.job,
        group=row.job.partition("@")[0],
        cue=_cue(row.job, params),
        model=request.model.id if request else row.model,
        state=state,
        why=why(action.reason) if action else "the pipeline does not declare it" if request is None else "",
        labels=request.labels if request else (),
        texts=tuple(_values(request, {name: params[name] for name in TEXT_PARAMS if name in params})),
        params=tuple(_values(request, {name: params[name] for name in sorted(params) if name not in TEXT_PARAMS})),
        seed=request.seed_mode if request else "",
        asked_s=request.model.asked_seconds(request.params) if request else None,
        next_usd=None if cost is None else str(cost),
        has_next_cost=action is not None and action.verb.makes,
        output=row.path or (request.output if request else None),
        output_state=row.output,
        notes=tuple(map(deviation_text, row.deviations)),
        unfinished=tuple(f"{item.phase} since {item.submitted_at or item.planned_at}" for item in row.unfinished),
        expected=tuple(f"{limit.measure.replace('_', ' ')} {limit.text}" for limit in request.expect.limits)
        if request
        else (),
        takes=tuple(_takes(known, row)),
        before=_before(known, row.job, params),
        picked=tuple(sorted(filter(None, known.lock.chosen(row.job)))),
        commands=job_commands(row.job, state, file=known.file, is_rehearsal=known.is_rehearsal),
    )


def _state(row: JobStatus, request: Request | None, action: Action | None) -> JobState:
    if request is None:
        return "unfinished" if row.unfinished else "not-declared"
    if action is None:
        return "up-to-date" if row.entry is not None and row.entry.takes else "to-make"
    match action.verb:
        case Verb.REUSE:
            return "up-to-date"
        case Verb.GENERATE:
            return "to-make"
        case Verb.REGENERATE:
            return "to-restore" if isinstance(action.reason, FreeAudioMissing) else "changed"
        case Verb.RESUME:
            return "unfinished"
        case Verb.RESTORE | Verb.MASTER:
            return "to-restore"
        case Verb.BLOCKED:
            return "unknown" if isinstance(action.reason, PaymentUnknown) else "blocked"
    assert_never(action.verb)


def _cue(job: str, params: Mapping[str, Json]) -> str:
    """Return what jobs have in common that are the same piece by different models: their prompt, or else their name."""
    prompt = params.get("prompt")
    return prompt if isinstance(prompt, str) and prompt else job


def _values(request: Request | None, params: Mapping[str, Json]) -> Iterator[Value]:
    origins = request.origins if request else {}
    for name, value in params.items():
        yield Value(name=name, value=value, origin=origin_text(origins[name]) if name in origins else "")


def _take(known: Known, job: str, item: NumberedTake, *, is_earlier: bool) -> PageTake:
    entry, take = item.entry, item.take
    heard = known.heard.get(take.sha256, Heard())
    measured, receipt, ratings = take.measured, entry.receipt, known.lock.rated(job, take.sha256)
    return PageTake(
        sha256=take.sha256,
        number=item.number,
        roll=entry.roll,
        model=entry.model,
        seconds=take.seconds,
        rate_hz=take.rate_hz,
        channels=take.channels,
        media_type=take.media_type,
        bytes=take.bytes,
        attempt=entry.attempt,
        url=heard.url,
        problem=heard.problem,
        seed=take.seed if take.seed is not None else _seed(entry),
        codec=measured.codec,
        lufs=measured.lufs,
        lra_lu=measured.lra_lu,
        true_peak_dbtp=measured.true_peak_dbtp,
        sample_peak_db=_decibels(heard.sample_peak),
        head_silence_s=measured.head_silence_s,
        tail_silence_s=measured.tail_silence_s,
        clipped_samples=measured.clipped_samples,
        price_usd=receipt.price_usd if receipt else None,
        is_free=receipt is None,
        submitted_at=receipt.submitted_at if receipt else None,
        is_placed=not is_earlier and take is entry.placed,
        is_picked=take.sha256 in known.lock.chosen(job),
        is_earlier=is_earlier,
        approvals=tuple(
            PageWord(by=word.by, at=word.at, note=word.note)
            for word in in_force(known.lock.approvals.get(job, ()))
            if word.sha256 == take.sha256
        ),
        ratings=tuple(
            PageWord(by=word.by, at=word.at, note=word.note, stars=word.stars, name=word.name) for word in ratings
        ),
        stars=mean_stars(ratings),
        failed=() if is_earlier else tuple(map(judged_text, _judged(known.requests.get(job), item))),
        commands=()
        if is_earlier
        else take_commands(
            job,
            item.number,
            is_picked=take.sha256 in known.lock.chosen(job),
            file=known.file,
            is_rehearsal=known.is_rehearsal,
        ),
        rate="" if is_earlier else rate_line(job, item.number, file=known.file, is_rehearsal=known.is_rehearsal),
    )


def _takes(known: Known, row: JobStatus) -> Iterator[PageTake]:
    """Yield the takes of a job; behind the one at its output the mastered file that is there, where it is one."""
    for item, is_earlier in shown_takes(known.lock, row.job):
        take = _take(known, row.job, item, is_earlier=is_earlier)
        yield take
        if take.is_placed:
            yield from _mastered(known, row.job, item, is_earlier=False)


def _mastered(known: Known, job: str, item: NumberedTake, *, is_earlier: bool) -> Iterator[PageTake]:
    """Yield the file that a take was finished as, where it was; judged and chosen is the take."""
    heard = heard_at(item)
    if heard is not item.take:
        found = _take(known, job, replace(item, take=heard), is_earlier=is_earlier)
        yield replace(
            found, is_mastered=True, is_placed=not is_earlier, is_picked=False, failed=(), commands=(), rate=""
        )


def _seed(entry: Entry) -> int | None:
    seed = entry.request.get(entry.seed_param) if entry.seed_param else None
    return seed if isinstance(seed, int) else None


def _decibels(peak: float | None) -> float | None:
    """Return a share of full scale in dB; None for silence."""
    return round(20 * log10(peak), 1) if peak else None


def _judged(request: Request | None, item: NumberedTake) -> tuple[Judged, ...]:
    """Return what a take does not meet of what is expected today."""
    return () if request is None else judge(request.expect, item.take, request.model, item.entry.request)


def _before(known: Known, job: str, params: Mapping[str, Json]) -> Before | None:
    """Return a job as it was in the other commit: the take that was its output there, and its file; None when it had none."""
    was = output_take(known.before, job) if known.before else None
    if was is None:
        return None
    now, request = output_take(known.lock, job), known.requests.get(job)
    model = request.model.id if request else now.entry.model if now else was.entry.model
    old = {"model": was.entry.model, **was.entry.request}
    new = {"model": model, **params}
    names = ["model", *sorted({*was.entry.request, *params})]
    take, mastered = _take(known, job, was, is_earlier=True), tuple(_mastered(known, job, was, is_earlier=True))
    is_unheard = take.url is None and any(one.url for one in mastered)  # git has the file at the output alone
    return Before(
        takes=mastered if is_unheard else (take, *mastered),
        changes=tuple(
            Change(name=name, old=old.get(name), new=new.get(name)) for name in names if old.get(name) != new.get(name)
        ),
        is_same=now is not None and heard_at(now).sha256 == heard_at(was).sha256,
    )


def total(name: str, jobs: Iterable[PageJob]) -> Total:
    """Add jobs up. A price is of a submission, whatever number of takes it made."""
    found = list(jobs)
    takes = [take for job in found for take in job.takes if not take.is_mastered]
    paid = {(take.attempt, take.model): take for take in takes if not take.is_free}
    price = Sum.of(None if take.price_usd is None else Decimal(take.price_usd) for take in paid.values())
    return Total(
        name=name,
        jobs=len(found),
        takes=len(takes),
        seconds=round(sum(take.seconds for take in takes), 3),
        known_usd=str(price.known),
        unknown_prices=price.unknown,
    )


def totals_by_model(jobs: Iterable[PageJob]) -> tuple[Total, ...]:
    """Return a total of each model, sorted; a job is counted with the model of its file."""
    names: dict[str, list[PageJob]] = {}
    for job in jobs:
        names.setdefault(job.model, []).append(job)
    return tuple(total(name, names[name]) for name in sorted(names))


def totals_by_label(jobs: Iterable[PageJob]) -> tuple[Total, ...]:
    """Return a total of each label, sorted; a job with two labels is counted with both."""
    names: dict[str, list[PageJob]] = {}
    for job in jobs:
        for label in job.labels:
            names.setdefault(label, []).append(job)
    return tuple(total(name, names[name]) for name in sorted(names))
