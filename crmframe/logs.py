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
        structlog.stdlib.PositionalArgumentsFormatter(),
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.format_exc_info,
        structlog.processors.UnicodeDecoder(),
    ]
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=False,
    )
    rendered: list[structlog.typing.Processor] = [
        structlog.stdlib.ProcessorFormatter.remove_processors_meta,
        structlog.processors.JSONRenderer(ensure_ascii=True),
    ]
    handler = logging.StreamHandler(stream or sys.stderr)
    handler.setFormatter(structlog.stdlib.ProcessorFormatter(foreign_pre_chain=shared, processors=rendered))
    logging.basicConfig(handlers=[handler], level=level, force=True)


@contextmanager
def bound(*, request_id: str = "", operation_id: int | None = None) -> Iterator[None]:
    """Let every line that is logged meanwhile, in this thread or task, bear these ids."""
    ids = {"request_id": request_id or None, "operation_id": operation_id}
    with structlog.contextvars.bound_contextvars(
        **{name: value for name, value in ids.items() if value is not None}
    ):
        yield


def note_operation(operation_id: int | None) -> None:
    """Let the lines that follow bear the operation, once it is known: it is written last."""
    if operation_id is not None:
        structlog.contextvars.bind_contextvars(operation_id=operation_id)
