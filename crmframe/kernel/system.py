"""The plugins of one application: found, ordered, tried, migrated, registered; what fails is quarantined with a code."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import sqlalchemy as sa

from crmframe.kernel import schema
from crmframe.kernel.codes import CannotStart, PluginProblem, PluginRejected
from crmframe.kernel.discovery import Discovery, discover
from crmframe.kernel.dispatch import Hooks
from crmframe.kernel.loader import LoadedPlugin, load, rejecting
from crmframe.kernel.manifest import Manifest, core_manifest
from crmframe.kernel.options import PluginOptions
from crmframe.kernel.probe import probe
from crmframe.kernel.report import PluginReport, report
from crmframe.kernel.resolver import Resolution, missing_requirement, resolve
from crmframe.kernel.state import PluginState, read_states, store_states

Examine = Callable[[LoadedPlugin], None]


@dataclass(frozen=True, slots=True)
class PluginSystem:
    """What runs in one application; several may live in one process.

    Attributes:
        loaded: The core first, then the plugins in dependency order.
        problems: Wanted plugins that do not run, by name.
        available: What could be enabled, by name.
        unusable: What was found but could not be enabled, by name: no valid manifest, or two of one name.
    """

    hooks: Hooks
    loaded: tuple[LoadedPlugin, ...]
    problems: Mapping[str, PluginProblem]
    available: Mapping[str, Manifest]
    unusable: Mapping[str, PluginProblem]

    @property
    def names(self) -> tuple[str, ...]:
        """Return the running plugins in dependency order."""
        return tuple(each.name for each in self.loaded)

    def plugin(self, name: str) -> LoadedPlugin:
        """Return a running plugin; KeyError when it does not run."""
        return {each.name: each for each in self.loaded}[name]

    def tables(self, metadata: sa.MetaData) -> list[sa.Table]:
        """Return the tables of running plugins: the shared MetaData also knows those of rejected and disabled ones."""
        running = {each.manifest.table_prefix: each.name for each in self.loaded}
        prefixes = {*running, *(each.table_prefix for each in self.available.values())}
        return [table for table in metadata.sorted_tables if _owner(table, prefixes) in running]

    def report(self) -> list[PluginReport]:
        """Return one line per plugin that is available or wanted."""
        return report(self.available, self.loaded, {**self.unusable, **self.problems})


@dataclass(slots=True)
class _Build:
    """What is known while a system is built."""

    engine: sa.Engine
    options: PluginOptions
    hooks: Hooks
    examine: Examine | None
    problems: dict[str, PluginProblem]
    loaded: dict[str, LoadedPlugin] = field(default_factory=dict)


def load_plugins(
    engine: sa.Engine,
    options: PluginOptions,
    *,
    migrate: bool = True,
    hooks: Hooks | None = None,
    examine: Examine | None = None,
    core: Manifest | None = None,
) -> PluginSystem:
    """Build the plugin system of one application.

    Args:
        migrate: False refuses to run on a schema that is not up to date.
        hooks: Made with the application's clock, trace and recover; default: plain ones.
        examine: Called with each plugin before its schema changes and before it is registered; raising refuses it.
        core: Stands in for the core (tests).

    Raises:
        CannotStart: The core itself cannot run, or any plugin while ``options.on_failure`` is ``fail``.
    """
    core = core or core_manifest()
    states = read_states(engine)
    found = discover(options.paths, installed=options.installed)
    resolution = resolve(found.manifests, options.wanted(states), core=core)
    problems = {name: found.problems.get(name, problem) for name, problem in resolution.problems.items()}
    build = _Build(engine, options, hooks or Hooks(), examine, problems)
    _try_imports(build, resolution.order[1:])
    _load_all(build, resolution.order, migrate=migrate)
    if build.problems and options.on_failure == "fail":
        raise CannotStart(*build.problems.values())
    if migrate:
        _remember(build, resolution, found, states)
    loaded, unhappy = tuple(build.loaded.values()), dict(sorted(build.problems.items()))
    return PluginSystem(build.hooks, loaded, unhappy, found.manifests, found.problems)


def _try_imports(build: _Build, manifests: Sequence[Manifest]) -> None:
    options = build.options
    if options.import_seconds:
        build.problems.update(
            probe(manifests, seconds=options.import_seconds, cache_folder=options.cache_folder)
        )


def _load_all(build: _Build, order: Sequence[Manifest], *, migrate: bool) -> None:
    if not migrate:
        waiting = {each.name: each for each in schema.status(build.engine, order)}
        problem = _outdated(waiting["kernel"])
        if problem is not None:
            raise CannotStart(problem)
        _load_each(build, order, lambda manifest: _refuse_outdated(waiting[manifest.name]))
        return
    with schema.upgrading(build.engine, order, backup_folder=build.options.backup_folder) as upgrade:
        _load_each(build, order, upgrade)


def _load_each(build: _Build, order: Sequence[Manifest], prepare_schema: Callable[[Manifest], None]) -> None:
    for manifest in order:
        if manifest.name in build.problems:
            continue
        try:
            _load_one(build, manifest, prepare_schema)
        except PluginRejected as rejected:
            if manifest.name == order[0].name:
                raise CannotStart(rejected.problem) from rejected
            build.problems[manifest.name] = rejected.problem


def _load_one(build: _Build, manifest: Manifest, prepare_schema: Callable[[Manifest], None]) -> None:
    missing = next((name for name in sorted(manifest.requires) if name not in build.loaded), None)
    if missing is not None:
        raise PluginRejected(missing_requirement(manifest.name, missing, build.problems.get(missing)))
    plugin = load(build.hooks.manager, manifest, build.options.settings.get(manifest.name, {}))
    _examine(build, plugin)
    # The database changes last: whatever is refused before has not touched it.
    prepare_schema(manifest)
    build.hooks.add(plugin.name, plugin.module, plugin.found, plugin.declared)
    build.loaded[plugin.name] = plugin


def _examine(build: _Build, plugin: LoadedPlugin) -> None:
    if build.examine is not None:
        with rejecting(plugin.name):
            build.examine(plugin)


def _refuse_outdated(status: schema.SchemaStatus) -> None:
    problem = _outdated(status)
    if problem is not None:
        raise PluginRejected(problem)


def _outdated(status: schema.SchemaStatus) -> PluginProblem | None:
    if status.problem is not None or not status.pending:
        return status.problem
    error = f"{status.pending[0]} has not been run. Run crmframe db upgrade."
    return PluginProblem(status.name, "P007", {"error": error})


def _remember(
    build: _Build, resolution: Resolution, found: Discovery, before: Mapping[str, PluginState]
) -> None:
    """Write down what became of each plugin, if that is news."""
    at = {each.name: each.current for each in schema.status(build.engine, resolution.order)}
    states = [*_loaded_states(build.loaded.values(), at), *_blocked_states(build.problems, found, before, at)]
    if build.options.managed == "file" and not build.options.safe_mode:
        known = {*(each.name for each in states), *build.options.disabled, *build.options.enabled}
        states += [_switched(each, "disabled") for name, each in before.items() if name not in known]
    news = [each for each in states if _content(before.get(each.name)) != _content(each)]
    if news:
        store_states(build.engine, news, build.hooks.clock())


def _loaded_states(loaded: Iterable[LoadedPlugin], at: Mapping[str, str | None]) -> Iterable[PluginState]:
    for each in loaded:
        yield PluginState.of(each.manifest, "enabled", schema_head=at[each.name])


def _blocked_states(
    problems: Mapping[str, PluginProblem],
    found: Discovery,
    before: Mapping[str, PluginState],
    at: Mapping[str, str | None],
) -> Iterable[PluginState]:
    for name, problem in problems.items():
        error, known = f"{problem.code}: {problem.message()}", before.get(name)
        if name in found.manifests:
            head = at.get(name, known.schema_head if known else None)
            yield PluginState.of(found.manifests[name], "blocked", schema_head=head, error=error)
        elif known is not None:
            yield _switched(known, "blocked", error)
        else:
            yield PluginState(name, "", "blocked", f"{name}_", error=error)


def _switched(state: PluginState, to: Any, error: str = "") -> PluginState:
    return PluginState(state.name, state.version, to, state.table_prefix, state.schema_head, error)


def _content(state: PluginState | None) -> tuple[Any, ...]:
    # Who wrote it is no news.
    return () if state is None else tuple(getattr(state, name) for name in PluginState.__slots__[:-1])


def _owner(table: sa.Table, prefixes: Iterable[str]) -> str:
    return max((each for each in prefixes if table.name.startswith(each)), key=len, default="")
