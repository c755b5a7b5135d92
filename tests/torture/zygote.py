"""A process that has imported everything and forks a child for each command: a run costs milliseconds, not imports.

It reads one JSON order a line from standard input and writes one JSON event a line to standard output. It alone reaps
its children, so an order to kill one can never meet another process that got its number.
"""

from __future__ import annotations

import contextlib
import gc
import importlib
import io
import json
import logging
import os
import pkgutil
import resource
import select
import signal
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NoReturn

import runner
from runner.cli.main import GC_THRESHOLDS
from runner.state.schemas import read_catalog, shipped_schemas
from tests.support import forked_emulator
from tests.support.certificates import share_certificates
from tests.support.forked_emulator import end_with_parent
from tests.torture.mutants import MUTANTS

_LOG = logging.getLogger("tests.torture")
_LATE = (
    *(
        "encodings.idna",
        "encodings.utf_8_sig",
        "encodings.unicode_escape",
        "unicodedata",
        "anyio",
        "difflib",
        "filelock",
    ),
    *("httpcore._backends.sync", "h11", "jsonschema.validators", "av.subtitles.stream", "click._textwrap"),
)

FIRST_PIPELINE = "{{version: 1, jobs: {{a: {{model: pixazo/tracks, prompt: {prompt}, params: {{duration: 10}}}}}}}}"
FIRST_COMMANDS = (("validate",), ("plan",), ("run", "--rehearse"), ("status",))


@dataclass(slots=True)
class _Child:
    id: int
    pid: int
    begun: float
    kill_at: float | None


def import_all() -> None:
    """Import every module of the runner, and what it imports late."""
    ours = [module.name for module in pkgutil.walk_packages(runner.__path__, "runner.")]
    for name in (*ours, *_LATE):
        if not name.endswith("__main__"):
            with contextlib.suppress(ImportError):
                importlib.import_module(name)
    read_catalog((shipped_schemas(),))


def fork_rehearsals() -> None:
    """Let a rehearsal fork its emulator: the modules that it would import are here."""
    from runner.emulator import serve

    serve.rehearsal_emulator = forked_emulator.forked_rehearsal


def run_first_commands() -> None:
    """Run each kind of command in a folder that is deleted: what its first run compiles and caches is there for all forks."""
    from runner.cli.main import call

    with (
        tempfile.TemporaryDirectory() as folder,
        contextlib.chdir(folder),
        contextlib.redirect_stdout(io.StringIO()),
        contextlib.redirect_stderr(io.StringIO()) as err,
    ):
        for prompt in ("calm", "epic"):
            Path("scorefile.yaml").write_text(FIRST_PIPELINE.format(prompt=prompt))
            for words in FIRST_COMMANDS:
                assert call(list(words)) == 0, (words, err.getvalue())


def serve() -> None:
    """Do as ordered until standard input ends."""
    children: dict[int, _Child] = {}
    tell = os.fdopen(os.dup(1), "w")
    pending = b""
    while True:
        now = time.monotonic()
        due = [child.kill_at for child in children.values() if child.kill_at is not None]
        ready, _, _ = select.select([0, _wake()], [], [], max(0.0, min(due) - now) if due else None)
        _kill_due(children)
        _reap(children, tell)
        if 0 not in ready:
            continue
        data = os.read(0, 1 << 20)
        if not data:
            break
        *lines, pending = (pending + data).split(b"\n")
        for line in lines:
            _obey(json.loads(line), children, tell)
    for child in children.values():
        os.kill(child.pid, signal.SIGKILL)


_SIGNALS: list[int] = []


def _wake() -> int:
    """Return a descriptor that becomes readable when a child ends."""
    if not _SIGNALS:
        reader, writer = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)
        _SIGNALS.extend((reader, writer))
        signal.set_wakeup_fd(writer)
        signal.signal(signal.SIGCHLD, lambda *_: None)
    return _SIGNALS[0]


