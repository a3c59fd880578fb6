"""What the pipeline refuses, each with its code."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from crmframe.application import Application
from crmframe.core import records
from crmframe.core.access.actor import Actor
from crmframe.core.errors import InUse, InvalidInput

EVERYWHERE = frozenset({"all"})


def test_a_stage_that_deals_are_in_is_in_use(make_application: Callable[..., Application]) -> None:
    application = make_application("sales")
    with application.work() as work:
        pipeline = records.create(work, "sales.pipeline", {"name": "Standard"})["id"]
        stage = {"name": "First", "kind": "open", "pipeline_id": pipeline, "position": 1}
        stage_id = records.create(work, "sales.stage", stage)["id"]
        records.create(work, "sales.deal", {"title": "Upgrade"})

    with pytest.raises(InUse) as caught, application.work() as work:
        records.delete(work, "sales.stage", stage_id)

    assert (caught.value.code, caught.value.status, caught.value.data["count"]) == ("in_use", 409, 1)


def test_a_field_that_only_administrators_write_is_not_writable(application: Application) -> None:
    with application.work() as work:
        user_id = records.create(work, "core.user", {"login": "anna", "name": "Anna"})["id"]
    grants = {f"core.user.{verb}": EVERYWHERE for verb in ("read", "update")}
    anna = Actor(user_id, "Anna", grants=grants)

    with pytest.raises(InvalidInput) as caught, application.work(anna) as work:
        records.update(work, "core.user", user_id, {"is_admin": True})
    assert [(p.field, p.code) for p in caught.value.problems] == [("is_admin", "not_writable")]

    with application.work(replace(anna, is_admin=True, unlimited=True)) as work:
        assert records.update(work, "core.user", user_id, {"is_admin": True})["is_admin"] is True
