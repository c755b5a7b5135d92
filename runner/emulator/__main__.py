"""`python -m runner.emulator --schemas DIR...`: the emulator in a process of its own, for a rehearsal.

Its first line on stdout is {"port": N}, once requests are answered; nothing follows.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import threading
from pathlib import Path
from urllib.parse import urlsplit

from runner.emulator.faults import Fault, parse_faults
from runner.emulator.serve import serve
from runner.errors import InvalidFilesError, ScorefileError, UsageError
from runner.state.files import processes
from runner.state.schemas import read_catalog


def main() -> int:
    """Serve until SIGTERM or SIGINT, or with --with-parent until stdin is closed; return the exit code."""
    parser = argparse.ArgumentParser(prog="python -m runner.emulator")
    parser.add_argument("--schemas", nargs="+", type=Path, required=True, help="schema folders; a later one overrides")
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--faults", type=Path, help="JSON list of planned faults")
    parser.add_argument("--with-parent", action="store_true", help="stop when stdin is closed")
    options = parser.parse_args()
    try:
        faults = read_faults(options.faults) if options.faults else ()
        catalog = read_catalog(tuple(options.schemas))
        if options.with_parent:
            threading.Thread(target=_end_with_stdin, daemon=True).start()
        serve(catalog, port=options.port, ready=_announce, faults=faults)
    except ScorefileError as error:
        lines = [problem.message for problem in error.problems] if isinstance(error, InvalidFilesError) else []
        print(error.message, *lines, sep="\n", file=sys.stderr)  # noqa: T201 - read by the parent
        return error.exit_code
    except KeyboardInterrupt:
        return 130
    return 0


def read_faults(path: Path) -> tuple[Fault, ...]:
    """Read the fault plan at `path`; raises UsageError."""
    try:
        return parse_faults(json.loads(path.read_bytes()))
    except (OSError, ValueError) as error:
        raise UsageError(f"cannot read the fault plan {path}: {error}") from error


def _announce(base_url: str) -> None:
    print(json.dumps({"port": urlsplit(base_url).port}), flush=True)  # noqa: T201 - the protocol with the parent


def _end_with_stdin() -> None:
    while os.read(sys.stdin.fileno(), 1024):
        pass
    processes.stop_this_process()


if __name__ == "__main__":
    sys.exit(main())
