"""Plugins for administrators: what runs, what does not and why, and switching them on and off after a preview."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from crmframe.core.errors import CrmError, NotFound
from crmframe.kernel import lifecycle
from crmframe.kernel.report import PluginReport
from crmframe.web.pages.admitting import SEE_PLUGINS, require, require_admin
from crmframe.web.pages.view import View
from crmframe.web.respond import Call, Reply

if TYPE_CHECKING:
    from crmframe.core.work import UnitOfWork

TONES = {"enabled": "green", "blocked": "red", "disabled": "grey"}
STATES = {"enabled": "On", "blocked": "Quarantined", "disabled": "Off"}


def show_plugins(call: Call, work: UnitOfWork) -> Reply:
    """Show every plugin."""
    view = require(call, work, SEE_PLUGINS)
    application = call.site.application
    lines = [_line(view, each) for each in application.plugins.report() if each.name != "core"]
    failures = [(p.plugin, p.code, view.message(p)) for p in reversed(application.hooks.failures)][:20]
    data = {
        "view": view,
        "lines": lines,
        "blocked": sum(line["state"] == "blocked" for line in lines),
        "paused": application.hooks.paused(),
        "failures": failures,
        "may_switch": work.actor.is_admin,
        "managed": application.settings.plugin_options().managed == "file",
    }
    return Reply(data, "plugins.html")


def _line(view: View, each: PluginReport) -> dict[str, Any]:
    problem = each.problem
    return {
        "name": each.name,
        "label": localized(view, each.label) or each.name,
        "summary": localized(view, each.summary),
        "version": each.version,
        "state": each.state,
        "state_label": view.say(STATES[each.state]),
        "tone": TONES[each.state],
        "code": problem.code if problem else "",
        "problem": view.message(problem) if problem else "",
        "detail": problem.detail if problem else "",
        "adds": [
            (view.say(ADDS[hook]), len(names), ", ".join(names))
            for hook, names in (each.adds or {}).items()
            if hook in ADDS
        ],
        "needed_by": ", ".join(each.needed_by),
        "left_out": view.call.site.excluded.get(each.name, ""),
    }


ADDS = {
    "entities": "Record types",
    "extensions": "Field sets on other records",
    "actions": "Actions",
    "routes": "Pages",
    "panels": "Panels",
    "widgets": "Widgets",
    "jobs": "Jobs",
    "subscriptions": "Reactions",
    "commands": "Commands",
    "permissions": "Permissions",
    "checks": "Checks",
    "choices": "Choices",
    "menu": "Menu entries",
}


def localized(view: View, texts: Mapping[str, str]) -> str:
    """Return the text of a manifest in the reader's language."""
    return texts.get(view.locale) or texts.get(view.locale[:2]) or texts.get("en", "")


def show_plan(call: Call, work: UnitOfWork) -> Reply:
    """Show what switching a plugin on or off would do."""
    view, name = require_admin(call, work), call.path["name"]
    return Reply(_plan(view, name), "plugin_plan.html")


def _plan(view: View, name: str, error: CrmError | None = None) -> dict[str, Any]:
    application = view.call.site.application
    line = next((each for each in application.plugins.report() if each.name == name), None)
    if line is None or name == "core":
        raise NotFound(entity="plugin", id=name)
    shown: dict[str, Any] = {"view": view, "line": _line(view, line), "steps": [], "problem": ""}
    if line.state == "disabled":
        plan = lifecycle.plan_enable(
            application.database.engine, application.settings.plugin_options(), name, with_requirements=True
        )
        shown["steps"] = [
            (localized(view, each.label), str(each.version), list(plan.revisions.get(each.name, ())))
            for each in plan.plugins
        ]
        shown["problem"] = view.message(plan.problem) if plan.problem else ""
        shown["code"] = plan.problem.code if plan.problem else ""
    if error is not None:
        shown["problem"] = view.message(error)
    return {"code": "", **shown}


def switch(call: Call, work: UnitOfWork) -> Reply:
    """Switch a plugin on or off; every process notices and swaps its application."""
    view, name = require_admin(call, work), call.path["name"]
    application = call.site.application
    engine, options = application.database.engine, application.settings.plugin_options()
    by, at = work.actor.name, work.now
    work.connection.rollback()  # the change takes the writer's place on its own connection
    try:
        if call.form.get("to") == "on":
            lifecycle.enable(engine, options, name, with_requirements=True, by=by, at=at)
        else:
            lifecycle.disable(engine, options, name, cascade=bool(call.form.get("cascade")), by=by, at=at)
    except CrmError as error:
        return Reply(_plan(view, name, error), "plugin_plan.html", error.status)
    return Reply(location="/admin/plugins")
