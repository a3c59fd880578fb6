"""What plugins hand to the framework: frozen declarations and the contexts that hooks receive.

Labels are English msgids of the plugin's own translation domain. Adding an attribute here is a compatible change.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any, Literal

from crmframe.core.declarations import DuplicateKeys as DuplicateKeys  # noqa: PLC0414 - part of this module
from crmframe.core.declarations import Kept as Kept  # noqa: PLC0414 - part of this module
from crmframe.core.declarations import NotificationChannel as NotificationChannel  # noqa: PLC0414 - handed on
from crmframe.core.declarations import NumberSeries as NumberSeries  # noqa: PLC0414 - handed on
from crmframe.core.declarations import Permission as Permission  # noqa: PLC0414 - handed on
from crmframe.core.declarations import Preset as Preset  # noqa: PLC0414 - handed on
from crmframe.core.declarations import Reachable as Reachable  # noqa: PLC0414 - part of this module
from crmframe.core.declarations import Sample as Sample  # noqa: PLC0414 - handed on
from crmframe.core.declarations import Strategy as Strategy  # noqa: PLC0414 - part of this module
from crmframe.core.declarations import Telling as Telling  # noqa: PLC0414 - handed on

if TYPE_CHECKING:
    from pydantic import BaseModel

    from crmframe.core.entities.entity import Entity
    from crmframe.core.entities.kinds import Kind
    from crmframe.core.work import UnitOfWork

Tone = Literal["grey", "red", "orange", "amber", "green", "teal", "blue", "violet", "pink"]


@dataclass(frozen=True, slots=True)
class Extension:
    """Fields that a plugin adds to another entity, kept in a 1:1 sidecar table that it owns.

    Attributes:
        entity: The extended entity, such as ``core.customer``.
        model: The sidecar; its fields appear as ``<plugin>.<field>``.
    """

    entity: str
    model: type[Any]


@dataclass(frozen=True, slots=True)
class Choice:
    """A value of a choice field: ``value`` is the program's, ``label`` a msgid.

    Attributes:
        labels: Locale to label, as admins gave them: they need no translation and go before ``label``.
    """

    value: str
    label: str
    tone: Tone = "grey"
    labels: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class ChoiceExtension:
    """More values for another plugin's choice field ``entity``.``field``."""

    entity: str
    field: str
    choices: Sequence[Choice]


@dataclass(frozen=True, slots=True)
class Action:
    """A verb on an entity, run by the one write pipeline.

    Attributes:
        entity: Such as ``sales.deal``.
        name: The verb; permission ``<entity>.<name>``, URL ``/<slug>/7/<name>``, command ``crmframe deal <name>``.
        run: ``run(work, record, input)``; writes through ``records`` only. ``record`` is the locked row as a mapping.
        label: Msgid of the button.
        input: pydantic model of what the verb asks for; None asks for nothing.
        undoable: False for verbs with outward effects.
        confirm: Msgid asked before a person runs it; empty asks nothing.
        imports: ``imports(work, [(record, input), …])`` runs it on a batch, all or nothing, and raises ``InvalidInput``
            with each problem's position as ``row``. An import hands it the columns that only this action writes, and
            what ``input`` asks for beside. At most one action of an entity has it.
        filled: Field to whether it must be filled (True) or empty (False) for pages to offer the verb on a record. It
            only spares people what would be refused: ``run`` refuses by itself.
        button: False for a verb that pages offer in another way.
        makes: The entity of the record whose id ``run`` returns: pages lead on to it.
    """

    entity: str
    name: str
    run: Callable[[UnitOfWork, Mapping[str, Any], Any], Any]
    label: str
    input: type[BaseModel] | None = None
    undoable: bool = True
    confirm: str = ""
    tone: Tone = "grey"
    imports: Callable[[UnitOfWork, Sequence[tuple[Mapping[str, Any], Any]]], None] | None = None
    filled: Mapping[str, bool] = field(default_factory=dict)
    button: bool = True
    makes: str = ""

    def is_offered(self, record: Mapping[str, Any]) -> bool:
        """Return whether pages offer the verb on *record*; a field that its reader may not see decides nothing."""
        return all(
            (record[name] is not None) == wanted for name, wanted in self.filled.items() if name in record
        )


