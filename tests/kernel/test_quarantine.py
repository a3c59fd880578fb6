"""Broken plugins: each is named by its code, leaves nothing in the database, and the others run."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import sqlalchemy as sa

from crmframe.core.errors import Vetoed
from crmframe.kernel.codes import CannotStart
from crmframe.kernel.dispatch import Notice
from crmframe.kernel.manifest import Manifest
from crmframe.kernel.options import PluginOptions
from crmframe.kernel.state import read_states
from crmframe.kernel.system import PluginSystem, load_plugins
from tests.kernel.conftest import tables

FRAMEWORK = {"crm_plugin", "crm_generation", "crm_schema_kernel", "crm_schema_core", "core_customers"}
GOOD = {"good_row", "crm_schema_good"}
BROKEN = {
    "broken_import": ("P006", "there_is_no_such_module"),
    "broken_sysexit": ("P006", "licence check failed"),
    "broken_mapper": ("P006", "Nowhere"),
    "broken_migration": ("P007", "no such luck"),
    "broken_migration_exit": ("P007", "SystemExit: 3"),
    "broken_alter": ("P007", "changed core_customers"),
    "broken_index": ("P007", "changed core_customers"),
    "broken_drop": ("P007", "core_customers"),
    "broken_prefix": ("P007", "must start with broken_prefix_"),
    "broken_key": ("P007", "needs ON DELETE CASCADE or SET NULL"),
    "broken_hook": ("P008", "Did you mean before_create?"),
    "broken_settings": ("P009", "limit"),
    "broken_grant": ("P011", "policy = true"),
    "broken_manifest": ("P014", "sometimes"),
    "broken_arguments": ("P015", "session"),
    "broken_wrapper": ("P016", "a wrapper"),
    "broken_async": ("P016", "async"),
    "broken_generator": ("P016", "a generator"),
    "broken_table": ("P007", "must start with broken_table_"),
    "broken_types": ("P017", "Sequence[MenuItem]"),
    "broken_none": ("P017", "NoneType"),
    "broken_declare": ("P018", "while declaring"),
    "broken_need": ("P003", "ghost"),
    "broken_version": ("P004", ">=2.0"),
    "broken_api": ("P002", ">=2.0"),
    "broken_conflict": ("P013", "good"),
    "broken_cycle_a": ("P005", "broken_cycle_a → broken_cycle_b → broken_cycle_a"),
    "not_there": ("P001", "not installed"),
}


@pytest.mark.parametrize("name", sorted(BROKEN))
def test_broken_plugin_is_quarantined_with_its_code(
    name: str, build: Callable[..., PluginSystem], engine: sa.Engine
) -> None:
    code, words = BROKEN[name]
    others = ("broken_cycle_b",) if name == "broken_cycle_a" else ()

    system = build("good", name, *others)

    assert system.names == ("core", "good")
    assert system.problems[name].code == code
    assert words in system.problems[name].message()
    assert tables(engine) == FRAMEWORK | GOOD
    columns = {column["name"] for column in sa.inspect(engine).get_columns("core_customers")}
    assert columns == {"id", "name"}
    assert sa.inspect(engine).get_indexes("core_customers") == []
    assert read_states(engine)[name].state == "blocked"
    assert read_states(engine)[name].error.startswith(code)


def test_all_broken_plugins_together_leave_the_good_one_running(
    build: Callable[..., PluginSystem], engine: sa.Engine
) -> None:
    system = build("good", "needs_good", *BROKEN, "broken_cycle_b", "broken_cascade")

    assert system.names == ("core", "good", "needs_good")
    assert set(system.problems) == {*BROKEN, "broken_cycle_b", "broken_cascade"}
    assert tables(engine) == FRAMEWORK | GOOD | {"needs_good_row", "crm_schema_needs_good"}
    assert system.hooks.contribute("notices", None) == [("good", "All is good.")]


def test_dependents_of_a_broken_plugin_are_quarantined_too(build: Callable[..., PluginSystem]) -> None:
    system = build("broken_migration", "broken_cascade")

    assert system.problems["broken_cascade"].code == "P003"
    assert "does not run (P007)" in system.problems["broken_cascade"].message()


def test_hanging_and_exiting_imports_end_in_a_child_process(
    engine: sa.Engine, core: Manifest, options: Callable[..., PluginOptions]
) -> None:
    wanted = options("broken_exit", "broken_hang", "broken_import", "good", import_seconds=2.0)

    system = load_plugins(engine, wanted, core=core)

    assert system.names == ("core", "good")
    assert {name: problem.code for name, problem in system.problems.items()} == dict.fromkeys(
        ("broken_exit", "broken_hang", "broken_import"), "P006"
    )
    assert "exit code 7" in system.problems["broken_exit"].message()
    assert "within 2 seconds" in system.problems["broken_hang"].message()
    assert tables(engine) == FRAMEWORK | GOOD


def test_on_failure_fail_refuses_to_start(build: Callable[..., PluginSystem]) -> None:
    with pytest.raises(CannotStart, match="P008"):
        build("good", "broken_hook", on_failure="fail")


def test_safe_mode_and_the_environment_switch_off_what_the_file_switches_on(
    build: Callable[..., PluginSystem], engine: sa.Engine
) -> None:
    build("good", "needs_good")

    assert build("good", "needs_good", safe_mode=True).names == ("core",)
    assert build("good", "needs_good", disabled=frozenset({"needs_good"})).names == ("core", "good")
    assert read_states(engine)["needs_good"].state == "enabled"


def test_failing_guard_refuses_the_change_and_names_the_plugin(build: Callable[..., PluginSystem]) -> None:
    system = build("good", "broken_guard")

    with pytest.raises(Vetoed) as refused:
        system.hooks.guard("before_create", type("Change", (), {"verb": "create"})())

    assert refused.value.data["plugin"] == "broken_guard"
    assert "failed while checking" in str(refused.value)


def test_failing_contribution_costs_its_own_part_only(build: Callable[..., PluginSystem]) -> None:
    system = build("good", "broken_contribution")

    assert system.hooks.contribute("notices", None) == [
        ("broken_contribution", Notice("broken_contribution", "notices")),
        ("good", "All is good."),
    ]


def test_two_systems_with_different_plugins_live_side_by_side(build: Callable[..., PluginSystem]) -> None:
    one, other = build("good"), build()

    assert one.hooks.contribute("notices", None) == [("good", "All is good.")]
    assert other.hooks.contribute("notices", None) == []


def test_rejected_plugin_is_left_out_of_the_tables(build: Callable[..., PluginSystem]) -> None:
    system = build("good", "broken_types")
    metadata = sa.MetaData()
    for name in ("core_customers", "good_row", "broken_types_row"):
        sa.Table(name, metadata, sa.Column("id", sa.Integer, primary_key=True))

    assert {table.name for table in system.tables(metadata)} == {"core_customers", "good_row"}


def test_report_says_what_each_plugin_adds_or_why_it_does_not_run(build: Callable[..., PluginSystem]) -> None:
    lines = {line.name: line for line in build("good", "needs_good", "broken_hook").report()}

    assert lines["good"].state == "enabled"
    assert lines["good"].adds == {"entities": ("Row",), "menu": ("good",)}
    assert lines["good"].hooks == ("before_create", "notices")
    assert lines["good"].needed_by == ("needs_good",)
    assert lines["broken_hook"].state == "blocked"
    assert lines["broken_types"].state == "disabled"
    broken = lines["broken_manifest"].problem
    assert broken is not None
    assert [reason.field for reason in broken.reasons] == ["colour", "version", "api", "label"]


def test_real_core_runs_beside_all_broken_plugins(
    engine: sa.Engine, options: Callable[..., PluginOptions]
) -> None:
    alone = load_plugins(engine, options())
    before = tables(engine)

    system = load_plugins(engine, options("good", *BROKEN, "broken_cycle_b"))

    assert alone.names == ("core",)
    assert system.names == ("core", "good")
    assert {name: problem.code for name, problem in system.problems.items() if name != "broken_cycle_b"} == {
        name: code for name, (code, _) in BROKEN.items()
    }
    assert tables(engine) - before == GOOD
    assert system.plugin("core").declared["entities"]
