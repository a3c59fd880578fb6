"""Ten broken plugins beside sales: each is explained by its code, and everything else is served as before."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from starlette.testclient import TestClient

from crmframe.application import Application
from crmframe.core import records
from crmframe.settings import AppSettings, PluginSettings
from crmframe.web.host import Host
from tests.web.people import People, host_of

SAMPLES = Path(__file__).parent.parent / "broken_plugins"
CODES = {
    "broken_import": "P006",  # raises at import
    "broken_hang": "P006",  # hangs at import
    "broken_exit": "P006",  # ends the process at import
    "broken_migration": "P007",  # fails in a migration
    "broken_alter": "P007",  # alters a foreign table
    "broken_hook": "P008",  # misspells a hook
    "broken_types": "P017",  # returns wrong types
    "broken_cycle_a": "P005",  # requires each other
    "broken_cycle_b": "P005",
}
RUNNING = ("broken_guard", "broken_contribution")  # these load, and fail when they are asked


@pytest.fixture
def host(database_kind: Any, copied_database_url: Callable[..., str], tmp_path: Path) -> Any:
    def settings(url: str, *plugins: str, seconds: float = 0) -> AppSettings:
        chosen = PluginSettings(enabled=plugins, managed="file", paths=(SAMPLES,), import_seconds=seconds)
        return AppSettings(database=url, folder=tmp_path / "data", secret="a secret of tests", plugins=chosen)

    url = copied_database_url(
        "web+sales", database_kind, lambda url: Application(settings(url, "sales")).close()
    )
    # The guard that raises refuses every create: the administrator is made before it is there.
    before = host_of(settings(url, "sales"))
    People(before).user("root", is_admin=True)
    with before.site.application.work() as work:
        pipeline = records.create(work, "sales.pipeline", {"name": "Standard"})["id"]
        records.create(work, "sales.stage", {"name": "New", "pipeline_id": pipeline, "position": 1})
    before.close()
    opened = host_of(settings(url, "sales", *CODES, *RUNNING, seconds=10))
    yield opened
    opened.close()


@pytest.fixture
def browser_of_admin(host: Host) -> Any:
    people = People(host)
    yield people.signed_in("root")
    for client in people.open:
        client.close()


def test_each_broken_plugin_is_explained_and_the_others_are_served(
    host: Host, browser_of_admin: TestClient
) -> None:
    application = host.site.application
    listed = {each["name"]: each for each in browser_of_admin.get("/-/plugins").json()["plugins"]}
    page = browser_of_admin.get("/admin/plugins")

    assert {name: listed[name]["problem"]["code"] for name in CODES} == CODES
    assert all(listed[name]["problem"]["message"] for name in CODES)
    assert all(name in page.text and code in page.text for name, code in CODES.items())
    assert {"core", "sales", *RUNNING} == set(application.plugins.names)
    for address in addresses(application):
        assert browser_of_admin.get(address).status_code == 200, address


def addresses(application: Application) -> list[str]:
    """Return every page that needs no record: lists, boards, forms, admin pages, the plugins' own."""
    entities = list(application.registry.public_entities())
    found = [f"/{e.slug}" for e in entities] + [f"/{e.slug}/new" for e in entities]
    found += [f"/{e.slug}/board" for e in entities if e.board]
    return [
        *found,
        "/journal",
        "/admin/plugins",
        "/admin/jobs",
        "/admin/roles",
        "/p/sales/funnel",
        "/-/health",
    ]


def test_a_rejected_plugin_has_left_nothing(host: Host, browser_of_admin: TestClient) -> None:
    application = host.site.application
    with application.database.read() as connection:
        tables = sa.inspect(connection).get_table_names()
    shown = browser_of_admin.get("/customers").text

    assert [t for t in tables if any(t.startswith((name, f"crm_schema_{name}")) for name in CODES)] == []
    assert [e for e in application.registry.entities if e.startswith(tuple(CODES))] == []
    for name in CODES:
        assert name not in shown
        assert browser_of_admin.get(f"/p/{name}/").status_code == 404
        assert name not in browser_of_admin.get("/api/v1/openapi.json").text


def test_a_guard_that_raises_refuses_the_write_and_is_named(host: Host) -> None:
    with pytest.raises(Exception, match="broken_guard") as caught, host.site.application.work() as work:
        records.create(work, "core.customer", {"name": "Refused"})

    assert getattr(caught.value, "code", "") == "vetoed"
    with host.site.application.work(write=False) as work:
        assert records.count(work, "core.customer", records.Query()).value == 0
