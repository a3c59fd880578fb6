"""The first run in a browser: what the company is called, and what it begins with."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from crmframe.core.contributions import Setting
from crmframe.core.entities.field import Field
from crmframe.core.errors import CrmError, InvalidInput
from crmframe.core.workspace.settings import ENTITY, PRESET, declared_settings, write_settings
from crmframe.setup import begin_with, plugins_of, presets_of
from crmframe.web.pages import form
from crmframe.web.pages.admitting import require_admin
from crmframe.web.pages.doing import change
from crmframe.web.pages.inputs import control
from crmframe.web.pages.settings import held_settings
from crmframe.web.respond import Call, Reply

if TYPE_CHECKING:
    from crmframe.core.work import UnitOfWork
    from crmframe.web.pages.view import View

PAGE = "/setup"
SKIPPED = "none"
ASKED = ("core.company_name", "core.locale", "core.zone", "core.currency", "core.region")


def is_wanted(work: UnitOfWork) -> bool:
    """Return whether an administrator should be asked: nobody chose yet, and there is no customer."""
    if not work.actor.is_admin or work.setting(PRESET):
        return False
    customer = work.registry.entity("core.customer").table
    return work.connection.scalar(sa.select(customer.c.id).limit(1)) is None


def show_setup(call: Call, work: UnitOfWork) -> Reply:
    """Ask what the company is called and what it begins with."""
    view = require_admin(call, work)
    held = held_settings(work, _fields(work))
    if work.setting("core.locale") is None:
        held["core.locale"] = call.locale  # who sets it up reads this language
    return _page(view, held)


def set_up(call: Call, work: UnitOfWork) -> Reply:
    """Do what was chosen, or remember that nobody wants to be asked."""
    view = require_admin(call, work)
    if call.form.get("skip"):
        return change(call, work, lambda writing: write_settings(writing, {PRESET: SKIPPED}), "/")
    values = form.posted(call, view, _fields(work))
    application, actor = call.site.application, work.actor
    work.connection.rollback()  # plugins are switched on in transactions of their own
    try:
        begin_with(application, call.form.get("preset", ""), values, actor=actor, door="web")
    except CrmError as error:
        return _page(view, values, error)
    return Reply(location="/")


def _fields(work: UnitOfWork) -> list[Field]:
    declared = declared_settings(work)
    return [_field(declared[key]) for key in ASKED]


def _field(setting: Setting) -> Field:
    return Field(setting.key, setting.kind, setting.label, setting.help, plugin="core")


def _page(view: View, values: dict[str, Any], error: CrmError | None = None) -> Reply:
    entity = view.work.schema.entity(ENTITY)
    problems = error.problems if isinstance(error, InvalidInput) else ()
    controls = []
    for each in _fields(view.work):
        made = control(view, entity, each, values.get(each.name), {})
        made["errors"] = [view.message(problem) for problem in problems if problem.field == each.name]
        controls.append(made)
    application = view.call.site.application
    presets = [
        (key, preset, *plugins_of(application, preset)) for key, preset in presets_of(application).items()
    ]
    data = {
        "view": view,
        "controls": controls,
        "presets": presets,
        "chosen": view.call.form.get("preset", "sales"),
        "problem": view.message(error) if error is not None and not problems else "",
    }
    return Reply(data, "setup.html", error.status if error is not None else 200)
