"""Which of the enabled plugins can run, and in which order: total on bad input.

What cannot run is named once with its reason; the rest is ordered by dependency, ties by name.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from graphlib import CycleError, TopologicalSorter

from packaging.specifiers import SpecifierSet
from packaging.version import Version

from crmframe.kernel.codes import PluginProblem
from crmframe.kernel.manifest import PLUGIN_API, Manifest


@dataclass(frozen=True, slots=True)
class Resolution:
    """``order``: what can run, dependencies first. ``problems``: the others, by name."""

    order: tuple[Manifest, ...]
    problems: Mapping[str, PluginProblem]


def resolve(
    available: Mapping[str, Manifest],
    enabled: Iterable[str],
    *,
    api: Version = PLUGIN_API,
    core: Manifest | None = None,
) -> Resolution:
    """Drop what cannot run until nothing changes any more, and order the rest.

    Args:
        enabled: Names in any order; ``core`` need not be among them.
        core: Always wanted and always first; None when there is no core to check against (tests).
    """
    everything = dict(available) if core is None else {**available, core.name: core}
    problems: dict[str, PluginProblem] = {}
    wanted: dict[str, Manifest] = {}
    for name in sorted({*enabled, *(() if core is None else (core.name,))}):
        problem = _own_problem(everything.get(name), name, api)
        if problem is None:
            wanted[name] = everything[name]
        else:
            problems[name] = problem
    while True:
        bad = _blocked(wanted, problems) or _conflicting(wanted)
        if not bad:
            order, bad = _ordered(wanted, core)
            if not bad:
                return Resolution(tuple(wanted[name] for name in order), problems)
        problems.update(bad)
        for name in bad:
            del wanted[name]


def _own_problem(manifest: Manifest | None, name: str, api: Version) -> PluginProblem | None:
    if manifest is None:
        return PluginProblem(name, "P001")
    if not manifest.api.contains(api, prereleases=True):
        data = {"version": manifest.version, "needs": str(manifest.api) or "*", "have": api}
        return PluginProblem(name, "P002", data)
    return None


def _blocked(
    wanted: Mapping[str, Manifest], problems: Mapping[str, PluginProblem]
) -> dict[str, PluginProblem]:
    found: dict[str, PluginProblem] = {}
    for name, manifest in wanted.items():
        missing = next((other for other in sorted(manifest.requires) if other not in wanted), None)
        if missing is not None:
            found[name] = missing_requirement(name, missing, problems.get(missing))
            continue
        ranges = {**manifest.optional, **manifest.requires}
        wrong = next((other for other in sorted(ranges) if not _fits(wanted.get(other), ranges[other])), None)
        if wrong is not None:
            data = {"needs": wrong, "range": str(ranges[wrong]), "found": wanted[wrong].version}
            found[name] = PluginProblem(name, "P004", data)
    return found


def missing_requirement(name: str, missing: str, problem: PluginProblem | None) -> PluginProblem:
    """Return the problem of *name*, whose requirement *missing* does not run for *problem* (None: not enabled)."""
    reason = "is not enabled" if problem is None else f"does not run ({problem.code})"
    return PluginProblem(name, "P003", {"needs": missing, "reason": reason})


def _fits(manifest: Manifest | None, versions: SpecifierSet) -> bool:
    return manifest is None or versions.contains(manifest.version, prereleases=True)


def _conflicting(wanted: Mapping[str, Manifest]) -> dict[str, PluginProblem]:
    """Return those that declare a conflict: who is named keeps running, it did not ask for trouble."""
    found: dict[str, PluginProblem] = {}
    for name, manifest in wanted.items():
        for other, versions in sorted(manifest.conflicts.items()):
            if other in wanted and _fits(wanted[other], versions):
                data = {"other": other, "found": wanted[other].version}
                found.setdefault(name, PluginProblem(name, "P013", data))
    return found


def _ordered(
    wanted: Mapping[str, Manifest], core: Manifest | None
) -> tuple[list[str], dict[str, PluginProblem]]:
    graph: dict[str, set[str]] = {}
    for name, manifest in wanted.items():
        before = {*manifest.requires, *(other for other in manifest.optional if other in wanted)}
        if core is not None and name != core.name:
            before.add(core.name)
        graph[name] = before
    sorter = TopologicalSorter(graph)
    try:
        sorter.prepare()
    except CycleError as error:
        return [], _cycle(error.args[1])
    order: list[str] = []
    while sorter.is_active():
        for name in sorted(sorter.get_ready()):
            order.append(name)
            sorter.done(name)
    return order, {}


def _cycle(path: list[str]) -> dict[str, PluginProblem]:
    # graphlib lists each node before the one that waits for it; read backwards it says "needs".
    names = path[:0:-1]
    start = names.index(min(names))
    names = names[start:] + names[:start]
    text = " → ".join([*names, names[0]])
    return {name: PluginProblem(name, "P005", {"cycle": text}) for name in names}


def with_requirements_of(available: Mapping[str, Manifest], name: str) -> set[str]:
    """Return *name* and everything that it requires, directly or not, the core aside."""
    wanted, waiting = {name}, [name]
    while waiting:
        manifest = available.get(waiting.pop())
        new = set(manifest.requires if manifest else ()) - wanted - {"core"}
        wanted |= new
        waiting += new
    return wanted