def _kill_due(children: dict[int, _Child]) -> None:
    now = time.monotonic()
    for child in children.values():
        if child.kill_at is not None and child.kill_at <= now:
            child.kill_at = None
            os.kill(child.pid, signal.SIGKILL)


def _reap(children: dict[int, _Child], tell: Any) -> None:
    with contextlib.suppress(BlockingIOError):
        os.read(_SIGNALS[0], 4096)
    for child in list(children.values()):
        pid, status, usage = os.wait4(child.pid, os.WNOHANG)
        if pid:
            del children[child.id]
            ended = {"id": child.id, "status": status, "s": time.monotonic() - child.begun, "rss_kib": usage.ru_maxrss}
            tell.write(json.dumps(ended) + "\n")
            tell.flush()


def _obey(order: dict[str, Any], children: dict[int, _Child], tell: Any) -> None:
    if order["op"] == "signal":
        child = children.get(order["id"])
        if child is not None:
            os.kill(child.pid, order["number"])
        return
    pid = os.fork()
    if pid == 0:
        _become(order)
    begun = time.monotonic()
    kill_at = None if order.get("kill_after_s") is None else begun + order["kill_after_s"]
    children[order["id"]] = _Child(order["id"], pid, begun, kill_at)
    tell.write(json.dumps({"id": order["id"], "pid": pid}) + "\n")
    tell.flush()


def _become(order: dict[str, Any]) -> NoReturn:
    """Be the command line: descriptors, environment, folder, limits, then the verb."""
    code = 99
    try:
        signal.set_wakeup_fd(-1)
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        os.setsid()
        end_with_parent(signal.SIGTERM if "emulator" in order else signal.SIGKILL)
        _descriptors(order["out"], order["err"])
        os.environ.clear()
        os.environ.update(order["env"])
        os.chdir(order["cwd"])
        _prepare(order)
        try:
            code = _run(order)
        except SystemExit as leave:
            code = leave.code if isinstance(leave.code, int) else int(leave.code is not None)
        sys.stdout.flush()
        sys.stderr.flush()
    except BaseException:
        _LOG.exception("the child broke")
        raise
    finally:
        os._exit(code)


def _run(order: dict[str, Any]) -> int:
    """Be the emulator, or the command line."""
    from runner.cli.main import call
    from runner.cli.start import is_answered
    from runner.records.limits import Limits

    if "emulator" in order:
        return forked_emulator.serve(order["args"], **order["emulator"])
    if is_answered(order["args"]):
        return 0
    return call(order["args"], limits=Limits(**order.get("limits", {})))


def _descriptors(out: str, err: str) -> None:
    flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND
    for number, (path, mode) in enumerate([("/dev/null", os.O_RDONLY), (out, flags), (err, flags)]):
        descriptor = os.open(path, mode, 0o600)
        os.dup2(descriptor, number)
        os.close(descriptor)
    os.closerange(3, 64)


def _prepare(order: dict[str, Any]) -> None:
    if order.get("log"):
        logging.basicConfig(filename=order["log"], level=logging.DEBUG, force=True)
        sys.addaudithook(_note)
    if order.get("mutant"):
        MUTANTS[order["mutant"]]()
    for name, value in order.get("rlimits", {}).items():
        resource.setrlimit(getattr(resource, f"RLIMIT_{name}"), (value, value))
    if order.get("go"):
        with open(order["go"], "rb", buffering=0) as gate:  # noqa: PTH123 - a FIFO: wait for one byte
            gate.read(1)


def _note(name: str, args: tuple[object, ...]) -> None:
    """Write commands of children into the log, and that the run lock is asked for."""
    if name == "open" and str(args[0]).endswith("run.flock"):
        _LOG.debug("asks for the run lock")
    elif name in ("subprocess.Popen", "os.exec", "os.posix_spawn", "os.system"):
        _LOG.debug("argv of a child: %r", args[:2])


if __name__ == "__main__":
    import_all()
    share_certificates()
    fork_rehearsals()
    run_first_commands()
    gc.set_threshold(*GC_THRESHOLDS)
    gc.freeze()
    serve()
