"""Hooks are called in dependency order; what fails again and again is paused; calls can be traced."""

from __future__ import annotations

import time
import timeit
from datetime import UTC, datetime, timedelta
from types import ModuleType
from typing import Any

import pytest

from crmframe.core import contributions as c
from crmframe.core.errors import InvalidInput, Problem, Vetoed
from crmframe.hookspecs import HOOKS
from crmframe.kernel.dispatch import SLOW_SECONDS, Call, Hooks, Notice
from tests.kernel.hooking import CONTEXT, from_source, hooks_of, module, raising, register


class Clock:
    """A clock that stands still until it is moved."""

    def __init__(self) -> None:
        self.now = datetime(2026, 1, 1, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now


def test_three_failures_in_a_row_pause_a_contribution_for_five_minutes() -> None:
    clock, calls = Clock(), []

    def broken(context: Any) -> Any:
        calls.append(clock.now)
        raise RuntimeError("oops")

    hooks = Hooks(clock=clock)
    register(hooks, "a", module(notices=broken))
    codes = [hooks.contribute("notices", CONTEXT)[0][1].code for _ in range(5)]

    assert codes == ["P101", "P101", "P101", "P102", "P102"]
    assert len(calls) == 3
    assert hooks.paused() == [("a", "notices")]
    clock.now += timedelta(minutes=5)
    assert [hooks.contribute("notices", CONTEXT)[0][1].code for _ in range(2)] == ["P101", "P102"]
    assert len(calls) == 4


def test_contribution_that_recovers_is_called_again() -> None:
    clock, answers = (
        Clock(),
        [RuntimeError("1"), RuntimeError("2"), RuntimeError("3"), "fine", RuntimeError("4"), "fine"],
    )

    def flaky(context: Any) -> list[str]:
        answer = answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return [answer]

    hooks = Hooks(clock=clock)
    register(hooks, "a", module(notices=flaky))
    for _ in range(4):
        hooks.contribute("notices", CONTEXT)
    clock.now += timedelta(minutes=6)

    assert hooks.contribute("notices", CONTEXT) == [("a", "fine")]
    assert hooks.contribute("notices", CONTEXT) == [("a", Notice("a", "notices"))]
    assert hooks.contribute("notices", CONTEXT) == [("a", "fine")]


def test_slow_contribution_is_logged(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("crmframe.kernel.dispatch.SLOW_SECONDS", 0.0)

    hooks_of(a=module(notices=lambda: ["late"])).contribute("notices", CONTEXT)

    assert "a took 0 ms in notices." in caplog.text


def test_panels_and_widgets_are_isolated_in_the_same_way() -> None:
    recovered: list[Any] = []
    hooks = Hooks(recover=recovered.append)

    assert hooks.isolate("a", "panel deals", lambda context: {"rows": []}, CONTEXT) == {"rows": []}
    assert hooks.isolate("a", "panel deals", raising(ZeroDivisionError()), CONTEXT) == Notice(
        "a", "panel deals"
    )
    assert recovered == [CONTEXT]


# --- order, forms, tracing ----------------------------------------------------------------------------


def test_plugins_are_called_in_dependency_order_but_for_tryfirst_and_trylast() -> None:
    hooks = Hooks()
    for plugin, options in (("a", "trylast=True"), ("b", ""), ("d", "tryfirst=True"), ("e", "")):
        register(hooks, plugin, from_source(f"@hookimpl({options})\ndef notices():\n    return ['{plugin}']"))

    assert [plugin for plugin, _ in hooks.contribute("notices", CONTEXT)] == ["d", "b", "e", "a"]


def test_optional_hook_that_does_not_exist_is_ignored() -> None:
    made = from_source("@hookimpl(optionalhook=True)\ndef of_a_later_version(context):\n    return 1")

    assert hooks_of(a=made).plugins == ("a",)


def test_keyword_only_arguments_and_defaults_work() -> None:
    made = from_source("@hookimpl\ndef notices(*, context, extra=1):\n    return [context.locale]")

    assert hooks_of(a=made).contribute("notices", CONTEXT) == [("a", "en")]


def test_typed_decorator_is_an_ordinary_implementation() -> None:
    made = ModuleType("sample")
    made.anything = HOOKS["notices"].impl(lambda context: ["typed"])  # type: ignore[attr-defined]

    assert hooks_of(a=made).contribute("notices", CONTEXT) == [("a", "typed")]


def test_removed_plugin_is_called_no_more() -> None:
    hooks = hooks_of(a=module(notices=lambda: ["a"]), b=module(notices=lambda: ["b"]))
    hooks.remove("a")
    hooks.remove("never there")

    assert hooks.contribute("notices", CONTEXT) == [("b", "b")]
    assert hooks.plugins == ("b",)


def test_trace_names_every_call_and_how_it_ended() -> None:
    calls: list[Call] = []
    hooks = Hooks(trace=calls.append)
    register(hooks, "a", module(notices=lambda: ["a"], before_create=raising(c.Veto("No."))))
    register(hooks, "b", module(notices=raising(RuntimeError("oops"))))
    hooks.contribute("notices", CONTEXT)
    with pytest.raises(Vetoed):
        hooks.guard("before_create", None)
    register(hooks, "d", module(home_page=lambda: "/", before_update=raising(RuntimeError("oops"))))
    with pytest.raises(Vetoed):
        hooks.guard("before_update", None)
    hooks.first("home_page", CONTEXT)

    assert [(call.hook, call.plugin, call.outcome, call.error) for call in calls] == [
        ("notices", "a", "ok", ""),
        ("notices", "b", "failed", "RuntimeError: oops"),
        ("before_create", "a", "veto", "Veto: No."),
        ("before_update", "d", "failed", "RuntimeError: oops"),
        ("home_page", "d", "ok", ""),
    ]


def test_hook_that_nobody_implements_costs_less_than_a_microsecond() -> None:
    hooks = hooks_of(a=module(notices=lambda: ["a"]))
    seconds = min(timeit.repeat(lambda: hooks.guard("before_update", None), number=20_000, repeat=5)) / 20_000

    # Ten times the target: this tells a loop over nothing from a search, not a fast machine from a slow one.
    assert seconds < 10e-6


def test_plugin_can_be_stopped_by_the_keyboard_everywhere() -> None:
    names = ("notices", "home_page", "before_create")
    hooks = hooks_of(a=module(**{name: raising(KeyboardInterrupt()) for name in names}))

    for name, call in zip(names, (hooks.contribute, hooks.first, hooks.guard), strict=True):
        with pytest.raises(KeyboardInterrupt):
            call(name, CONTEXT)
    with pytest.raises(KeyboardInterrupt):
        hooks_of(a=module(menu=raising(KeyboardInterrupt())))


def test_hooks_tell_what_is_implemented_where() -> None:
    hooks = hooks_of(a=module(notices=lambda: ["a"]), b=module(notices=lambda: ["b"]))

    assert [each.plugin for each in hooks.implementations("notices")] == ["a", "b"]
    assert hooks.implementations("notices")[0].where.startswith(__file__)
    assert hooks.implementations("timeline") == ()


def test_function_under_two_names_is_called_once() -> None:
    made = from_source("@hookimpl\ndef notices():\n    return ['once']\nalias = notices")

    assert hooks_of(a=made).contribute("notices", CONTEXT) == [("a", "once")]


def test_slow_contribution_is_logged_and_shown(caplog: pytest.LogCaptureFixture) -> None:
    """P103."""

    def slow(context: Any) -> list[str]:
        time.sleep(SLOW_SECONDS * 1.1)
        return ["done"]

    hooks = hooks_of(a=module(notices=slow))

    assert hooks.contribute("notices", CONTEXT) == [("a", "done")]
    assert "a took" in caplog.text


def test_guard_may_name_every_field_that_is_wrong() -> None:
    problems = [Problem("a", "missing", "Fill in a."), Problem("b", "missing", "Fill in b.")]
    hooks = hooks_of(a=module(before_create=raising(InvalidInput(problems))))

    with pytest.raises(InvalidInput) as caught:
        hooks.guard("before_create", None)

    assert caught.value.problems == problems


def test_guard_that_fails_is_a_no_with_p104() -> None:
    hooks = hooks_of(a=module(before_create=raising(RuntimeError("oops"))))

    with pytest.raises(Vetoed) as caught:
        hooks.guard("before_create", None)

    assert caught.value.data["because"].code == "P104"
    assert caught.value.data["plugin"] == "a"