@dataclass(frozen=True, slots=True)
class MenuItem:
    """A navigation entry; entities get theirs without asking."""

    key: str
    label: str
    url: str
    permission: str = ""
    icon: str = "circle"
    after: str = ""


@dataclass(frozen=True, slots=True)
class Panel:
    """A part of the detail page of ``entity``, at its side.

    Attributes:
        view: ``view(context)`` returns the template's variables, or None to show nothing.
        template: Path below the plugin's ``templates/``.
        shows: An entity whose derived list of related records is left out while this panel shows something.
    """

    key: str
    entity: str
    label: str
    view: Callable[[ViewContext], Mapping[str, Any] | None]
    template: str
    permission: str = ""
    after: str = ""
    shows: str = ""


@dataclass(frozen=True, slots=True)
class Widget:
    """A tile of the home page; ``view`` and ``template`` as in Panel."""

    key: str
    label: str
    view: Callable[[ViewContext], Mapping[str, Any] | None]
    template: str
    permission: str = ""


@dataclass(frozen=True, slots=True)
class Setting:
    """Something that administrators decide for the whole workspace; read with ``work.setting(key)``.

    Attributes:
        key: ``<plugin>.<name>``, for ever.
        kind: A field kind, which parses and shows the value.
        default: What holds while nobody has decided.
        group: Msgid of the heading under which the page shows it; empty is the plugin's own.
        hidden: Kept by the program, not shown on the page.
    """

    key: str
    label: str
    kind: Kind
    default: Any = None
    help: str = ""
    group: str = ""
    hidden: bool = False


@dataclass(frozen=True, slots=True)
class NotificationKind:
    """Something that people are told with ``notify``.

    Attributes:
        key: ``<plugin>.<name>``, for ever.
        label: Msgid of what happened, for the page on which people choose.
        template: Msgid; ``{record}`` is the record's title, the rest what ``notify`` was given.
        mail: How people get it by mail until they choose: now, in the daily digest, or not at all.
    """

    key: str
    label: str
    template: str
    tone: Tone = "blue"
    icon: str = "bell"
    mail: Literal["now", "digest", "off"] = "digest"


@dataclass(frozen=True, slots=True)
class LogPart:
    """What the form that logs a follow-up offers besides: an action of the record, run in the same operation.

    Attributes:
        entity: Whose records' form, such as ``sales.deal``.
        action: The verb; it runs when one of its ``fields`` is filled in.
        fields: Of the action's input; others are asked for when the action finds them missing.
    """

    entity: str
    action: str
    fields: Sequence[str]


@dataclass(frozen=True, slots=True)
class Job:
    """Work done outside the request, at least once.

    Attributes:
        name: ``<plugin>.<verb>``.
        run: ``run(work, payload)``; ``payload`` is JSON data.
        cron: Five fields in the workspace's time zone; empty runs only when enqueued.
        lease_seconds: After this silence another worker takes over.
    """

    name: str
    run: Callable[[UnitOfWork, Mapping[str, Any]], Any]
    cron: str = ""
    max_attempts: int = 5
    lease_seconds: int = 60


@dataclass(frozen=True, slots=True)
class LongJob:
    """A job that opens its own units of work, chunk by chunk; attributes as of ``Job``.

    A plain ``Job`` runs in one transaction, which on SQLite keeps every other writer waiting.

    Attributes:
        run: ``run(job_run, payload)``, given a ``JobRun``; returns JSON data.
    """

    name: str
    run: Callable[[Any, Mapping[str, Any]], Any]
    cron: str = ""
    max_attempts: int = 5
    lease_seconds: int = 60


