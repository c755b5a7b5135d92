"""One line a request: on stderr with -v, as JSON in --log-file. Never a key, a query, a header or a body."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from runner.errors import UsageError

if TYPE_CHECKING:
    import logging
    from collections.abc import Iterator

FIELDS = ("method", "host", "path", "status", "ms", "attempt", "bytes_out", "bytes_in", "error")
LOGGER = "scorefile"


@contextmanager
def logging_to(path: str | None, *, verbose: int) -> Iterator[None]:
    """Log requests while the block runs: to stderr when `verbose`, with their sizes when it is 2, and to a file.

    Raises UsageError when the file cannot be written.
    """
    if path is None and not verbose:
        yield
        return
    import logging

    logger, handlers = logging.getLogger(LOGGER), list[logging.Handler]()
    if verbose:
        handlers.append(_to_stderr(sizes=verbose > 1))
    if path is not None:
        handlers.append(_to_file(path))
    logger.setLevel(logging.INFO)
    logger.propagate = False
    for handler in handlers:
        logger.addHandler(handler)
    try:
        yield
    finally:
        for handler in handlers:
            logger.removeHandler(handler)
            handler.close()
        logger.setLevel(logging.NOTSET)


def request_line(record: logging.LogRecord, *, sizes: bool) -> str:
    """Return `POST gateway.pixazo.ai /v1/… 202 143 ms attempt 1`."""
    seen = {name: getattr(record, name, None) for name in FIELDS}
    ended = seen["status"] if seen["status"] is not None else f"failed ({seen['error']})"
    line = f"{seen['method']} {seen['host']} {seen['path']} {ended} {seen['ms']} ms attempt {seen['attempt']}"
    return f"{line} sent {seen['bytes_out']} B, got {seen['bytes_in']} B" if sizes else line


def request_json(record: logging.LogRecord) -> str:
    """Return one line of JSON."""
    import json
    from datetime import UTC, datetime

    at = datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds")
    head = {"at": at.replace("+00:00", "Z"), "level": record.levelname.lower(), "event": record.getMessage()}
    seen = {name: getattr(record, name, None) for name in FIELDS}
    return json.dumps(
        {**head, **{name: value for name, value in seen.items() if value is not None}}, ensure_ascii=False
    )


def is_log(text: str) -> bool:
    """Say whether a text is a log of requests: its first line is one of ours."""
    import json

    try:
        data = json.loads(text.partition("\n")[0])
    except (ValueError, RecursionError):
        return False
    return isinstance(data, dict) and {"at", "level", "event"} <= data.keys()


def _to_stderr(*, sizes: bool) -> logging.Handler:
    import logging

    from runner.cli.show import print_err

    class Stderr(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            print_err(request_line(record, sizes=sizes))

    return Stderr()


def _to_file(path: str) -> logging.Handler:
    import logging

    from runner.cli.writable import refuse_target

    refuse_target("--log-file", path, kind="log of requests", is_kind=is_log)

    class Lines(logging.Formatter):
        def format(self, record: logging.LogRecord) -> str:
            return request_json(record)

    try:
        handler = logging.FileHandler(path, encoding="utf-8")
    except OSError as error:
        raise UsageError(f"--log-file {path} cannot be written: {error.strerror}", help="name another file") from error
    handler.setFormatter(Lines())
    return handler
