"""Logs as JSON lines on standard error: ours, uvicorn's and the libraries', with the ids of request and operation."""

from __future__ import annotations

import logging
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TextIO

import structlog


def configure_logs(level: str = "INFO", *, stream: TextIO | None = None) -> None:
    """Send all logs of this process to standard error, one JSON object a line; calling it again replaces that.

    Args:
        stream: Instead of standard error.
    """
    shared: list[structlog.typing.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.format_exc_info,
        structlog.processors.UnicodeDecoder(),
    ]
    rendered = structlog.processors.JSONRenderer(ensure_ascii=True)
    handler = logging.StreamHandler(stream or sys.stderr)
    structlog.configure(
        processors=[*shared, rendered],
        logger_factory=lambda name="": Lines(handler, name),
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelNamesMapping()[level]),
        cache_logger_on_first_use=False,
    )
    foreign: list[structlog.typing.Processor] = [
        structlog.stdlib.PositionalArgumentsFormatter(),
        *shared,
    ]
    final: list[structlog.typing.Processor] = [
        structlog.stdlib.ProcessorFormatter.remove_processors_meta,
        rendered,
    ]
    handler.setFormatter(structlog.stdlib.ProcessorFormatter(foreign_pre_chain=foreign, processors=final))
    logging.basicConfig(handlers=[handler], level=level, force=True)
    # It tells of every plugin of its own that it finds: eleven lines at each start that concern nobody.
    logging.getLogger("alembic").setLevel(max(logging.WARNING, logging.getLevelNamesMapping()[level]))


class Lines:
    """The logger behind ours: finished lines go to the handler of the libraries, without a record of their own.

    Through the standard library's loggers the line of the access log took a quarter of an API read.
    """

    def __init__(self, handler: logging.StreamHandler[TextIO], name: str) -> None:
        self.name = name
        self._handler = handler

    def msg(self, line: str) -> None:
        """Write a line, whole: other threads log, too."""
        self._handler.acquire()
        try:
            self._handler.stream.write(f"{line}\n")
            self._handler.flush()
        finally:
            self._handler.release()

    debug = info = warning = error = critical = msg


@contextmanager
def bound(*, request_id: str = "", operation_id: int | None = None) -> Iterator[None]:
    """Let every line that is logged meanwhile, in this thread or task, bear these ids."""
    ids = {"request_id": request_id or None, "operation_id": operation_id}
    with structlog.contextvars.bound_contextvars(
        **{name: value for name, value in ids.items() if value is not None}
    ):
        yield
