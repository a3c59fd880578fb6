"""Declarations that are data alone; plugins find them in ``contributions``, with the rest."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from crmframe.core.work import UnitOfWork


@dataclass(frozen=True, slots=True)
class NumberSeries:
    """How documents of one sort are numbered until administrators say otherwise; drawn with ``draw(work, key)``.

    Attributes:
        key: ``<plugin>.<name>``, for ever.
        pattern: Such as ``Q-{year}-{number:05}``; also ``{short_year}``, ``{fiscal_year}``, ``{month}``, ``{day}``.
        resets: When numbers begin anew: never, yearly, fiscal_yearly, monthly.
        gapless: True leaves no number out, but lets writers that draw wait for each other.
    """

    key: str
    label: str
    pattern: str
    resets: Literal["never", "yearly", "fiscal_yearly", "monthly"] = "never"
    gapless: bool = True


@dataclass(frozen=True, slots=True)
class Telling:
    """What ``notify`` was asked to tell, as a channel gets it.

    Attributes:
        kind: The ``NotificationKind``.
        users: Ids, as they were given: with whoever acts, and before anybody's choice.
    """

    kind: Any
    users: Sequence[int]
    about: str
    data: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class NotificationChannel:
    """One more way by which people are told.

    Attributes:
        key: ``<plugin>.<name>``.
        tell: ``tell(work, telling)`` queues what a job sends after the commit; it may not send by itself.
    """

    key: str
    label: str
    tell: Callable[[UnitOfWork, Telling], None]


@dataclass(frozen=True, slots=True)
class Permission:
    """A permission beyond create, read, update, delete and the actions."""

    name: str
    label: str


@dataclass(frozen=True, slots=True)
class Preset:
    """What a new workspace may begin with: one choice at the first run. Several plugins may add to one.

    Attributes:
        key: ``sales``, ``service``, ``marketing``, or one of the plugin's own; with ``all``, the parts of all are made.
        label: Msgids in the domain of the core for its own keys; whoever declares a key first names it.
        plugins: Switched on where they are installed.
        apply: ``apply(work)`` makes the records that the plugin needs; called again, it leaves alone what is there.
    """

    key: str
    label: str = ""
    summary: str = ""
    plugins: tuple[str, ...] = ()
    apply: Callable[[UnitOfWork], object] | None = None


@dataclass(frozen=True, slots=True)
class Sample:
    """A part of the sample company's history.

    Attributes:
        steps: ``module:function``, imported when samples are made. ``function(now, customers)`` yields tuples of the
            moment, the login name of the user, and ``run(work)``; the same for the same day. All moments lie before
            ``now``; ``customers`` is how many the company has.
    """

    steps: str


@dataclass(frozen=True, slots=True)
class Kept:
    """Fields that follow from others of the same record, kept by the pipeline for a whole batch at a time.

    Attributes:
        sources: Computed anew when one of these is written; empty is at every write.
        keep: ``keep(work, rows)`` is given complete records and returns a mapping of the kept fields for each, in
            order. It may read; it asks for what it needs once, not per row.
    """

    entity: str
    keep: Callable[[UnitOfWork, Sequence[Mapping[str, Any]]], Sequence[Mapping[str, Any]]]
    sources: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class Strategy:
    """A way to choose who gets a record.

    Attributes:
        key: ``<plugin>.<name>``.
        choose: ``choose(record, members)`` returns the member and why, or None; ``members`` are never empty, and all
            of them may get it. The reason is a msgid of ``plugin``'s domain and what fills it.
    """

    key: str
    label: str
    choose: Callable[[Mapping[str, Any], Sequence[Any]], tuple[Any, str, Mapping[str, Any]] | None]


@dataclass(frozen=True, slots=True)
class Reachable:
    """Records behind which there is a person whom one can write to or call.

    Attributes:
        channels: Kind of contact point (``email``, ``mobile``, …) to the field that holds it.
        name: The field with the person's name.
        where: In the filter language, which of the records are people; empty is all.
    """

    entity: str
    channels: Mapping[str, str]
    name: str = "name"
    where: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class DuplicateKeys:
    """By which fields records of an entity are recognized as being there already; all of them are indexed."""

    entity: str
    phones: Sequence[str] = ()
    emails: Sequence[str] = ()
    company: str = ""
