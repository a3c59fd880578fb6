"""Settings of the workspace: declared, validated, undone, and in force at once everywhere."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from crmframe.core import records
from crmframe.core.access.loading import actor_of_user
from crmframe.core.errors import InvalidInput, NotFound
from crmframe.core.workspace.settings import write_settings


def set_to(application: Any, **values: Any) -> int:
    with application.work(door="cli") as work:
        write_settings(work, {f"core.{key}": value for key, value in values.items()})
    return work.operation_id


def value_of(application: Any, key: str) -> Any:
    with application.work(write=False) as work:
        return work.setting(f"core.{key}")


def test_a_setting_has_its_default_until_somebody_decides_and_after_an_undo(make_application: Any) -> None:
    application = make_application()
    assert value_of(application, "fiscal_year_start") == 1

    operation = set_to(application, fiscal_year_start="4", company_name="启明 Ltd")
    assert value_of(application, "fiscal_year_start") == 4
    assert value_of(application, "company_name") == "启明 Ltd"

    with application.work(door="cli") as work:
        records.undo(work, operation)
    assert value_of(application, "fiscal_year_start") == 1
    set_to(application, fiscal_year_start="7")
    set_to(application, fiscal_year_start="")
    assert value_of(application, "fiscal_year_start") == 1


def test_another_process_sees_a_change_at_once(make_application: Any, database_url: Any) -> None:
    application = make_application(url=database_url)
    other = make_application(url=database_url)
    assert value_of(other, "week_start") == "0"

    set_to(application, week_start="6")

    assert value_of(other, "week_start") == "6"


def test_zone_and_currency_of_the_workspace_win_over_those_of_the_installation(make_application: Any) -> None:
    application = make_application()
    set_to(application, zone="Asia/Shanghai", currency="cny", region="cn")

    with application.work(write=False) as work:
        assert work.settings.zone.key == "Asia/Shanghai"
        assert (work.settings.currency, work.settings.region) == ("CNY", "CN")


def test_what_does_not_fit_is_refused_with_every_problem(make_application: Any) -> None:
    application = make_application()
    with pytest.raises(InvalidInput) as refused:
        set_to(application, fiscal_year_start="13", zone="Mars/Olympus")
    assert {problem.field for problem in refused.value.problems} == {"core.fiscal_year_start", "core.zone"}
    with pytest.raises(NotFound):
        set_to(application, nothing="1")
    with pytest.raises(InvalidInput), application.work(door="cli") as work:
        records.create(work, "core.setting", {"key": "core.fiscal_year_start", "value": "13"})
    with application.work(door="cli") as work:
        records.create(work, "core.setting", {"key": "other.of_a_plugin_that_is_off", "value": "1"})


def test_only_administrators_change_settings(make_application: Any) -> None:
    application = make_application()
    with application.work(door="cli") as work:
        role = records.create(work, "core.role", {"name": "Almost"})["id"]
        grants = [
            {"role_id": role, "permission": f"core.setting.{verb}", "scope": "all"}
            for verb in ("create", "update", "read")
        ]
        records.create_many(work, "core.role_grant", grants)
        user = records.create(work, "core.user", {"login": "anna", "name": "Anna"})["id"]
        records.create(work, "core.user_role", {"user_id": user, "role_id": role})
    with application.database.read() as connection:
        anna = actor_of_user(connection, user)

    with pytest.raises(InvalidInput) as refused, application.work(anna) as work:
        write_settings(work, {"core.company_name": "Hers"})
    assert [problem.field for problem in refused.value.problems] == ["value"]
    assert value_of(application, "company_name") is None


def test_weeks_begin_on_the_day_that_the_workspace_says(application: Any) -> None:
    sunday, monday = date(2026, 3, 1), date(2026, 3, 2)
    with application.work() as work:
        assert (work.week_start(sunday), work.week_start(monday)) == (date(2026, 2, 23), monday)
        write_settings(work, {"core.week_start": "6"})
    with application.work() as work:
        assert (work.week_start(sunday), work.week_start(monday)) == (sunday, sunday)
