"""The unit of work: one transaction, one actor, one moment, and the journal of what it changed."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Any, Protocol, TypeVar
from zoneinfo import ZoneInfo

import sqlalchemy as sa

from crmframe.core.entities.kinds import ParseContext
from crmframe.core.entities.schema import Schema
from crmframe.core.journal.unindexed import note_unindexed
from crmframe.core.journal.write import JournalBuffer, Origin
from crmframe.core.storage.engine import Database

if TYPE_CHECKING:
    from crmframe.core.access.actor import Actor
    from crmframe.core.access.term import Term

S = TypeVar("S", bound="sa.Select[Any] | sa.CompoundSelect[Any]")


class Hooks(Protocol):
    """How core asks plugins; the kernel's dispatcher is handed in."""

    def collect(self, name: str) -> Sequence[tuple[str, Sequence[Any]]]:
        """Return what each plugin declared, with the plugin; those that declared nothing are left out."""

    def guard(self, name: str, change: Any) -> None:
        """Let every plugin look; raises Vetoed when one refuses."""

    def chain(self, name: str, context: Any, value: Any) -> Any:
        """Pass *value* through every plugin."""

    def first(self, name: str, context: Any) -> Any:
        """Return the first answer."""

    def contribute(self, name: str, context: Any) -> Sequence[tuple[str, Any]]:
        """Return every plugin's items with their plugin."""


@dataclass(frozen=True, slots=True)
class WorkspaceSettings:
    """What holds for everybody: the zone decides what "today" is, the currency is the base one."""

    zone: ZoneInfo = field(default_factory=lambda: ZoneInfo("UTC"))
    currency: str = "USD"
    region: str = "US"
    locale: str = "en"


@dataclass(slots=True)
class Acting:
    """The action that is running: it may write its own fields, and its plugin's entities.

    Attributes:
        chosen: Fields whose values the code chose itself: what they refer to need not be seen by the actor.
    """

    entity: str
    verb: str
    plugin: str
    chosen: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What an application lends to each of its units of work."""

    database: Database
    schema: Schema
    hooks: Hooks
    settings: WorkspaceSettings


class UnitOfWork:
    """What every write and read is given."""

    def __init__(
        self, lent: Surroundings, connection: sa.Connection, *, actor: Actor, origin: Origin, now: datetime
    ) -> None:
        self.database = lent.database
        self.connection = connection
        self.schema = lent.schema
        self.hooks = lent.hooks
        self.settings = lent.settings
        self.actor = actor
        self.now = now
        self.journal = JournalBuffer(origin, now)
        self.acting: Acting | None = None
        self.bumps_epoch = False
        # What ``records.visible`` binds: its statements hold no values, so that they can be kept.
        self.bound: dict[str, Any] = {}
        # The policies of a snapshot, each with whom it is about.
        self.terms: dict[Any, tuple[Actor | None, Term]] = {}
        # Records on their way out: nothing recomputes or clears them meanwhile.
        self.deleting: set[tuple[str, int]] = set()

    @property
    def writes(self) -> bool:
        """Return whether the transaction holds the right to write."""
        return bool(self.connection.get_execution_options().get("crmframe_write"))

    @property
    def registry(self) -> Any:
        """Return the registry of entities and actions."""
        return self.schema.registry

    @property
    def door(self) -> str:
        """Return web, api, cli, import, job, event or system."""
        return self.journal.origin.door

    @property
    def today(self) -> date:
        """Return the day in the workspace's zone."""
        return self.now.astimezone(self.settings.zone).date()

    def week_start(self, day: date) -> date:
        """Return the first day of the week that *day* lies in, as the workspace counts weeks."""
        return day - timedelta(days=(day.weekday() - int(self.setting("core.week_start"))) % 7)

    @property
    def operation_id(self) -> int | None:
        """Return the operation this work belongs to; None until something was written and flushed."""
        return self.journal.operation_id

    def setting(self, key: str) -> Any:
        """Return the value of a declared setting, its default while nobody has decided.

        Raises:
            KeyError: No plugin that is on declares it.
        """
        return self.schema.settings[key]

    def parse_context(self) -> ParseContext:
        """Return what turns text into values here."""
        settings = self.settings
        return ParseContext(
            zone=settings.zone, today=self.today, region=settings.region, currency=settings.currency
        )

    def publish(self, name: str, payload: Mapping[str, Any], version: int = 1) -> None:
        """Announce an event of the plugin's own, delivered after commit.

        Args:
            name: ``<plugin>.<past participle>``.
            payload: JSON data.
            version: Raise it when the payload changes incompatibly.
        """
        self.journal.publish(name, "", (), payload, version)

    def rows(self, statement: sa.Select[Any], values: Mapping[str, Any] | None = None) -> list[Any]:
        """Return the rows of a read-only select; combine with ``records.visible`` to obey the actor's rights.

        Args:
            values: Of the select's own named parameters.
        """
        if not isinstance(statement, sa.Select | sa.CompoundSelect):
            raise TypeError("work.rows takes a select. Writes go through records.")
        bound = {**values, **self.bound} if values else self.bound
        return list(self.connection.execute(statement, bound).all())

    def scalar(self, statement: sa.Select[Any], values: Mapping[str, Any] | None = None) -> Any:
        """Return the first column of the first row of a read-only select, None when there is none."""
        rows = self.rows(statement, values)
        return rows[0][0] if rows else None

    def kept(self, name: str, build: Callable[[], S], *parts: Any) -> S:
        """Return the select that *build* makes, made once: building one costs more than to run it.

        Args:
            name: Of the select, starting with the plugin's name.
            build: Puts named parameters (``sa.bindparam``) where values go.
            parts: What it is made from: what ``records.visible`` returned depends on the actor's rights.
        """
        key = ("kept", name, *parts)
        statement: S | None = self.schema.statements.get(key)
        if statement is None:
            statement = self.schema.statements[key] = build()
        return statement

    @contextmanager
    def acting_as(self, acting: Acting | None) -> Iterator[None]:
        """Run an action's code; None runs it with no more than the actor's rights."""
        outer, self.acting = self.acting, acting
        try:
            yield
        finally:
            self.acting = outer

    @contextmanager
    def trusting(self, plugin: str) -> Iterator[None]:
        """Let a plugin use its own records for somebody with a right that no role gives, such as a secret link.

        The plugin has made sure of that right; the journal names whoever it was, not the plugin.
        """
        with self.acting_as(Acting("", "", plugin)):
            yield

    def finish(self) -> None:
        """Write the journal; the transaction commits next."""
        if self.journal.changes:
            note_unindexed(self.connection, self.journal.changes, self.schema.searched)
        self.journal.flush(self.connection)


Clock = Callable[[], datetime]
