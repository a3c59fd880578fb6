"""Attachments: written with their file, brought back by an undo, and forgotten when nobody has them."""

from __future__ import annotations

import io
import os
from datetime import timedelta
from typing import Any

import pytest

from crmframe.core import records
from crmframe.core.access.loading import actor_of_user
from crmframe.core.errors import InvalidInput, PermissionDenied
from crmframe.core.files.attachments import attach
from crmframe.core.files.store import FileTooLarge
from crmframe.core.jobs.queue import enqueue
from crmframe.core.jobs.running import run_next
from crmframe.core.workspace.settings import write_settings
from tests.core.files.samples import PDF, PNG


@pytest.fixture
def application(make_application: Any) -> Any:
    return make_application()


def customer(application: Any) -> int:
    with application.work(door="cli") as work:
        found: int = records.create(work, "core.customer", {"name": "Huaxin"})["id"]
        return found


def attached(application: Any, record: int, content: bytes = PNG, name: str = "a.png") -> Any:
    with application.work(door="cli") as work:
        return attach(work, application.files, f"core.customer:{record}", name, io.BytesIO(content))


def clean_up(application: Any) -> None:
    with application.work(door="cli") as work:
        enqueue(work, "core.forget_files")
    while run_next(application):
        pass


def age(application: Any, digest: str, days: int) -> None:
    then = (application.clock() - timedelta(days=days)).timestamp()
    os.utime(application.files.path(digest), (then, then))


def test_an_attachment_says_what_its_content_is(application: Any) -> None:
    made = attached(application, customer(application), PDF, "../报价.pdf")
    assert (made["name"], made["media_type"], made["size"]) == ("报价.pdf", "application/pdf", len(PDF))
    assert application.files.has(made["digest"])


def test_nobody_writes_an_attachment_without_its_file(application: Any) -> None:
    record = customer(application)
    made = attached(application, record)
    values = {
        "about": f"core.customer:{record}",
        "name": "x",
        "digest": made["digest"],
        "size": 1,
        "media_type": "a/b",
    }
    with pytest.raises(InvalidInput, match="digest"), application.work(door="api") as work:
        records.create(work, "core.attachment", values)
    with pytest.raises(InvalidInput, match="media_type"), application.work(door="api") as work:
        records.update(work, "core.attachment", made["id"], {"media_type": "text/html"})


def test_whoever_may_attach_nothing_fills_no_disk(application: Any) -> None:
    record = customer(application)
    with application.work(door="cli") as work:
        user = records.create(work, "core.user", {"login": "ann", "name": "Ann"})["id"]
    with application.database.read() as connection:
        ann = actor_of_user(connection, user)

    with pytest.raises(PermissionDenied), application.work(ann, door="web") as work:
        attach(work, application.files, f"core.customer:{record}", "a.png", io.BytesIO(PNG))
    assert list(application.files.ages()) == []


def test_the_largest_file_is_a_setting(application: Any) -> None:
    record = customer(application)
    with application.work(door="cli") as work:
        write_settings(work, {"core.largest_file": "1"})
    with pytest.raises(FileTooLarge):
        attached(application, record, PNG + b"x" * 1_000_000)


def test_a_file_outlives_its_attachment_as_long_as_an_undo_may_want_it(application: Any, clock: Any) -> None:
    made = attached(application, customer(application))
    age(application, made["digest"], 10)
    with application.work(door="cli") as work:
        records.delete(work, "core.attachment", made["id"])
    clean_up(application)
    assert application.files.has(made["digest"])

    with application.work(door="cli") as undoing:
        records.undo(undoing, work.operation_id)
    with application.work(door="cli") as work:
        records.delete(work, "core.attachment", made["id"])
    clock.advance(days=100)
    clean_up(application)
    assert not application.files.has(made["digest"])


def test_the_clean_up_leaves_alone_what_is_used_and_what_has_just_come(application: Any) -> None:
    used = attached(application, customer(application))
    age(application, used["digest"], 400)
    fresh = application.files.put(io.BytesIO(b"about to be attached"), 1000)
    lost = application.files.put(io.BytesIO(b"attached to nothing"), 1000)
    age(application, lost.digest, 2)
    age(application, fresh.digest, 0)

    clean_up(application)

    assert application.files.has(used["digest"])
    assert application.files.has(fresh.digest)
    assert not application.files.has(lost.digest)


def test_attachments_go_with_their_record_and_come_back_with_it(application: Any) -> None:
    record = customer(application)
    made = attached(application, record)
    with application.work(door="cli") as work:
        records.delete(work, "core.customer", record)
    with application.work(door="cli") as undoing:
        records.undo(undoing, work.operation_id)
        assert records.get(undoing, "core.attachment", made["id"])["name"] == "a.png"
