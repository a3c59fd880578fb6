"""What each plugin is, does and adds, for ``crmframe plugin list`` and ``info`` and for the admin page."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from crmframe.core.contributions import Action, ChoiceExtension, Extension
from crmframe.hookspecs import HOOKS
from crmframe.kernel.codes import PluginProblem
from crmframe.kernel.loader import LoadedPlugin
from crmframe.kernel.manifest import Manifest

ReportState = Literal["enabled", "blocked", "disabled"]


@dataclass(frozen=True, slots=True)
class PluginReport:
    """One line of the plugin list.

    Attributes:
        state: ``disabled`` is available but not wanted; ``blocked`` is wanted but does not run, ``problem`` says why.
        adds: Names of what it declares, by hook.
        hooks: The hooks that it implements and that are called later.
        needed_by: Running plugins that require it.
    """

    name: str
    state: ReportState
    version: str
    label: Mapping[str, str]
    summary: Mapping[str, str]
    requires: Mapping[str, str]
    grants: Mapping[str, Any]
    problem: PluginProblem | None = None
    adds: Mapping[str, tuple[str, ...]] | None = None
    hooks: tuple[str, ...] = ()
    needed_by: tuple[str, ...] = ()


def report(
    available: Mapping[str, Manifest], loaded: Sequence[LoadedPlugin], problems: Mapping[str, PluginProblem]
) -> list[PluginReport]:
    """Return one report per plugin that is available or wanted, by name."""
    running = {each.name: each for each in loaded}
    manifests = {**available, **{name: each.manifest for name, each in running.items()}}
    lines = []
    for name in sorted({*manifests, *problems}):
        needed_by = tuple(each.name for each in loaded if name in each.manifest.requires)
        lines.append(_line(name, manifests.get(name), running.get(name), problems.get(name), needed_by))
    return lines


def _line(
    name: str,
    manifest: Manifest | None,
    plugin: LoadedPlugin | None,
    problem: PluginProblem | None,
    needed_by: tuple[str, ...],
) -> PluginReport:
    return PluginReport(
        name,
        "enabled" if plugin else "blocked" if problem else "disabled",
        str(manifest.version) if manifest else "",
        manifest.label if manifest else {"en": name},
        manifest.summary if manifest else {},
        {other: str(versions) or "*" for other, versions in manifest.requires.items()} if manifest else {},
        manifest.grants if manifest else {},
        problem,
        {hook: tuple(map(item_name, items)) for hook, items in plugin.declared.items() if items}
        if plugin
        else None,
        _called_hooks(plugin) if plugin else (),
        needed_by,
    )


def _called_hooks(plugin: LoadedPlugin) -> tuple[str, ...]:
    return tuple(sorted({each.hook for each in plugin.found if HOOKS[each.hook].kind != "declare"}))


def item_name(item: Any) -> str:
    """Return how people call one declared thing."""
    if isinstance(item, Action):
        return f"{item.entity}.{item.name}"
    if isinstance(item, Extension):
        return f"{item.entity} + {item.model.__name__}"
    if isinstance(item, ChoiceExtension):
        return f"{item.entity}.{item.field}"
    names = (getattr(item, attribute, None) for attribute in ("key", "name", "path", "__name__"))
    return next((name for name in names if isinstance(name, str)), str(item))
