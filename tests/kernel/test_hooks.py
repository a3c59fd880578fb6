"""Every hook has a test of its own here, with the failure policy of its kind."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from types import ModuleType
from typing import Any

import click
import pytest
from starlette.routing import Route

from crmframe.core import contributions as c
from crmframe.core.entities.kinds import Boolean
from crmframe.core.errors import NotFound, Vetoed
from crmframe.hookspecs import HOOKS
from crmframe.kernel.codes import PluginFailed, PluginRejected
from crmframe.kernel.dispatch import Hooks, Notice
from tests.kernel.hooking import CONTEXT, hooks_of, module, raising, register

# --- declare ------------------------------------------------------------------------------------------

DECLARED: dict[str, Any] = {
    "entities": int,
    "extensions": c.Extension("core.customer", int),
    "choices": c.ChoiceExtension("core.customer", "source", [c.Choice("fair", "Fair")]),
    "actions": c.Action("sales.deal", "win", run=print, label="Win"),
    "permissions": c.Permission("sales.report", "See reports"),
    "jobs": c.Job("sales.remind", run=print),
    "subscriptions": c.Subscription("sales.react", ["sales.deal.*"], handle=print),
    "checks": c.Check("sales.amounts", run=lambda work: []),
    "routes": Route("/funnel", print),
    "menu": c.MenuItem("funnel", "Funnel", "/p/sales/funnel"),
    "panels": c.Panel("deals", "core.customer", "Deals", view=print, template="sales/panel.html"),
    "widgets": c.Widget("funnel", "Funnel", view=print, template="sales/widget.html"),
    "log_parts": c.LogPart("sales.deal", "move", ("stage_id",)),
    "settings": c.Setting("sales.ask", "Ask for the next step", Boolean(), default=False),
    "notification_kinds": c.NotificationKind("sales.won", "A deal is won", "{record} is won."),
    "number_series": c.NumberSeries("sales.quote", "Quotes", "Q-{number}"),
    "kept_fields": c.Kept("sales.lead", keep=print),
    "assignment_strategies": c.Strategy("sales.by_chance", "By chance", choose=print),
    "reachable": c.Reachable("sales.lead", {"email": "email"}),
    "duplicate_keys": c.DuplicateKeys("sales.lead", emails=("email",)),
    "presets": c.Preset("sales", "Sales", plugins=("sales",)),
    "notification_channels": c.NotificationChannel("sales.sms", "Text message", tell=print),
    "samples": c.Sample("crmframe_sales.demo.company:steps"),
    "commands": click.Command("funnel"),
}


def check_declared(name: str) -> None:
    item = DECLARED[name]

    assert hooks_of(sales=module(**{name: lambda: [item]})).collect(name) == [("sales", (item,))]
    with pytest.raises(PluginRejected) as wrong:
        hooks_of(sales=module(**{name: lambda: [object()]}))
    assert wrong.value.problem.code == "P017"
    with pytest.raises(PluginRejected) as failed:
        hooks_of(sales=module(**{name: raising(SystemExit(1))}))
    assert failed.value.problem.code == "P018"


def test_hook_entities() -> None:
    check_declared("entities")


def test_hook_extensions() -> None:
    check_declared("extensions")


def test_hook_choices() -> None:
    check_declared("choices")


def test_hook_actions() -> None:
    check_declared("actions")


def test_hook_permissions() -> None:
    check_declared("permissions")


def test_hook_jobs() -> None:
    check_declared("jobs")


def test_hook_subscriptions() -> None:
    check_declared("subscriptions")


def test_hook_checks() -> None:
    check_declared("checks")


def test_hook_routes() -> None:
    check_declared("routes")


def test_hook_menu() -> None:
    check_declared("menu")


def test_hook_panels() -> None:
    check_declared("panels")


def test_hook_widgets() -> None:
    check_declared("widgets")


def test_hook_log_parts() -> None:
    check_declared("log_parts")


def test_hook_settings() -> None:
    check_declared("settings")


def test_hook_notification_kinds() -> None:
    check_declared("notification_kinds")


def test_hook_number_series() -> None:
    check_declared("number_series")


def test_hook_kept_fields() -> None:
    check_declared("kept_fields")


def test_hook_assignment_strategies() -> None:
    check_declared("assignment_strategies")


def test_hook_reachable() -> None:
    check_declared("reachable")


def test_hook_duplicate_keys() -> None:
    check_declared("duplicate_keys")


def test_hook_presets() -> None:
    check_declared("presets")


def test_hook_notification_channels() -> None:
    check_declared("notification_channels")


def test_hook_samples() -> None:
    check_declared("samples")


def test_hook_commands() -> None:
    check_declared("commands")


def test_declarations_of_two_functions_of_one_plugin_are_joined() -> None:
    made = ModuleType("sample")
    for name, item in (("one", DECLARED["menu"]), ("two", c.MenuItem("more", "More", "/more"))):
        setattr(made, name, HOOKS["menu"].impl(lambda item=item: [item]))

    assert [item.key for item in hooks_of(sales=made).collect("menu")[0][1]] == ["funnel", "more"]


# --- guard --------------------------------------------------------------------------------------------


def check_guard(name: str) -> None:
    calls: list[str] = []
    quiet = module(**{name: lambda change: calls.append("quiet")})
    never = module(**{name: lambda change: calls.append("never")})
    strict = module(**{name: raising(c.Veto("Not before {hour}.", "closes_at", hour=9))})

    with pytest.raises(Vetoed, match=r"Not before 9\. \(b\)") as refused:
        hooks_of(a=quiet, b=strict, z=never).guard(name, None)

    assert calls == ["quiet"]
    because = refused.value.data["because"]
    assert (because.domain, because.field, because.template, because.data) == (
        "b",
        "closes_at",
        "Not before {hour}.",
        {"hour": 9},
    )
    for error in (RuntimeError("oops"), SystemExit(1), NotFound(entity="deal", id=1)):
        with pytest.raises(Vetoed, match="broken failed while checking"):
            hooks_of(broken=module(**{name: raising(error)})).guard(name, None)
    with pytest.raises(KeyboardInterrupt):
        hooks_of(broken=module(**{name: raising(KeyboardInterrupt())})).guard(name, None)


def test_hook_before_create() -> None:
    check_guard("before_create")


def test_hook_before_update() -> None:
    check_guard("before_update")


def test_hook_before_delete() -> None:
    check_guard("before_delete")


def test_hook_before_action() -> None:
    check_guard("before_action")


# --- chain and first ----------------------------------------------------------------------------------


def check_chain(name: str, value: Any, change: Callable[[Any], Any]) -> None:
    hooks = hooks_of(
        a=module(**{name: lambda context, value: change(value)}),
        b=module(**{name: change}),
    )

    assert hooks.chain(name, CONTEXT, value) == change(change(value))
    for broken in (
        raising(RuntimeError("oops")),
        lambda context, value: None,
        lambda context, value: object(),
    ):
        with pytest.raises(PluginFailed) as failed:
            hooks_of(a=module(**{name: broken})).chain(name, CONTEXT, value)
        assert failed.value.data == {"plugin": "a", "hook": name}
    with pytest.raises(NotFound):
        hooks_of(a=module(**{name: raising(NotFound(entity="deal", id=1))})).chain(name, CONTEXT, value)


def test_hook_amend_policy() -> None:
    check_chain("amend_policy", ("term",), lambda value: (*value, "and more"))
    with pytest.raises(PluginRejected) as refused:
        register(Hooks(), "sales", module(amend_policy=lambda context, value: value), {"network": []})
    assert refused.value.problem.code == "P011"


def test_hook_amend_form() -> None:
    form = c.FormView(None, ("name",))  # type: ignore[arg-type]
    check_chain("amend_form", form, lambda value: c.FormView(value.entity, (*value.fields, "code")))


def test_hook_home_page() -> None:
    silent, loud = module(home_page=lambda context: None), module(home_page=lambda context: "/deals")

    assert (
        hooks_of(a=silent, b=loud, z=module(home_page=lambda: "/never")).first("home_page", CONTEXT)
        == "/deals"
    )
    assert hooks_of(a=silent).first("home_page", CONTEXT) is None
    for broken in (raising(SystemExit(1)), lambda: 42):
        with pytest.raises(PluginFailed):
            hooks_of(a=module(home_page=broken)).first("home_page", CONTEXT)


# --- contribute ---------------------------------------------------------------------------------------


def check_contribute(name: str, item: Any) -> None:
    hooks = hooks_of(
        a=module(**{name: lambda context: [item]}),
        b=module(**{name: raising(SystemExit("oops"))}),
        d=module(**{name: lambda: [object()]}),
        e=module(**{name: lambda: None}),
        f=module(**{name: lambda: (item, item)}),
    )

    assert hooks.contribute(name, CONTEXT) == [
        ("a", item),
        ("b", Notice("b", name)),
        ("d", Notice("d", name, "P105")),
        ("f", item),
        ("f", item),
    ]
    assert [failure.code for failure in hooks.failures] == ["P101", "P105"]


def test_hook_record_buttons() -> None:
    check_contribute("record_buttons", c.Button("call", "Call", "/call"))


def test_hook_row_badges() -> None:
    check_contribute("row_badges", c.Badge(7, "VIP"))


def test_hook_timeline() -> None:
    check_contribute("timeline", c.TimelineItem(datetime(2026, 1, 1, tzinfo=UTC), "Deal won"))


def test_hook_prerequisites() -> None:
    check_contribute(
        "prerequisites", c.Prerequisite("A deal needs a pipeline.", "Make one", "/pipelines/new")
    )


def test_hook_notices() -> None:
    check_contribute("notices", "Three deals wait for you.")


def test_every_hook_has_its_test() -> None:
    assert {f"test_hook_{name}" for name in HOOKS} <= set(globals())
