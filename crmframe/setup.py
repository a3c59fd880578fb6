"""The first run: what a company begins with, from one choice, whatever the door.

A preset names plugins and makes records. It can be chosen again: what is there stays as it is.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from crmframe.application import Application
from crmframe.core import records
from crmframe.core.access.roles import install_roles
from crmframe.core.contributions import Preset
from crmframe.core.errors import NotFound
from crmframe.core.work import Acting
from crmframe.core.workspace.settings import PRESET, write_settings
from crmframe.kernel import lifecycle

if TYPE_CHECKING:
    from crmframe.core.access.actor import Actor
    from crmframe.core.work import UnitOfWork

EVERYTHING = "all"


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a preset led to: plugins that run now, and those that are not installed."""

    running: tuple[str, ...]
    missing: tuple[str, ...]


def presets_of(application: Application) -> dict[str, Preset]:
    """Return the presets by key; several plugins may add to one."""
    found: dict[str, Preset] = {}
    for _, declared in application.hooks.collect("presets"):
        for each in declared:
            known = found.get(each.key)
            plugins = tuple(dict.fromkeys((*(known.plugins if known else ()), *each.plugins)))
            found[each.key] = replace(known or each, plugins=plugins)
    return found


def plugins_of(application: Application, preset: Preset) -> tuple[list[str], list[str]]:
    """Return the installed plugins of a preset, and those that are not installed."""
    installed = application.plugins.available
    if preset.key == EVERYTHING:
        return sorted(set(installed) - {"core"}), [name for name in preset.plugins if name not in installed]
    return (
        [name for name in preset.plugins if name in installed],
        [name for name in preset.plugins if name not in installed],
    )


def begin_with(
    application: Application, key: str, settings: Mapping[str, Any], *, actor: Actor | None, door: str
) -> Outcome:
    """Write the settings, switch the preset's plugins on, and let each make what it needs.

    Args:
        settings: What the company is called, its language, zone, currency and region, by key of the setting.

    Raises:
        NotFound: There is no such preset.
        InvalidInput: Names every setting that does not fit.
        CannotChangePlugin: The settings file decides which plugins run.
    """
    preset = presets_of(application).get(key)
    if preset is None:
        raise NotFound(entity="preset", id=key)
    wanted, missing = plugins_of(application, preset)
    with application.work(actor, door=door, reason=f"preset {key}") as work:
        write_settings(work, settings)
    _switch_on(application, wanted, actor)
    # What was switched on takes part from here: an application of its own, built with it.
    complete = Application(application.settings, clock=application.clock)
    try:
        settle(complete, actor, door=door, reason=f"preset {key}")
        with complete.work(actor, door=door, reason=f"preset {key}") as work:
            for _, declared in complete.hooks.collect("presets"):
                _apply(work, declared, key)
            write_settings(work, {PRESET: key})
        running = tuple(sorted(each.name for each in complete.plugins.loaded if each.name != "core"))
    finally:
        complete.close()
    return Outcome(running, tuple(missing))


def _switch_on(application: Application, wanted: Sequence[str], actor: Actor | None) -> None:
    running = {each.name for each in application.plugins.loaded}
    engine, options = application.database.engine, application.settings.plugin_options()
    by = actor.name if actor else "system"
    for name in wanted:
        if name not in running:
            lifecycle.enable(engine, options, name, with_requirements=True, by=by, at=application.clock())


def _apply(work: UnitOfWork, declared: Sequence[Preset], key: str) -> None:
    for each in declared:
        if each.apply is not None and key in (each.key, EVERYTHING):
            each.apply(work)


def settle(
    application: Application,
    actor: Actor | None = None,
    *,
    door: str = "cli",
    reason: str = "crmframe db upgrade",
) -> None:
    """Make the default roles, and grant them what plugins brought since."""
    with application.work(actor, door=door, reason=reason) as work:
        install_roles(work, _create_many, [each.name for each in application.permissions])


def _create_many(work: UnitOfWork, entity: str, rows: Sequence[Mapping[str, Any]]) -> Sequence[int]:
    # The kind of a role is hidden from every door: it is the core itself that writes here.
    with work.acting_as(Acting("core.role", "install", "core")):
        return records.create_many(work, entity, rows)
