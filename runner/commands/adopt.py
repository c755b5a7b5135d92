"""`adopt`: an output that was edited by hand becomes the file that its job imports."""

from __future__ import annotations

from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from runner.commands.check import check
from runner.errors import InvalidFilesError, ScorefileError, UsageError
from runner.pipeline.edit import EditRefusedError
from runner.pipeline.edit.adopt import IMPORT, Adoption, adopt, quoted
from runner.pipeline.resolution.expand import expand
from runner.records.reasons import EditedOutput, ForeignOutput
from runner.report.commands import command_line
from runner.report.plain import PlainReport
from runner.report.style import clean
from runner.state.files.atomic import write_atomic
from runner.state.files.folder import digest, read_regular
from runner.state.input_files import MAX_AUDIO_BYTES
from runner.state.texts import read_pipeline

if TYPE_CHECKING:
    from runner.commands.session import Session
    from runner.records.plan import Action
    from runner.records.request import Request

FOLDER = "adopted"
"""Where adopted files are kept, beside the pipeline: they belong into git."""


def adopt_output(session: Session, rights: str | None) -> PlainReport:
    """Copy the edited output of a job to `adopted/`, and let the job import it from there. What was made of it stays in the lock.

    Raises UsageError when not one job is named, or there is no such job, or its output was not edited; EditRefusedError when the pipeline's text cannot
    be changed without loss: then nothing is written.
    """
    names = session.options.wanted.names
    if len(names) != 1:
        raise UsageError("adopt takes one job at a time", help=command_line("adopt", session.options.file, "JOB"))
    (job,) = names
    with session.writing() as held:
        action, path = _edited(held, job)
        request, project = action.request, held.project
        note = rights or _note(action)
        kept = _kept_path(held, action, path)
        adoption = Adoption(file=kept, rights=note, unfinished=request.finishing is not None)
        audio = read_regular(project.root / path, limit=MAX_AUDIO_BYTES)
        text = read_pipeline(project)
        _refuse_cell(held, request, adoption, path)
        changed = adopt(text, project.shown, job, adoption)
        before = project.folder / kept
        replaced = read_regular(before, limit=MAX_AUDIO_BYTES) if before.exists() else None
        before.parent.mkdir(parents=True, exist_ok=True)
        write_atomic(before, audio)
        try:
            _check(held, changed, job, kept)
        except ScorefileError:
            before.unlink() if replaced is None else write_atomic(before, replaced)
            raise
        mode = project.file.stat().st_mode & 0o777
        write_atomic(project.file.resolve(), changed.encode(), mode=mode)
    run = command_line("run", session.options.file)
    told = (
        f"{job} imports {kept} now, the edited {path}\n\nhelp: commit {kept}; {run} enters it into the lock, at no cost"
    )
    return PlainReport(
        verb="adopt",
        content={"file": project.shown, "job": job, "output": path, "adopted": kept, "rights": note},
        message=lambda _style: "\n".join(map(clean, told.split("\n"))),
    )


def _edited(session: Session, job: str) -> tuple[Action, str]:
    """Return what a run would do with a job, and its output that was edited. Raises UsageError."""
    action = next((item for item in session.plan.actions if item.request.job == job), None)
    if action is None:
        cells = [request.job for request in session.checked.requests if request.group == job]
        raise UsageError(f"{job} has a matrix", help=f"name one of its cells: {', '.join(cells[:12])}")
    if not isinstance(action.reason, EditedOutput | ForeignOutput):
        raise UsageError(f"the output of {job} was not edited", help="edit the file at its output, then adopt it")
    return action, action.reason.path


def _note(action: Action) -> str:
    """Return the note on rights where nobody writes one: that of the file before, or which take was edited."""
    request, chosen = action.request, action.chosen
    if request.model.id == IMPORT:
        return str(request.params["rights"])
    if chosen is None:
        return f"made by hand for {request.job}"
    made = f"{chosen.entry.model}, {chosen.take.sha256[:12]}"
    return f"edited by hand from take {chosen.number} of {request.job} ({made})"


def _kept_path(session: Session, action: Action, output: str) -> str:
    """Return where an edited file is kept: where the job imports it from already, or a name in `adopted/` that nothing has."""
    request = action.request
    if request.model.id == IMPORT and request.inputs[0].name.startswith(f"{FOLDER}/"):
        return request.inputs[0].name
    folder, stem, ending = session.project.folder, request.job.replace("@", "-"), PurePosixPath(output).suffix
    edited = digest(session.project.root / output)
    number = 1
    while True:
        path = f"{FOLDER}/{stem}{'' if number == 1 else f'-{number}'}{ending}"
        if not (folder / path).exists() or digest(folder / path) == edited:
            return path
        number += 1


def _refuse_cell(session: Session, request: Request, adoption: Adoption, output: str) -> None:
    """Raise UsageError for a cell of a matrix, whose job's block is that of all cells; the remedy is what a person writes."""
    if request.job == request.group:
        return
    cell = next(cell for cell in expand(session.checked.pipeline)[0] if cell.id == request.job)
    point = ", ".join(f"{axis}: {quoted(label)}" for axis, label in cell.labels.items())
    keys = {**adoption.keys(), "output": quoted(request.output or "")}
    own = ", ".join(f"{key}: {value}" for key, value in keys.items())
    raise UsageError(
        f"{request.job} is a cell of a matrix, whose cells share one block in {session.project.shown}",
        help=f"copy {output} to {adoption.file}, write exclude: [{{{point}}}] into the matrix of {request.group}, and add this job: "
        f"{PurePosixPath(adoption.file).stem}: {{{own}}}",
    )


def _check(session: Session, text: str, job: str, kept: str) -> None:
    """Raise EditRefusedError when the changed pipeline would not import the file: a profile may say something else of the job."""
    from dataclasses import replace

    trial = session.project.state / "adopting.yaml"
    write_atomic(trial, text.encode())
    try:
        checked = check(replace(session.project, file=trial), session.catalog, session.options, session)
        request = next((item for item in checked.requests if item.job == job), None)
        imports = request is not None and request.model.id == IMPORT and request.inputs[0].name == kept
        why = "" if imports else f"{job} would not import {kept}"
    except InvalidFilesError as error:
        why = next(problem.message for problem in error.problems if problem.severity == "error")
    finally:
        trial.unlink(missing_ok=True)
    if why:
        raise EditRefusedError(
            f"{job} cannot be adopted in {session.project.shown}: {why}",
            help=f"write it by hand: model: local/import, with params file: {kept} and rights; nothing was written",
        )
