"""The schema of the core and of every plugin: what is pending, and bringing it up to date by the rules."""

from __future__ import annotations

import traceback
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import sqlalchemy as sa

from crmframe.core.storage import migrations as storage
from crmframe.core.storage.migrations import History, SchemaFault, UnknownRevision
from crmframe.kernel.codes import CannotStart, PluginProblem, PluginRejected, first_line
from crmframe.kernel.manifest import Manifest
from crmframe.kernel.ownership import Ownership, faults
from crmframe.kernel.state import read_states

KERNEL = History("kernel", Path(__file__).resolve().parent / "versions")
# The framework's own histories are trusted with every table, and nothing runs when one of them fails.
FRAMEWORK = frozenset({"kernel", "core"})


@dataclass(frozen=True, slots=True)
class SchemaStatus:
    """Where one history stands.

    Attributes:
        current: Revision of the database; None before the first.
        head: Newest revision of the code; None for a plugin without tables.
        problem: P007 when the files are not one line, P012 when the database is newer.
    """

    name: str
    current: str | None
    head: str | None
    pending: tuple[str, ...] = ()
    problem: PluginProblem | None = None


def history(manifest: Manifest) -> History:
    """Return the plugin's history of migrations."""
    return History(manifest.name, manifest.migrations)


def status(engine: sa.Engine, manifests: Iterable[Manifest]) -> list[SchemaStatus]:
    """Compare code and database, the kernel first: one query, without importing alembic or a migration."""
    histories = [KERNEL, *map(history, manifests)]
    with_files: list[tuple[History, tuple[str, ...]]] = []
    broken: dict[str, PluginProblem] = {}
    for each in histories:
        try:
            with_files.append((each, storage.revisions(each)))
        except SchemaFault as fault:
            broken[each.name] = _problem(each.name, fault)
    at = storage.current(engine, [each for each, known in with_files if known])
    found = {each.name: _status(each.name, known, at.get(each.name)) for each, known in with_files}
    return [
        found.get(each.name) or SchemaStatus(each.name, None, None, (), broken[each.name])
        for each in histories
    ]


def _status(name: str, known: tuple[str, ...], at: str | None) -> SchemaStatus:
    head = known[-1] if known else None
    if at is not None and at not in known:
        return SchemaStatus(name, at, head, (), _problem(name, UnknownRevision(name, at)))
    return SchemaStatus(name, at, head, known[known.index(at) + 1 :] if at else known)


def pending(engine: sa.Engine, manifests: Iterable[Manifest]) -> dict[str, tuple[str, ...]]:
    """Return the revisions that wait to be run, by plugin; the kernel's own are under ``kernel``."""
    return {each.name: each.pending for each in status(engine, manifests) if each.pending}


def upgrade(
    engine: sa.Engine, manifests: Sequence[Manifest], *, backup_folder: Path | None = None
) -> Mapping[str, PluginProblem]:
    """Bring every schema up to date, one transaction per plugin; return those that could not be.

    Raises:
        CannotStart: The core's own schema is newer than the code, or its migration failed.
    """
    problems: dict[str, PluginProblem] = {}
    with upgrading(engine, manifests, backup_folder=backup_folder) as run:
        for manifest in manifests:
            try:
                run(manifest)
            except PluginRejected as rejected:
                problems[manifest.name] = rejected.problem
    return problems


@contextmanager
def upgrading(
    engine: sa.Engine, manifests: Sequence[Manifest], *, backup_folder: Path | None = None
) -> Iterator[Callable[[Manifest], None]]:
    """Refuse a database newer than the framework, back up one that will change, and give ``upgrade_one`` for each plugin.

    The copy is removed again when in the end nothing changed, or a plugin that fails at every start would fill the disk.

    Raises:
        CannotStart: See ``upgrade``.
    """
    found = status(engine, manifests)
    for each in found:
        if each.name in FRAMEWORK and each.problem is not None:
            raise CannotStart(each.problem)
    is_new = found[0].current is None
    backup = (
        storage.back_up(engine, backup_folder) if not is_new and any(each.pending for each in found) else None
    )
    ran = list(_run(engine, KERNEL, None)) if found[0].pending else []
    prefixes = [each.table_prefix for each in manifests]
    current = {each.name for each in found if each.problem is None and not each.pending}

    def run(manifest: Manifest) -> None:
        if manifest.name not in current:
            ran.extend(upgrade_one(engine, manifest, prefixes))

    try:
        yield run
    finally:
        if backup is not None and not ran:
            backup.unlink(missing_ok=True)


def upgrade_one(engine: sa.Engine, manifest: Manifest, prefixes: Iterable[str] = ()) -> tuple[str, ...]:
    """Run what is pending of one plugin in one transaction; everything is undone when a rule is broken.

    Args:
        prefixes: Table prefixes of other plugins, beside those that the database remembers.

    Raises:
        PluginRejected: P007 or P012.
        CannotStart: The same for the core.
    """
    own = history(manifest)
    state = status(engine, [manifest])[1]
    if state.problem is not None:
        raise _refusal(state.problem)
    if not state.pending:
        return ()
    if manifest.name in FRAMEWORK:
        return _run(engine, own, None)
    known = frozenset({*prefixes, *(each.table_prefix for each in read_states(engine).values())})
    return _run(engine, own, Ownership(manifest.table_prefix, own.version_table, known))


def _run(engine: sa.Engine, own: History, owner: Ownership | None) -> tuple[str, ...]:
    try:
        with storage.migration(engine) as connection:
            before = storage.snapshot(connection) if owner else {}
            steps = storage.upgrade(connection, own)
            broken = faults(connection, owner, before, storage.snapshot(connection)) if owner else []
            if broken:
                raise SchemaFault(" ".join(broken))
    except KeyboardInterrupt:
        raise
    except BaseException as error:  # a migration is the plugin's code: SystemExit included
        raise _refusal(_problem(own.name, error)) from error
    return steps


def _problem(name: str, error: BaseException) -> PluginProblem:
    if isinstance(error, UnknownRevision):
        return PluginProblem(name, "P012", {"found": error.found})
    text = str(error) if isinstance(error, SchemaFault) else first_line(error)
    return PluginProblem(name, "P007", {"error": text}, "".join(traceback.format_exception(error)))


def _refusal(problem: PluginProblem) -> PluginRejected | CannotStart:
    return CannotStart(problem) if problem.plugin in FRAMEWORK else PluginRejected(problem)
