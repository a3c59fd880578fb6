"""Logs are JSON lines with the ids of request and operation."""

from __future__ import annotations

import io
import json
import logging
from collections.abc import Iterator

import pytest
import structlog

from crmframe.logs import bound, configure_logs


@pytest.fixture
def stream() -> Iterator[io.StringIO]:
    """Give what is logged; the logging of the test run is put back afterwards."""
    root, written = logging.getLogger(), io.StringIO()
    handlers, level = root.handlers[:], root.level
    configure_logs(stream=written)
    yield written
    structlog.reset_defaults()
    structlog.contextvars.clear_contextvars()
    root.handlers[:] = handlers
    root.setLevel(level)


def lines(stream: io.StringIO) -> list[dict]:
    return [json.loads(line) for line in stream.getvalue().splitlines()]


def test_own_and_foreign_logs_are_json_lines_with_the_ids(stream) -> None:
    with bound(request_id="r-1", operation_id=7):
        structlog.get_logger("crmframe.web").info("saved", path="/deals")
        logging.getLogger("library").warning("slow %s", "query")
    logging.getLogger("library").warning("later")

    ours, theirs, later = lines(stream)
    assert (ours["event"], ours["request_id"], ours["operation_id"], ours["path"]) == (
        "saved",
        "r-1",
        7,
        "/deals",
    )
    assert (theirs["event"], theirs["level"], theirs["request_id"]) == ("slow query", "warning", "r-1")
    assert "request_id" not in later
    assert later["timestamp"].endswith("Z")


def test_error_is_one_line_whatever_it_says(stream) -> None:
    try:
        raise ValueError("first\nsecond \x1b[2J \u2028 末")
    except ValueError:
        logging.getLogger("crmframe").exception("failed\nbadly")

    [line] = lines(stream)
    assert line["event"] == "failed\nbadly"
    assert "ValueError" in line["exception"]
    assert "\x1b" not in stream.getvalue()


def test_our_own_errors_are_one_line_too_and_details_are_left_out(stream) -> None:
    log = structlog.get_logger("crmframe.web")
    log.debug("too much")
    try:
        raise ValueError("first\nsecond")
    except ValueError:
        log.exception("failed\nbadly")

    [line] = lines(stream)
    assert (line["event"], line["level"], line["logger"]) == ("failed\nbadly", "error", "crmframe.web")
    assert "ValueError" in line["exception"]