@dataclass(frozen=True, slots=True)
class Event:
    """Something that was committed.

    Attributes:
        name: ``<entity>.<created|updated|deleted|restored|archived|unarchived>``, ``<entity>.<action>`` or a published name.
        ids: Records it happened to, in order; one event per batch.
        fields: Names of the fields that changed, all records together.
        before: Record id to the before-values of its changed fields (empty for created).
        payload: What ``work.publish`` was given.
    """

    name: str
    entity: str
    ids: Sequence[int]
    at: datetime
    operation_id: int
    actor_id: int | None
    fields: frozenset[str] = frozenset()
    before: Mapping[int, Mapping[str, Any]] = field(default_factory=dict)
    payload: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Subscription:
    """A reaction to committed events, in a transaction of its own, retried, dead-lettered.

    Attributes:
        key: ``<plugin>.<what it does>``; its place in the event stream is kept under this name.
        events: Event names; ``sales.deal.*`` matches every event of the entity.
        handle: ``handle(work, events)``; an error retries these events and lets later ones pass.
    """

    key: str
    events: Sequence[str]
    handle: Callable[[UnitOfWork, Sequence[Event]], None]


@dataclass(frozen=True, slots=True)
class Check:
    """An invariant for ``crmframe check``: ``run(work)`` returns sentences, one per violation."""

    key: str
    run: Callable[[UnitOfWork], Sequence[str]]


@dataclass(frozen=True, slots=True)
class Change:
    """What a guard may look at and refuse by raising ``Veto``: one batch of one verb.

    Attributes:
        verb: create, update, delete, restore, archive, unarchive, or an action's name.
        before: Record id to its full row as it is; empty for create.
        after: One mapping per record of the values to be written (only changed fields for update).
        input: The action's parsed input, a tuple of them for a batch of ``Action.imports``; None for other verbs.
    """

    work: UnitOfWork
    entity: Entity
    verb: str
    ids: Sequence[int]
    before: Mapping[int, Mapping[str, Any]]
    after: Sequence[Mapping[str, Any]]
    input: Any = None


@dataclass(frozen=True, slots=True)
class ViewContext:
    """What a rendering hook sees: ``record`` on a detail page, ``rows`` on a list, neither on the home page."""

    work: UnitOfWork
    locale: str
    entity: Entity | None = None
    record: Mapping[str, Any] | None = None
    rows: Sequence[Mapping[str, Any]] = ()


@dataclass(frozen=True, slots=True)
class PolicyContext:
    """For ``amend_policy``: who reads or writes what."""

    work: UnitOfWork
    entity: Entity
    verb: str


@dataclass(frozen=True, slots=True)
class FormView:
    """A form's fields in order; a chain may reorder, drop or explain them."""

    entity: Entity
    fields: Sequence[str]
    help: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Button:
    """A link or POST on a record's page that is no declared action."""

    key: str
    label: str
    url: str
    method: Literal["get", "post"] = "get"
    permission: str = ""


@dataclass(frozen=True, slots=True)
class Prerequisite:
    """What is missing before the first record of ``context.entity`` can be made, and the ways to get it.

    Attributes:
        text: What is missing, in the reader's language as ``note`` is.
        note: What to do about it, or whom to ask.
        buttons: Shown to those who hold their permissions.
    """

    text: str
    note: str = ""
    buttons: Sequence[Button] = ()


@dataclass(frozen=True, slots=True)
class Badge:
    """A mark on one row of a list or on a record's header; ``text`` is already in the reader's language."""

    record_id: int
    text: str
    tone: Tone = "grey"


@dataclass(frozen=True, slots=True)
class TimelineItem:
    """An entry of a record's timeline, newest first; ``text`` is already in the reader's language.

    Attributes:
        covers: What a note of the same moment holds that says the same: the note is left out. Empty covers none.
    """

    at: datetime
    title: str
    text: str = ""
    icon: str = "circle"
    tone: Tone = "grey"
    url: str = ""
    covers: str = ""


class Veto(Exception):
    """Raised by a guard to refuse: an English msgid of the plugin's domain and what fills it."""

    def __init__(self, template: str, field: str = "", **data: Any) -> None:
        self.template, self.field, self.data = template, field, data
        super().__init__(template.format_map(data))
