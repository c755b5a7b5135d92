"""What a shell offers for FILE, JOB, TAKE, MODEL, --profile, --label and --var.

Each function is called at a key press: it reads the one pipeline file that the line names, resolves nothing, and offers
nothing where that file cannot be read.
"""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from click.shell_completion import CompletionItem, split_arg_string

if TYPE_CHECKING:
    from collections.abc import Iterable

    import click

    from runner.pipeline.edit.outline import Outline

ENDINGS = (".yaml", ".yml")
MAX_OFFERED = 300


def files(_ctx: click.Context, _param: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """Offer the pipelines of this folder; elsewhere leave it to the shell."""
    found = _starting(_pipelines(), incomplete)
    return found or [CompletionItem(incomplete, type="file")]


def locks(_ctx: click.Context, _param: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """Offer the locks of this folder; elsewhere leave it to the shell."""
    found = _starting(sorted(path.name for path in Path.cwd().glob("*.lock")), incomplete)
    return found or [CompletionItem(incomplete, type="file")]


def words(ctx: click.Context, _param: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """Offer jobs, and as the first word also pipelines."""
    is_first = not ctx.params.get("words")
    if is_first and "/" in incomplete:
        return [CompletionItem(incomplete, type="file")]
    found = _starting([*(_pipelines() if is_first else ()), *_job_names(incomplete)], incomplete)
    return found or ([CompletionItem(incomplete, type="file")] if is_first else [])


def jobs(_ctx: click.Context, _param: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """Offer jobs as a whole: what `pick` takes."""
    named = _outline()
    return _starting(named.jobs if named else (), incomplete)


def made_jobs(ctx: click.Context, _param: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """Offer the jobs of the lock that are not in the pipeline any more, and as the first word also pipelines."""
    from runner.errors import ScorefileError
    from runner.state.lockfile import read_lock

    made: set[str] = set()
    with suppress(ScorefileError):
        made = set(read_lock(_file().with_suffix(".lock"), rehearsal=False).jobs)
    named = _outline()
    for job, cells in named.jobs.items() if named else ():
        made -= {job, *cells}
    return _starting([*(() if ctx.params.get("words") else _pipelines()), *sorted(made)], incomplete)


def targets(_ctx: click.Context, _param: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """Offer jobs, and the cells of the job whose name is complete."""
    return _starting(_job_names(incomplete), incomplete)


def explained(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """Offer codes once the word looks like one, and else what `words` offers."""
    if incomplete[:2].upper() != "SF":
        return words(ctx, param, incomplete)
    from runner.explain import codes

    return _starting(codes(), incomplete.upper()) or words(ctx, param, incomplete)


def takes(ctx: click.Context, _param: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """Offer the takes that the lock has of the job just named."""
    from runner.errors import ScorefileError
    from runner.records.family import takes_of
    from runner.state.lockfile import read_lock

    job, number = ctx.params.get("job"), 0
    with suppress(ScorefileError):
        lock = read_lock(_file().with_suffix(".lock"), rehearsal=False)
        made = [takes_of(lock, name) for name in lock.jobs if job in (name, name.partition("@")[0])]
        number = min(map(len, filter(None, made)), default=0)
    return _starting((str(take) for take in range(1, number + 1)), incomplete)


def models(_ctx: click.Context, _param: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """Offer the models of the catalogue, by the names of their files."""
    from runner.state.schemas import schema_folders

    found = {
        f"{path.parent.name}/{path.stem}"
        for folder in schema_folders(Path.cwd())
        for path in folder.glob("models/*/*.json")
    }
    return _starting(sorted(found), incomplete)


def profiles(_ctx: click.Context, _param: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """Offer the profiles of the pipeline."""
    named = _outline()
    return _starting(named.profiles if named else (), incomplete)


def labels(_ctx: click.Context, _param: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """Offer the labels of the pipeline's jobs."""
    named = _outline()
    return _starting(named.labels if named else (), incomplete)


def variables(_ctx: click.Context, _param: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """Offer the variables of the pipeline, ready for a value."""
    named = _outline()
    return _starting((f"{name}=" for name in named.vars) if named else (), incomplete)


def _job_names(incomplete: str) -> list[str]:
    """Return the jobs of the pipeline; once the word holds an @, the cells of that job."""
    named = _outline()
    if named is None:
        return []
    group, at, _ = incomplete.partition("@")
    return list(named.jobs.get(group, ())) if at else list(named.jobs)


def _outline() -> Outline | None:
    from runner.errors import ScorefileError
    from runner.pipeline.edit.outline import outline
    from runner.state.project import find_project
    from runner.state.texts import read_pipeline

    file = _file()
    with suppress(ScorefileError):
        return outline(read_pipeline(find_project(str(file), rehearsal=False, env={})), str(file))
    return None


def _file() -> Path:
    """Return the pipeline that the line names. An option without its value yet keeps click from parsing the words."""
    from runner.state.finding import default_file

    line = split_arg_string(os.environ.get("COMP_WORDS", ""))
    return next((Path(word) for word in line if word.endswith(ENDINGS) and Path(word).is_file()), Path(default_file()))


def _pipelines() -> list[str]:
    return sorted(
        path.name for path in Path.cwd().iterdir() if path.suffix in ENDINGS and not path.name.startswith(".")
    )


def _starting(names: Iterable[str], incomplete: str) -> list[CompletionItem]:
    return [CompletionItem(name) for name in names if name.startswith(incomplete)][:MAX_OFFERED]
