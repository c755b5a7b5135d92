"""Which bindings of a project the person at this machine has agreed to, and what is said of the others."""

from __future__ import annotations

from typing import TYPE_CHECKING

from runner.errors import UntrustedError
from runner.frozen import replace
from runner.records.source import Mark, Problem
from runner.report.commands import quoted

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from pathlib import Path

    from runner.commands.check import Checked
    from runner.commands.options import CommandOptions
    from runner.provider.trust import Binding


def is_agreed(binding: Binding, folder: Path, options: CommandOptions) -> bool:
    """Say whether a binding of the project in `folder` needs nobody's word, or has it."""
    from runner.provider.trust import has_host, trusted_hosts
    from runner.state.trust import TrustStore

    if not binding.needs_word or has_host(binding, trusted_hosts(options.trust)):
        return True
    return binding.digest(str(folder.resolve())) in TrustStore(folder)


def refuse_untrusted(found: Iterable[Binding], file: str | None) -> None:
    """Raise UntrustedError when there is a binding that nobody has agreed to."""
    missing = tuple(found)
    if missing:
        raise UntrustedError(
            f"this project binds {', '.join(map(str, missing))}, and nobody on this machine has agreed to that",
            help=_help(missing, file),
        )


def trust_warnings(
    checked: Checked, found: Iterable[Binding], agreed: Callable[[Binding], bool], options: CommandOptions
) -> Checked:
    """Return a pipeline with a warning for each binding that nobody has agreed to; a rehearsal sends no key."""
    from runner.diagnostics.order import by_place

    missing = () if options.rehearse else tuple(binding for binding in found if not agreed(binding))
    more = tuple(_problem(checked, binding, options.file) for binding in missing)
    return replace(checked, warnings=by_place((*checked.warnings, *more))) if more else checked


def _problem(checked: Checked, binding: Binding, file: str | None) -> Problem:
    where = checked.pipeline.marks.get(("providers", binding.provider))
    if binding.project_file is not None:
        where = Mark(file=binding.project_file.shown, line=1, column=1)
    return Problem(
        code="SF223",
        message=f"this project binds {binding}, and nobody on this machine has agreed to that",
        mark=where,
        path=("providers", binding.provider),
        help=_help((binding,), file),
        severity="warning",
    )


def _help(missing: tuple[Binding, ...], file: str | None) -> str:
    words = ["scorefile trust", *([quoted(file)] if file else [])]
    hosts = ",".join(dict.fromkeys(binding.host for binding in missing))
    return f"check what is sent where, then: {' '.join(words)} (in CI: SCOREFILE_TRUST={hosts})"
