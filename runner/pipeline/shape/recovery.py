"""Take wrong parts out, so that everything else can still be checked, and do not report what only follows from their absence."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from runner.frozen import dataclass
from runner.records.pipeline import BESIDE_PARAMS

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from runner.diagnostics.violation import Violation
    from runner.records.source import DocPath, Json, Problem

PARAMS: Final = frozenset({"params", *BESIDE_PARAMS})
CAUSES: Final[Mapping[str, frozenset[str]]] = {
    "SF207": frozenset({"needs"}),
    "SF213": frozenset({"vars", "matrix"}),
    "SF216": frozenset({"vars", "matrix"}),
    "SF221": frozenset({"env"}),
    "SF403": PARAMS,
    "SF407": PARAMS,
    "SF409": frozenset({"model"}),
    "SF410": PARAMS,
    "SF501": frozenset({"name", "matrix"}),
    "SF502": frozenset({"name", "matrix", "output"}),
}
"""For each code of a problem that can come from an absence: the keys that may be absent."""
EVERYTHING: Final = "defaults"
"""The key whose absence can cause any of these problems."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Unusable:
    """The places to take out, and the keys that are then absent: from what jobs share, and from each job."""

    cuts: frozenset[DocPath]
    shared: frozenset[str]
    jobs: Mapping[str, frozenset[str]]

    def of(self, job: str) -> frozenset[str]:
        """Return the keys that are absent from this job."""
        return self.shared | self.jobs.get(job, frozenset())

    @property
    def is_hopeless(self) -> bool:
        """Tell whether no job can be checked at all."""
        return () in self.cuts or ("jobs",) in self.cuts


def find_unusable(found: Iterable[Violation], lost: Iterable[DocPath], profile: str | None) -> Unusable:
    """Return what to take out of a file: where the findings are, and the values in `lost`, which are not what was written."""
    cuts: set[DocPath] = set()
    shared: set[str] = set()
    jobs: dict[str, set[str]] = {}
    places: list[tuple[DocPath, Violation | None]] = [(path, None) for path in lost]
    places += [(finding.place, finding) for finding in found]
    for place, finding in places:
        path = _in_force(place, profile)
        if path is None:
            continue
        cut = _part(path)
        is_misnamed = finding is not None and finding.sort == "form" and finding.key is not None
        if is_misnamed and path[:1] == ("jobs",) and len(path) == 2:
            jobs.setdefault(str(path[1]), set()).add("name")
            continue
        cuts.add(cut)
        names = _names(cut, finding)
        if cut[:1] == ("jobs",) and len(cut) > 1:
            jobs.setdefault(str(cut[1]), set()).update(names)
        else:
            shared |= names
    return Unusable(
        cuts=frozenset(cuts), shared=frozenset(shared), jobs={job: frozenset(keys) for job, keys in jobs.items()}
    )


def _in_force(path: DocPath, profile: str | None) -> DocPath | None:
    """Return where a place of the file is after its profile is merged in; None for what is not read."""
    if path[:2] == ("profiles", profile):
        path = path[2:]
    unread = path and (path[0] in ("profiles", "version") or str(path[0]).startswith("x-"))
    return None if unread else path


def _part(path: DocPath) -> DocPath:
    """Return the part of the file to take out when a place inside it is wrong."""
    match path[:1]:
        case ("jobs",):
            return path[: 4 if path[2:3] in (("params",), ("vars",)) else 3]
        case ("defaults",):
            return path[: 3 if path[1:2] == ("params",) else 2]
        case ("vars",) | ("prices",) | ("providers",):
            return path[:2]
        case _:
            return path[:1]


def _names(cut: DocPath, finding: Violation | None) -> set[str]:
    """Say which keys are absent when `cut` is: a misspelt key is the one that was meant."""
    keys = cut[2:] if cut[:1] == ("jobs",) else cut[1:] if cut[:1] == ("defaults",) and len(cut) > 1 else cut
    if not keys:  # a whole job, or the whole file
        return set()
    meant = finding.meant if finding is not None else None
    if finding is not None and finding.sort == "unknown" and finding.place == cut:
        return {meant or "params"} if len(cut) > 1 else {meant} if meant else set()
    if keys[0] == "vars" and len(keys) > 1:
        return {f"vars.{name}" for name in (keys[1], meant) if name}
    return {str(keys[0])}


def without(data: Json, cuts: frozenset[DocPath]) -> Json:
    """Return `data` without the parts in `cuts`."""
    if not cuts:
        return data
    inside: dict[str | int, set[DocPath]] = {}
    for cut in cuts:
        if cut:
            inside.setdefault(cut[0], set()).add(cut[1:])
    kept: dict[str, Json] = {}
    for key, value in data.items():
        within = inside.get(key, set())
        if () not in within:
            kept[key] = without(value, frozenset(within)) if isinstance(value, dict) else value
    return kept


def is_consequence(problem: Problem, unusable: frozenset[str]) -> bool:
    """Tell whether a problem may come from an absence alone."""
    causes = CAUSES.get(problem.code)
    return causes is not None and (EVERYTHING in unusable or not causes.isdisjoint(unusable))
