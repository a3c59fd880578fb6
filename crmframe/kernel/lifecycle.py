"""Switching plugins on and off where the database decides: checks, a preview, one row, and a word to every process.

The running processes see the generation grow and build their application anew.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from crmframe.core.errors import Problem
from crmframe.kernel import schema
from crmframe.kernel.codes import CannotChangePlugin, PluginProblem
from crmframe.kernel.discovery import discover
from crmframe.kernel.manifest import Manifest, core_manifest
from crmframe.kernel.options import PluginOptions
from crmframe.kernel.probe import probe
from crmframe.kernel.resolver import resolve, with_requirements_of
from crmframe.kernel.state import PluginState, read_states, store_states, wanted_names


@dataclass(frozen=True, slots=True)
class EnablePlan:
    """What enabling would do.

    Attributes:
        plugins: What would be switched on, dependencies first; the last one is the one asked for.
        revisions: Migrations that would run, by plugin.
        grants: What the plugins ask for, by plugin.
        problem: Why it cannot be done, or None.
    """

    plugins: tuple[Manifest, ...]
    revisions: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    grants: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    problem: PluginProblem | None = None


def plan_enable(
    engine: sa.Engine, options: PluginOptions, name: str, *, with_requirements: bool = False
) -> EnablePlan:
    """Find out what enabling *name* would add; the plugin's code does not run in this process.

    Args:
        with_requirements: Also enable what it requires.
    """
    found, core = discover(options.paths, installed=options.installed), core_manifest()
    on = set(options.wanted(read_states(engine)))
    wanted = with_requirements_of(found.manifests, name) if with_requirements else {name}
    resolution = resolve(found.manifests, on | wanted, core=core)
    new = tuple(each for each in resolution.order if each.name in wanted - on or each.name == name)
    problem = found.problems.get(name) or resolution.problems.get(name) or _import_problem(options, new)
    if problem is not None:
        return EnablePlan(new, problem=problem)
    status = {each.name: each for each in schema.status(engine, new)}
    problem = next((each.problem for each in status.values() if each.problem is not None), None)
    revisions = {each.name: status[each.name].pending for each in new if status[each.name].pending}
    return EnablePlan(new, revisions, {each.name: each.grants for each in new if each.grants}, problem)


def enable(
    engine: sa.Engine,
    options: PluginOptions,
    name: str,
    *,
    with_requirements: bool = False,
    by: str,
    at: datetime,
) -> EnablePlan:
    """Switch *name* on and return what will be added when the application is built anew.

    Raises:
        CannotChangePlugin: The settings file decides here, or the plan has a problem.
    """
    _refuse_file(options, name)
    plan = plan_enable(engine, options, name, with_requirements=with_requirements)
    if plan.problem is not None:
        because = Problem("", plan.problem.code, plan.problem.template, {"plugin": name, **plan.problem.data})
        raise CannotChangePlugin(because, plan.problem)
    states = read_states(engine)
    heads = {known: each.schema_head for known, each in states.items()}
    new = [PluginState.of(each, "enabled", schema_head=heads.get(each.name), by=by) for each in plan.plugins]
    store_states(engine, new, at, announce=True)
    return plan


def disable(
    engine: sa.Engine, options: PluginOptions, name: str, *, cascade: bool = False, by: str, at: datetime
) -> tuple[str, ...]:
    """Switch *name* off, keeping its data, and return what was switched off, dependents first.

    Args:
        cascade: Also disable the plugins that require it.

    Raises:
        CannotChangePlugin: The settings file decides here, it is not enabled, or others require it.
    """
    _refuse_file(options, name)
    states = read_states(engine)
    on = wanted_names(states)
    if name not in on:
        raise _refusal("The plugin {plugin} is not enabled.", plugin=name)
    needed_by = _dependents(discover(options.paths, installed=options.installed).manifests, on, name)
    if needed_by and not cascade:
        template = "{others} need the plugin {plugin}. Disable those first, or all of them together."
        raise _refusal(template, plugin=name, others=", ".join(needed_by))
    names = (*needed_by, name)
    store_states(engine, [_off(states[each], by) for each in names], at, announce=True)
    return names


def _refuse_file(options: PluginOptions, name: str) -> None:
    if options.managed == "file":
        template = "Plugins are switched on and off in the settings file here: edit enabled below [plugins] for {plugin}."
        raise _refusal(template, plugin=name)


def _refusal(template: str, **data: str) -> CannotChangePlugin:
    return CannotChangePlugin(Problem("", "cannot_change_plugin", template, data))


def _import_problem(options: PluginOptions, manifests: Iterable[Manifest]) -> PluginProblem | None:
    seconds = options.import_seconds or PluginOptions().import_seconds
    found = probe(list(manifests), seconds=seconds, cache_folder=options.cache_folder)
    return next(iter(found.values()), None)


def _dependents(available: Mapping[str, Manifest], on: Iterable[str], name: str) -> list[str]:
    """Return what requires *name*, directly or not, those that nothing requires first."""
    found: list[str] = []
    waiting = [name]
    while waiting:
        wanted = waiting.pop(0)
        direct = [each for each in on if each in available and wanted in available[each].requires]
        new = [each for each in direct if each not in found]
        found += new
        waiting += new
    return found[::-1]


def _off(state: PluginState, by: str) -> PluginState:
    return PluginState(state.name, state.version, "disabled", state.table_prefix, state.schema_head, "", by)
