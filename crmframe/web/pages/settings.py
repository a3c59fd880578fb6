"""The settings of the workspace for administrators: a form derived from what the core and the plugins declare."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from crmframe.core.contributions import Setting
from crmframe.core.entities.field import Field
from crmframe.core.errors import InvalidInput, Problem
from crmframe.core.workspace.maps import map_of
from crmframe.core.workspace.settings import ENTITY, write_settings
from crmframe.web.pages import form
from crmframe.web.pages.admitting import require_admin
from crmframe.web.pages.doing import change
from crmframe.web.pages.inputs import control
from crmframe.web.respond import Call, Reply

if TYPE_CHECKING:
    from crmframe.core.work import UnitOfWork
    from crmframe.web.pages.view import View

PAGE = "/admin/settings"


def show_settings(call: Call, work: UnitOfWork) -> Reply:
    """Show every setting in its group, with the value that holds."""
    view = require_admin(call, work)
    return _page(view, held_settings(work, _fields(view)))


def save_settings(call: Call, work: UnitOfWork) -> Reply:
    """Save what was changed; show the form again with everything that is wrong."""
    view = require_admin(call, work)
    fields = _fields(view)
    values = form.posted(call, view, fields)
    held = held_settings(work, fields)
    changed = form.differing(view, fields, values, held)
    try:
        return change(call, work, lambda writing: write_settings(writing, changed), PAGE)
    except InvalidInput as error:
        return _page(view, {**held, **values}, error.problems)


def _page(view: View, values: Mapping[str, Any], problems: Sequence[Problem] = ()) -> Reply:
    entity = view.work.schema.entity(ENTITY)
    fields = _fields(view)
    offers = form.offers_for(view, fields, values)
    groups: dict[str, list[dict[str, Any]]] = {}
    for plugin, setting in _declared(view):
        field = _field(plugin, setting)
        made = control(view, entity, field, values.get(setting.key), offers)
        made["errors"] = [view.message(problem) for problem in problems if problem.field == setting.key]
        groups.setdefault(_heading(view, plugin, setting), []).append(made)
    data = {"view": view, "groups": groups, "failed": bool(problems)}
    return Reply(data, "settings.html", 422 if problems else 200)


def held_settings(work: UnitOfWork, fields: Sequence[Field]) -> dict[str, Any]:
    """Return the values that hold, also those that the installation gives."""
    given = work.settings
    installed = {
        "locale": given.locale,
        "zone": given.zone.key,
        "currency": given.currency,
        "region": given.region,
        "maps": map_of(work),
    }
    usual = {f"core.{name}": value for name, value in installed.items()}
    held = {each.name: work.setting(each.name) for each in fields}
    return {key: usual.get(key) if value is None else value for key, value in held.items()}


def _heading(view: View, plugin: str, setting: Setting) -> str:
    if setting.group:
        return view.text(plugin, setting.group)
    manifests = {each.name: each.manifest for each in view.call.site.application.plugins.loaded}
    labels = manifests[plugin].label
    return labels.get(view.locale) or labels.get("en", plugin)


def _declared(view: View) -> list[tuple[str, Setting]]:
    found = view.work.hooks.collect("settings")
    return [(plugin, each) for plugin, settings in found for each in settings if not each.hidden]


def _fields(view: View) -> list[Field]:
    return [_field(plugin, setting) for plugin, setting in _declared(view)]


def _field(plugin: str, setting: Setting) -> Field:
    return Field(setting.key, setting.kind, setting.label, setting.help, plugin=plugin)
