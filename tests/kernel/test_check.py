"""Plugins are tried out on a scratch database."""

from __future__ import annotations

from collections.abc import Callable

from crmframe.core.errors import InvalidFilter
from crmframe.kernel.check import check_plugin
from crmframe.kernel.loader import LoadedPlugin
from crmframe.kernel.manifest import Manifest
from crmframe.kernel.options import PluginOptions


def test_plugin_that_works_has_no_problem(core: Manifest, options: Callable[..., PluginOptions]) -> None:
    assert check_plugin("needs_good", options(safe_mode=True), core=core) == {}


def test_every_problem_of_a_start_is_found(core: Manifest, options: Callable[..., PluginOptions]) -> None:
    for name, code in (
        ("broken_key", "P007"),
        ("broken_hook", "P008"),
        ("broken_sysexit", "P006"),
        ("ghost", "P001"),
    ):
        assert check_plugin(name, options(), core=core)[name].code == code


def test_what_the_application_refuses_is_found(core: Manifest, options: Callable[..., PluginOptions]) -> None:
    def examine(plugin: LoadedPlugin) -> None:
        if plugin.name == "good":
            raise InvalidFilter(name="slug", allowed="others")

    problems = check_plugin("needs_good", options(), examine=examine, core=core)

    assert {name: problem.code for name, problem in problems.items()} == {
        "good": "P006",
        "needs_good": "P003",
    }
    assert "Cannot use slug here" in problems["good"].message()
