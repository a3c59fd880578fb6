"""The first run: what the company is called, and what it begins with."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from crmframe.application import Application
from crmframe.settings import AppSettings, PluginSettings
from crmframe.setup import presets_of
from crmframe.web.host import Host
from tests.web.people import People, host_of

COMPANY = {
    "core.company_name": "启明",
    "core.locale": "zh_Hans",
    "core.zone": "Asia/Shanghai",
    "core.currency": "CNY",
    "core.region": "CN",
}


@pytest.fixture
def host(database_kind: Any, copied_database_url: Callable[..., str], tmp_path: Path) -> Iterator[Host]:
    """Give a host on which nobody has switched anything on yet."""

    def settings(url: str) -> AppSettings:
        plugins = PluginSettings(import_seconds=0)
        return AppSettings(database=url, folder=tmp_path, secret="a secret of tests", plugins=plugins)

    url = copied_database_url("first", database_kind, lambda blank: Application(settings(blank)).close())
    opened = host_of(settings(url))
    yield opened
    opened.close()


@pytest.fixture
def admin(people: People) -> Any:
    people.user("root", is_admin=True)
    return people.signed_in("root")


def stages(host: Host) -> int:
    with host.site.application.database.read() as connection:
        return int(connection.scalar(sa.text("select count(*) from sales_stages")) or 0)


def test_an_administrator_is_led_there_and_begins_with_sales(host: Host, people: People, admin: Any) -> None:
    assert admin.get("/").headers["location"] == "/setup"
    page = admin.get("/setup").text
    assert "Not installed, and left out: service" in page

    done = admin.post("/setup", data={**COMPANY, "preset": "sales"})

    assert (done.status_code, done.headers["location"]) == (303, "/")
    assert admin.get("/").status_code == 200
    assert admin.get("/deals").status_code == 200
    assert stages(host) == 6
    with host.site.application.work(door="cli", write=False) as work:
        assert (work.setting("core.company_name"), work.settings.currency) == ("启明", "CNY")
        assert work.settings.zone.key == "Asia/Shanghai"


def test_beginning_again_changes_nothing(host: Host, admin: Any) -> None:
    for _ in range(2):
        assert admin.post("/setup", data={**COMPANY, "preset": "sales"}).status_code == 303

    admin.get("/deals")
    assert stages(host) == 6


def test_what_is_wrong_is_told_and_nothing_is_switched_on(host: Host, admin: Any) -> None:
    wrong = admin.post("/setup", data={**COMPANY, "core.zone": "Mars/Olympus", "preset": "sales"})

    assert wrong.status_code == 422
    assert 'value="启明"' in wrong.text
    assert "Mars/Olympus" in wrong.text
    assert admin.get("/deals").status_code == 404


def test_who_wants_no_preset_is_not_asked_again(admin: Any) -> None:
    admin.post("/setup", data={"skip": "1"})

    assert admin.get("/").status_code == 200


def test_nobody_else_sets_up(people: People, host: Host) -> None:
    people.user("anna")
    anna = people.signed_in("anna")

    assert anna.get("/").status_code == 200
    assert anna.get("/setup").status_code == 403
    assert anna.post("/setup", data={**COMPANY, "preset": "sales"}).status_code == 403


def test_the_core_names_four_presets(host: Host) -> None:
    assert list(presets_of(host.site.application)) == ["sales", "service", "marketing", "all"]
