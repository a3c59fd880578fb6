"""Plugins are switched on and off in the database, with checks, and every process is told."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
import sqlalchemy as sa

from crmframe.kernel.codes import CannotChangePlugin
from crmframe.kernel.lifecycle import disable, enable, plan_enable
from crmframe.kernel.options import PluginOptions, disabled_by
from crmframe.kernel.state import read_generation, read_states
from crmframe.kernel.system import PluginSystem
from tests.kernel.conftest import tables

WHEN: dict[str, Any] = {"by": "ada", "at": datetime(2026, 1, 1, tzinfo=UTC)}


@pytest.fixture
def wanted(options: Callable[..., PluginOptions]) -> PluginOptions:
    return options(managed="db")


def test_enabled_plugin_is_loaded_at_the_next_build(
    engine: sa.Engine, build: Callable[..., PluginSystem], wanted: PluginOptions
) -> None:
    assert build(managed="db").names == ("core",)
    before = read_generation(engine)

    plan = enable(engine, wanted, "good", **WHEN)

    assert [each.name for each in plan.plugins] == ["good"]
    assert plan.revisions == {"good": ("good_0001",)}
    assert read_generation(engine) == before + 1
    assert read_states(engine)["good"].changed_by == "ada"
    assert "good_row" not in tables(engine)
    assert build(managed="db").names == ("core", "good")
    assert read_states(engine)["good"].schema_head == "good_0001"


def test_requirements_are_enabled_with_it_when_asked(
    engine: sa.Engine, build: Callable[..., PluginSystem], wanted: PluginOptions
) -> None:
    build(managed="db")
    with pytest.raises(CannotChangePlugin, match="needs the plugin good, which is not enabled") as refused:
        enable(engine, wanted, "needs_good", **WHEN)
    assert refused.value.problem is not None
    assert refused.value.problem.code == "P003"

    plan = enable(engine, wanted, "needs_good", with_requirements=True, **WHEN)

    assert [each.name for each in plan.plugins] == ["good", "needs_good"]
    assert build(managed="db").names == ("core", "good", "needs_good")


@pytest.mark.parametrize(
    ("name", "code"),
    [("broken_import", "P006"), ("broken_manifest", "P014"), ("ghost", "P001"), ("broken_api", "P002")],
)
def test_plugin_that_cannot_run_is_not_enabled(
    engine: sa.Engine, build: Callable[..., PluginSystem], wanted: PluginOptions, name: str, code: str
) -> None:
    build(managed="db")
    before = read_generation(engine)

    plan = plan_enable(engine, wanted, name)

    assert plan.problem is not None
    assert plan.problem.code == code
    with pytest.raises(CannotChangePlugin):
        enable(engine, wanted, name, **WHEN)
    assert read_generation(engine) == before
    assert name not in read_states(engine)


def test_disabled_plugin_keeps_its_data(
    engine: sa.Engine, build: Callable[..., PluginSystem], wanted: PluginOptions
) -> None:
    build(managed="db")
    enable(engine, wanted, "needs_good", with_requirements=True, **WHEN)
    build(managed="db")
    with pytest.raises(CannotChangePlugin, match="needs_good need the plugin good"):
        disable(engine, wanted, "good", **WHEN)

    assert disable(engine, wanted, "good", cascade=True, **WHEN) == ("needs_good", "good")

    assert build(managed="db").names == ("core",)
    assert {"good_row", "needs_good_row"} <= tables(engine)
    with pytest.raises(CannotChangePlugin, match="not enabled"):
        disable(engine, wanted, "good", **WHEN)
    enable(engine, wanted, "good", **WHEN)
    assert build(managed="db").names == ("core", "good")


def test_broken_plugin_stays_wanted_and_can_be_disabled(
    engine: sa.Engine, build: Callable[..., PluginSystem], wanted: PluginOptions
) -> None:
    build(managed="db")
    enable(engine, wanted, "broken_hook", **WHEN)

    system = build(managed="db")

    assert system.problems["broken_hook"].code == "P008"
    assert read_states(engine)["broken_hook"].state == "blocked"
    assert disable(engine, wanted, "broken_hook", **WHEN) == ("broken_hook",)
    assert build(managed="db").problems == {}


def test_settings_file_wins_where_it_decides(
    engine: sa.Engine, build: Callable[..., PluginSystem], options: Callable[..., PluginOptions]
) -> None:
    build("good")

    for change in (enable, disable):
        with pytest.raises(CannotChangePlugin, match="settings file"):
            change(engine, options("good"), "good", **WHEN)


def test_environment_names_what_never_loads() -> None:
    assert disabled_by({"CRMFRAME_PLUGINS_DISABLED": "sales, loyalty,"}) == frozenset({"sales", "loyalty"})
    assert disabled_by({}) == frozenset()


def test_starting_again_writes_nothing_when_nothing_changed(
    engine: sa.Engine, build: Callable[..., PluginSystem]
) -> None:
    build("good", "broken_hook")
    statements: list[str] = []
    sa.event.listen(engine, "before_cursor_execute", lambda *event: statements.append(event[2]))
    build("good", "broken_hook")

    assert [text for text in statements if not text.lstrip().upper().startswith(("SELECT", "BEGIN"))] == []


def test_plugin_whose_code_vanished_is_named_and_its_data_kept(
    engine: sa.Engine, build: Callable[..., PluginSystem]
) -> None:
    build("good")

    system = build("good", paths=())

    assert system.problems["good"].code == "P001"
    assert read_states(engine)["good"].state == "blocked"
    assert read_states(engine)["good"].schema_head == "good_0001"
    assert "good_row" in tables(engine)
