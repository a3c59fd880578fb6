"""A host with sales and a plugin that fails, some records, and browsers of different people."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

from crmframe.application import Application
from crmframe.core import records
from crmframe.settings import AppSettings, PluginSettings
from crmframe.web.host import Host
from tests.web.people import People, host_of

PLUGINS = Path(__file__).parent / "plugins"
SALES = ("sales.deal", "core.customer", "core.activity", "core.contact")


@pytest.fixture
def host(database_kind: Any, copied_database_url: Callable[..., str], tmp_path: Path) -> Iterator[Host]:
    def settings(url: str) -> AppSettings:
        plugins = PluginSettings(
            enabled=("sales", "failing"), managed="file", paths=(PLUGINS,), import_seconds=0
        )
        return AppSettings(database=url, folder=tmp_path, secret="a secret of tests", plugins=plugins)

    url = copied_database_url("pages", database_kind, lambda blank: Application(settings(blank)).close())
    opened = host_of(settings(url))
    yield opened
    opened.close()


@dataclass(frozen=True)
class Company:
    """What the tests look at: ids of records."""

    customer: int
    other: int
    stages: dict[str, int]
    deal: int


@pytest.fixture
def company(host: Host) -> Company:
    """Give two customers, a pipeline with three stages, and a deal in the first."""
    with host.site.application.work(door="cli") as work:
        customer = records.create(
            work, "core.customer", {"name": "Huaxin 华新制造", "industry": "Steel", "grade": "a"}
        )
        other = records.create(work, "core.customer", {"name": "Nordwind <Logistik>"})
        pipeline = records.create(work, "sales.pipeline", {"name": "Standard"})["id"]
        stages = {}
        for position, (name, kind) in enumerate((("New", "open"), ("Offer", "open"), ("Lost", "lost"))):
            values = {"name": name, "kind": kind, "pipeline_id": pipeline, "position": position}
            stages[name] = records.create(work, "sales.stage", values)["id"]
        deal = records.create(
            work, "sales.deal", {"title": "Line 2", "customer_id": customer["id"], "amount": "1200"}
        )
        values = {"about": f"core.customer:{customer['id']}", "text": "Talked about line 2.", "kind": "call"}
        records.create(work, "core.activity", values)
    return Company(customer["id"], other["id"], stages, deal["id"])


@pytest.fixture
def root(people: People) -> TestClient:
    """Give the browser of an administrator."""
    people.user("root", is_admin=True)
    return people.signed_in("root")


@pytest.fixture
def seller(people: People) -> TestClient:
    """Give the browser of somebody who works on own records only."""
    verbs = ("create", "read", "update", "delete", "move")
    own = tuple((f"{name}.{verb}", "own") for name in SALES for verb in verbs)
    people.user("seller", grants=(*own, ("sales.stage.read", "all")))
    return people.signed_in("seller")


@pytest.fixture
def write(host: Host) -> Callable[..., Any]:
    """Give ``write(function)``, which runs in a unit of work of the system."""

    def run(change: Callable[..., Any]) -> Any:
        with host.site.application.work(door="cli") as work:
            return change(work)

    return run
