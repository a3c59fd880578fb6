"""The composition root: a database, a set of plugins, and the units of work on them. No globals."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import cached_property, partial
from pathlib import Path
from typing import TypedDict, Unpack

import sqlalchemy as sa
import structlog

from crmframe.core import choicelists, customfields
from crmframe.core.access import lending, relending
from crmframe.core.access.actor import Actor, system_actor
from crmframe.core.access.loading import bump_epoch, settings_epoch
from crmframe.core.activities import appointments
from crmframe.core.activities.follow_up import log_action
from crmframe.core.activities.mentions import CONSEQUENCES
from crmframe.core.assignment import checking as assignment
from crmframe.core.contributions import Permission, Setting, Subscription
from crmframe.core.customers.maintained import DERIVED, MAINTAINED
from crmframe.core.entities.catalog import store_catalog
from crmframe.core.entities.registry import Registry, build_registry
from crmframe.core.entities.schema import Schema
from crmframe.core.files.store import FileStore
from crmframe.core.i18n import Translator
from crmframe.core.jobs.running import AnyJob
from crmframe.core.journal.subscriptions import is_registered, register
from crmframe.core.journal.write import Origin
from crmframe.core.mail.transport import MailServer
from crmframe.core.occasions import models as occasions
from crmframe.core.outbound.http import Outbound
from crmframe.core.robots import telling as robots
from crmframe.core.series import drawing as series
from crmframe.core.storage.engine import Database
from crmframe.core.work import Clock, Surroundings, UnitOfWork, WorkspaceSettings
from crmframe.core.workspace import rates
from crmframe.core.workspace.settings import CHECKED, effective, stored, workspace_of
from crmframe.kernel.dispatch import Hooks
from crmframe.kernel.loader import LoadedPlugin
from crmframe.kernel.system import PluginSystem, load_plugins
from crmframe.settings import AppSettings

log = structlog.get_logger("crmframe.application")


def utc_now() -> datetime:
    """Return the present moment, aware, in UTC."""
    return datetime.now(UTC)


class OriginOptions(TypedDict, total=False):
    """Where a unit of work comes from.

    Attributes:
        operation: Go on with this operation; ``finish=False`` leaves it open for more.
        cause: What led to it, such as a subscription's key; ``cause_id`` the operation that did.
    """

    reason: str
    operation: int | None
    finish: bool
    cause: str
    cause_id: int | None


class Application:
    """A configured crmframe. Two may live in one process.

    Args:
        settings: Where the database is and which plugins run.
        clock: What tells the time; tests and the demo give their own.
        migrate: Bring the database up to date first.

    Raises:
        CannotStart: The database is newer than the code, or a plugin fails and may not.
    """

    def __init__(self, settings: AppSettings, *, clock: Clock = utc_now, migrate: bool = True) -> None:
        self.settings = settings
        self.clock = clock
        self.database = Database(settings.database)
        self._candidates: list[LoadedPlugin] = []
        self.plugins: PluginSystem = load_plugins(
            self.database.engine,
            settings.plugin_options(),
            migrate=migrate,
            hooks=Hooks(clock=clock, recover=_recover),
            examine=self._examine,
        )
        self.hooks = self.plugins.hooks
        self.registry = _registry(self.plugins.loaded)
        self.workspace: WorkspaceSettings = settings.workspace()
        self._schema: Schema | None = None
        self._told: set[str] = set()
        self._listeners: list[Callable[[], None]] = []
        if migrate:
            self._store_declarations()

    def _examine(self, plugin: LoadedPlugin) -> None:
        """Refuse a plugin whose names clash with those of the plugins before it."""
        _registry([*self._candidates, plugin])
        self._candidates.append(plugin)

    def _store_declarations(self) -> None:
        with self.database.write() as connection:
            store_catalog(connection, self.registry)
            if not is_registered(connection, self.subscriptions):
                register(connection, self.subscriptions)

    @cached_property
    def jobs(self) -> dict[str, AnyJob]:
        """Return the jobs by name."""
        return {job.name: job for _, items in self.hooks.collect("jobs") for job in items}

    @cached_property
    def subscriptions(self) -> list[Subscription]:
        """Return the reactions to events."""
        return [item for _, items in self.hooks.collect("subscriptions") for item in items]

    @cached_property
    def files(self) -> FileStore:
        """Return where attached files are kept."""
        return FileStore(self.settings.folder / "files")

    @cached_property
    def mail_server(self) -> MailServer:
        """Return where outgoing mail is handed in."""
        return self.settings.mail_server()

    @cached_property
    def outbound(self) -> Outbound:
        """Return what calls other servers over HTTP."""
        return Outbound(self.settings.outbound_allowed)

    @cached_property
    def declared_settings(self) -> list[Setting]:
        """Return what administrators decide for the workspace."""
        return [item for _, items in self.hooks.collect("settings") for item in items]

    @cached_property
    def permissions(self) -> list[Permission]:
        """Return the permissions that plugins add to those of entities and actions."""
        return [item for _, items in self.hooks.collect("permissions") for item in items]

    @cached_property
    def translator(self) -> Translator:
        """Return the messages of the core and the plugins."""
        folders = {each.name: each.manifest.path / "locale" for each in self.plugins.loaded}
        return Translator({**folders, "core": Path(__file__).parent / "locale"})

    def schema(self, connection: sa.Connection, epoch: int | None = None) -> Schema:
        """Return the schema at the epoch that *connection* sees; *epoch* is given by who has just read it there."""
        known = settings_epoch(connection) if epoch is None else epoch
        schema = self._schema
        if schema is None or schema.epoch != known:
            values = effective(self.declared_settings, stored(connection))
            edit = partial(choicelists.as_edited, lists=choicelists.edited(connection))
            schema = Schema(self.registry, customfields.definitions(connection), known, values, edit)
            self.workspace = workspace_of(self.settings.workspace(), values)
            self._tell_left_out(schema)
            self._schema = schema
        return schema

    def _tell_left_out(self, schema: Schema) -> None:
        """Log each custom field that cannot be used, once: ``crmframe check`` says so as often as it is asked."""
        for each in schema.left_out:
            if each.key not in self._told:
                log.warning("custom_field_left_out", entity=each.entity, name=each.name, kind=each.kind)
                self._told.add(each.key)

    def on_commit(self, listener: Callable[[], None]) -> None:
        """Call *listener()* after every commit of this process that wrote to the journal."""
        self._listeners.append(listener)

    @contextmanager
    def work(
        self,
        actor: Actor | None = None,
        *,
        door: str = "system",
        write: bool = True,
        **given: Unpack[OriginOptions],
    ) -> Iterator[UnitOfWork]:
        """Open a unit of work: one transaction, committed at the end, rolled back on any error.

        Args:
            actor: None is the system, journaled as ``system:<door>``.
            write: False reads a snapshot and writes nothing.
        """
        who = actor or system_actor(door)
        origin = Origin(
            actor_id=who.id,
            actor_name=who.name,
            door=door,
            reason=given.get("reason", ""),
            operation_id=given.get("operation"),
            finish=given.get("finish", True),
            cause_id=given.get("cause_id"),
            cause=given.get("cause", ""),
        )
        lasting = not origin.finish
        with self.database.write(lasting=lasting) if write else self.database.read() as connection:
            work = self._unit(connection, who, origin)
            yield work
            if write:
                self._finish(work)
        if write and work.journal.commit_id is not None:
            for listener in self._listeners:
                listener()

    def reading(
        self, connection: sa.Connection, actor: Actor, door: str, *, epoch: int | None = None
    ) -> UnitOfWork:
        """Return a unit of work that reads on an open connection.

        Args:
            epoch: Of the settings, when it has been read on this connection already.
        """
        return self._unit(connection, actor, Origin(actor.id, actor.name, door), epoch=epoch)

    def _unit(
        self, connection: sa.Connection, actor: Actor, origin: Origin, *, epoch: int | None = None
    ) -> UnitOfWork:
        lent = Surroundings(self.database, self.schema(connection, epoch), self.hooks, self.workspace)
        return UnitOfWork(lent, connection, actor=actor, origin=origin, now=self.clock())

    def _finish(self, work: UnitOfWork) -> None:
        work.finish()
        if work.bumps_epoch:
            bump_epoch(work.connection)

    def close(self) -> None:
        """Let go of the database."""
        self.database.close()


def _recover(context: object) -> None:
    """Free a page's transaction from a statement that a plugin's part broke: PostgreSQL refuses all that follow."""
    work = getattr(context, "work", None)
    if isinstance(work, UnitOfWork) and not work.writes:
        work.connection.rollback()


def _registry(plugins: Iterable[LoadedPlugin]) -> Registry:
    running = list(plugins)
    registry = build_registry(
        [model for each in running for model in each.declared.get("entities", ())],
        extensions=[item for each in running for item in each.declared.get("extensions", ())],
        choices=[item for each in running for item in each.declared.get("choices", ())],
        actions={each.name: list(each.declared.get("actions", ())) for each in running},
    )
    for entity in registry.entities.values():
        if entity.has_timeline:
            registry.add_action(log_action(entity.name), "core")
    registry.kept = [item for each in running for item in each.declared.get("kept_fields", ())]
    registry.maintained = list(MAINTAINED)
    registry.consequences = list(CONSEQUENCES)
    parts = (lending, customfields, appointments, occasions)
    registry.derived = [*DERIVED, *(rule for each in parts for rule in each.DERIVED)]
    registry.checked = [
        *lending.CHECKED,
        *relending.CHECKED,
        *assignment.CHECKED,
        *customfields.CHECKED,
        *choicelists.CHECKED,
        *CHECKED,
        *appointments.CHECKED,
        *series.CHECKED,
        *rates.CHECKED,
        *robots.CHECKED,
    ]
    return registry
