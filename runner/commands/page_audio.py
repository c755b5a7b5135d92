"""The audio of the takes on a page: where it is, what it looks like, and how the page reaches it."""

from __future__ import annotations

import base64
import json
import os
import shutil
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import quote

from runner.audio.tasks import look, shrink
from runner.commands.options import RunOptions
from runner.commands.page_target import AUDIO
from runner.errors import ScorefileError
from runner.page.build import Heard
from runner.records.media_types import EXTENSIONS, MEDIA_TYPES
from runner.state.blobs.local import LocalBlobs
from runner.state.pictures import FOLDER, Pictures

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Mapping

    from runner.commands.before import Earlier
    from runner.commands.options import ReportOptions
    from runner.commands.session import Session
    from runner.records.lock import Take
    from runner.records.status import JobStatus

EMBEDDED_BYTES, EMBEDDED_BYTES_IN_ALL = 2 << 20, 64 << 20
"""What is larger is linked, not embedded."""
MANY = 8
"""From so many takes on, processes are started for them: each costs a third of a second."""
NOT_HERE = (
    "its audio is not on this machine; scorefile run restores the chosen take where the store or its provider has it"
)


class PageAudio:
    """The audio of a page that is written to `folder`. `before` is asked for what is not on disk."""

    def __init__(
        self,
        session: Session,
        folder: Path,
        options: ReportOptions,
        before: Earlier | None,
        *,
        is_served: bool = False,
    ) -> None:
        self.served: dict[str, tuple[Path, str]] = {}
        """The file and the media type of each take that a server has to send."""
        self._is_served = is_served
        self._session, self._folder, self._options, self._before = session, folder, options, before
        project = session.project
        self._kept = project.blobs.parent / FOLDER
        self._blobs = LocalBlobs(project.blobs)

    def of(
        self, takes: Collection[Take], rows: Iterable[JobStatus]
    ) -> tuple[dict[str, Heard], dict[str, dict[str, str]]]:
        """Return, by SHA-256, how each take is heard, and the pictures of those that are."""
        placed = {
            row.entry.output.sha256: row.path for row in rows if row.output == "same" and row.entry and row.entry.output
        }
        found = {take.sha256: (take, path) for take in takes if (path := self._file(take, placed.get(take.sha256)))}
        made = self._worked(found, "picture", _picture)
        small = self._worked(found, "opus", _opus) if self._options.embed else {}
        heard, pictures, room = {}, {}, EMBEDDED_BYTES_IN_ALL
        for take in takes:
            picture = made.get(take.sha256)
            if not isinstance(picture, bytes):
                heard[take.sha256] = Heard(problem=NOT_HERE if picture is None else f"its audio is {picture}")
                continue
            known = json.loads(picture)
            opus = small.get(take.sha256)
            fits = isinstance(opus, bytes) and len(opus) <= min(EMBEDDED_BYTES, room)
            if isinstance(opus, bytes) and fits:
                room -= len(opus)
                url = f"data:audio/ogg;base64,{base64.b64encode(opus).decode()}"
            else:
                url = self._url(*found[take.sha256])
            heard[take.sha256] = Heard(url=url, sample_peak=known.pop("peak"))
            pictures[take.sha256] = known
        return heard, pictures

    def _file(self, take: Take, output: str | None) -> Path | None:
        """Return a file that should be this take: its output, its blob, or what git has of it."""
        root = self._session.project.root
        near = (None if output is None else root / output, self._blobs.file(take.sha256))
        path = next((path for path in near if path is not None and _size(path) == take.bytes), None)
        if path is None and self._before is not None:
            return self._before.extract(take, self._kept)
        return path

    def _worked(
        self, found: Mapping[str, tuple[Take, Path]], kind: str, work: Callable[[Path, Take], bytes]
    ) -> dict[str, bytes | str]:
        """Return what is kept of each take, or is worked out now on all cores; text where its audio is unusable."""
        kept = Pictures(self._kept, kind)
        done: dict[str, bytes | str] = {sha256: body for sha256 in found if (body := kept.read(sha256)) is not None}
        todo = [item for sha256, item in found.items() if sha256 not in done]
        if not todo:
            return done
        processes = os.cpu_count() if len(todo) >= MANY else None
        with self._session.world.cpu(RunOptions(processes=processes), len(todo)) as cpu:
            waiting = [(take.sha256, cpu.submit(work, path, take)) for take, path in todo]
            for sha256, future in waiting:
                try:
                    body = future.result()
                except (ScorefileError, OSError) as error:
                    done[sha256] = error.message if isinstance(error, ScorefileError) else f"not readable: {error}"
                else:
                    kept.keep(sha256, body)
                    done[sha256] = body
        return done

    def _url(self, take: Take, path: Path) -> str:
        """Return how the page reaches a file: beside it in a bundle, else where it is."""
        if self._is_served:
            self.served[take.sha256] = (path, MEDIA_TYPES.get(path.suffix, take.media_type))
            return f"audio/{take.sha256}"
        if self._options.bundle is None:
            return _relative(path, self._folder)
        name = f"{take.sha256[:16]}{path.suffix or EXTENSIONS[take.media_type]}"
        target = self._folder / AUDIO / name
        if _size(target) != take.bytes:
            target.parent.mkdir(parents=True, exist_ok=True)
            part = target.with_name(f".{name}.part")
            shutil.copyfile(path, part)
            part.replace(target)
        return f"{AUDIO}/{name}"


def _picture(path: Path, take: Take) -> bytes:
    seen = look(path, take.sha256, take.seconds)
    texts = {name: base64.b64encode(getattr(seen, name)).decode() for name in ("peaks", "png")}
    return json.dumps({**texts, "peak": seen.peak}).encode()


def _opus(path: Path, take: Take) -> bytes:
    return shrink(path, take.sha256)


def _size(path: Path) -> int | None:
    try:
        return path.stat().st_size
    except OSError:
        return None


def _relative(path: Path, folder: Path) -> str:
    """Return a path as a URL seen from a folder; from another drive of Windows, as a whole one."""
    try:
        return quote(Path(os.path.relpath(path, folder)).as_posix())
    except ValueError:
        return path.absolute().as_uri()
