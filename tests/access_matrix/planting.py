"""Fills the world: records of several owners for every entity of the registry, made from their fields alone."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from decimal import Decimal
from itertools import count
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from crmframe.core import records
from crmframe.core.access.loading import actor_of_user
from crmframe.core.errors import InvalidInput
from crmframe.core.work import Acting
from tests.access_matrix.canaries import Canaries, Canary
from tests.access_matrix.cast import FORMED, HOLDERS, PEOPLE, UNPLANTED, UNREADABLE

if TYPE_CHECKING:
    from crmframe.application import Application
    from crmframe.core.work import UnitOfWork

OWNERS = ("sam", "nina", "olga")
USERS = "core.user"
# Values that a kind needs and no canary can carry.
DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
# Entities that take only certain values, by the number of the record.
VARIED: Mapping[str, Callable[[int], Mapping[str, Any]]] = {
    "core.calendar": lambda number: dict.fromkeys(DAYS),
    "core.currency_rate": lambda number: {
        "currency": f"X{number // 26 % 26 + 65:c}{number % 26 + 65:c}",
        "rate": "2",
    },
    "sales.stale_task": lambda number: {"since": f"2026-02-03T04:{number // 60 % 60:02}:{number % 60:02}Z"},
    "core.number_series": lambda number: {"pattern": "{number}", "resets": "never"},
}
# References of which a record can have only one of the kind.
ALONE = {
    ("sales.handover_note", "deal_id"),
    ("sales.deal_contact", "deal_id"),
    ("sales.deal_competitor", "deal_id"),
}
PLAIN = {
    "boolean": True,
    "instant": "2026-02-03T04:05:06Z",
}
TEXTS = ("text", "long_text", "email", "phone", "url", "json", "integer", "decimal", "money")


# What a field must be for its record to be accepted; there is no room for a token in it.
CHECKED: Mapping[tuple[str, str], Any] = {
    # Which no role may read: elsewhere the field would show up everywhere.
    ("core.custom_field", "entity"): UNREADABLE,
    ("core.assignment_rule", "entity"): "core.customer",
    ("core.assignment_rule", "strategy"): "core.load",
    ("core.assignment_rule", "conditions"): {"city": "Berlin"},
    ("sales.score_rule", "conditions"): {"city": "Berlin"},
    ("sales.web_form", "allowed_origins"): None,
    ("sales.web_form", "redirect_url"): None,
    # Percentages, and amounts that a document can hold.
    **{
        (f"sales.{entity}", name): Decimal(7)
        for entity in ("quote", "quote_line", "sales_order", "sales_order_line")
        for name in ("discount_percent", "tax_rate", "quantity")
    },
}


@dataclass
class Planter:
    """Makes records.

    Attributes:
        ids: (entity, variant) to id. Variants: the owner's name for the plain record; ``gone_*`` deleted later;
            ``shelved`` archived; ``crossing`` is sam's and refers to olga's; ``stray`` is sam's below one of olga's;
            ``moved`` was sam's and is olga's.
        operations: (entity, variant, verb) to the operation that did it.
        is_complete: True once everything is there: what cells try must not make more.
    """

    application: Application
    canaries: Canaries
    user_ids: Mapping[str, int]
    team_ids: Mapping[str, int]
    ids: dict[tuple[str, str], int] = field(default_factory=dict)
    operations: dict[tuple[str, str, str], int] = field(default_factory=dict)
    days: Iterator[int] = field(default_factory=count)
    made: int = 0
    is_complete: bool = False

    @property
    def registry(self) -> Any:
        return self.application.registry

    @contextmanager
    def work(self, owner: str, entity: Any) -> Iterator[UnitOfWork]:
        """Open a unit of work in which *owner* may write everything of *entity*."""
        with self.application.database.read() as connection:
            actor = actor_of_user(connection, self.user_ids[owner])
        assert actor is not None
        acting = Acting(entity.name, "plant", entity.plugin)
        with (
            self.application.work(replace(actor, unlimited=True), door="cli") as work,
            work.acting_as(acting),
        ):
            yield work

    # --- before the moment that tests look back to ----------------------------------------------------

    def create_all(self) -> None:
        """Create the records of every entity, targets before what refers to them, and spare targets for the cells."""
        for entity in self.registry.public_entities():
            if entity.name in UNPLANTED:
                continue
            for variant, owner, target_owner, parent_owner in _variants(self.registry, entity):
                self.create(entity, variant, owner, target_owner, parent_owner)
        for name in sorted({self.registry.entity(name).fields[each].kind.entity for name, each in ALONE}):
            for owner in OWNERS:
                self.create(self.registry.entity(name), f"spare_{owner}", owner, owner, owner)
        self.is_complete = True

    def lend(self) -> None:
        """Share records of olga's with people who would not see them, and let vera stand in for her."""
        sam, vera, olga = (self.user_ids[name] for name in ("sam", "vera", "olga"))
        shares = (
            ("core.customer", {"user_id": sam, "right": "read"}),
            ("sales.deal", {"user_id": sam, "right": "write"}),
            ("core.contact", {"team_id": self.team_ids["northeast"], "right": "read"}),
        )
        with self.application.work(door="cli") as work:
            for name, values in shares:
                about = f"{name}:{self.ids[name, 'olga']}"
                records.create(work, "core.share", {"about": about, **values})
            days = {"starts_on": date(2026, 1, 1), "ends_on": date(2099, 1, 1)}
            records.create(work, "core.absence", {"user_id": olga, "deputy_id": vera, **days})

    def create(self, entity: Any, variant: str, owner: str, targets: str, parent: str) -> None:
        """Create one record; it refers to the plain records of *targets*, above it stands one of *parent*."""
        values, tokens = self.values(entity, owner, targets=targets, parent=parent)
        try:
            with self.work(owner, entity) as work:
                [record_id] = records.create_many(work, entity.name, [values])
        except InvalidInput as error:
            if variant not in OWNERS and {problem.code for problem in error.problems} == {"taken"}:
                return  # one of its kind for each record above it, and the plain one is there
            raise
        self.ids[entity.name, variant] = record_id
        self.operations[entity.name, variant, "create"] = _operation(work)
        self._plant(entity, record_id, tokens, early=True)

    def values(
        self, entity: Any, owner: str, *, targets: str, parent: str, names: set[str] | None = None
    ) -> tuple[dict[str, Any], dict[str, str]]:
        """Return values for a new record, and the token in each that carries one.

        Args:
            names: Only these fields; None gives a value to every field that any door may write.
        """
        values: dict[str, Any] = {}
        tokens: dict[str, str] = {}
        with self.application.database.read() as connection:
            fields = self.application.schema(connection).fields(entity)
        for each in fields.values():
            if not each.writable or each.written_by or (names is not None and each.name not in names):
                continue
            if (entity.name, each.name) in FORMED:
                continue
            if entity.name == UNREADABLE and each.source == "custom":
                continue  # planted themselves: the oracle does not know them
            value, token = self.value(entity, each, owner, targets, parent)
            if value is not None:
                values[each.name] = value
            if token:
                tokens[each.name] = token
        return self._as_checked(entity, values, tokens)

    def _as_checked(
        self, entity: Any, values: dict[str, Any], tokens: dict[str, str]
    ) -> tuple[dict[str, Any], dict[str, str]]:
        """Put what the entity's own checks insist on in the place of what was made up."""
        self.made += 1
        for name, value in VARIED.get(entity.name, lambda number: {})(self.made).items():
            if name in values:
                tokens.pop(name, None)
                values[name] = value
        return {name: value for name, value in values.items() if value is not None}, tokens

    def value(self, entity: Any, each: Any, owner: str, targets: str, parent: str) -> tuple[Any, str]:
        """Return a value for one field and the token in it."""
        if each.name in ("owner_id", HOLDERS.get(entity.name)):
            return self.user_ids[owner], ""
        if each.name == "team_id" and entity.is_owned:
            return self._team_of(owner), ""
        if each.kind.name in ("reference", "any_reference"):
            return self._link(entity, each, parent if each.name in entity.access_through else targets), ""
        if (entity.name, each.name) in CHECKED:
            return CHECKED[entity.name, each.name], ""
        return self._plain_value(each)

    def _plain_value(self, each: Any) -> tuple[Any, str]:
        if each.kind.name in ("choice", "multi_choice"):
            first = each.kind.choices[0].value
            return (first if each.kind.name == "choice" else [first]) if each.default is None else None, ""
        value, token = self.canaries.value(each)
        if value is None and each.default is None and each.kind.name == "date":
            return date(2026, 2, 3) + timedelta(
                days=next(self.days)
            ), ""  # another one for each: pairs are unique
        if value is None and each.default is None:
            return PLAIN.get(each.kind.name, 1 if each.required else None), ""
        return value, token

    def _team_of(self, owner: str) -> int | None:
        teams = PEOPLE[owner].teams
        return self.team_ids[teams[0]] if teams else None

    def _new_target(self, each: Any, owner: str) -> int:
        """Return the id of a record that nothing refers to yet."""
        self.made += 1
        variant = f"alone_{self.made}"
        self.create(self.registry.entity(each.kind.entity), variant, owner, owner, owner)
        return self.ids[each.kind.entity, variant]

    def _link(self, entity: Any, each: Any, owner: str) -> Any:
        if (entity.name, each.name) in ALONE:
            spare = self.ids.get((each.kind.entity, f"spare_{owner}"))
            return spare if self.is_complete else self._new_target(each, owner)
        if each.kind.name == "any_reference":
            target = "core.customer"
            return f"{target}:{self.ids[target, owner]}" if (target, owner) in self.ids else None
        if each.kind.entity == entity.name:
            return None
        return self.ids.get((each.kind.entity, owner))

    def _plant(self, entity: Any, record_id: int, tokens: Mapping[str, str], *, early: bool) -> None:
        for name, token in tokens.items():
            self.canaries.plant(token, Canary(entity.name, record_id, name, early))

    # --- after it -------------------------------------------------------------------------------------

    def change_all(self) -> None:
        """Change, move, put away and delete."""
        for entity in self.registry.public_entities():
            for variant in (*OWNERS, "moved"):
                if (entity.name, variant) in self.ids:
                    self.change(entity, variant)
        for entity in reversed(self.registry.public_entities()):
            for variant in ("gone_sam", "gone_olga"):
                # A mention goes with the words that made it, which were changed above.
                if (entity.name, variant) in self.ids and entity.name != "core.mention":
                    self.delete(entity, variant)
            if (entity.name, "shelved") in self.ids:
                with self.work("olga", entity) as work:
                    records.archive(work, entity.name, self.ids[entity.name, "shelved"])

    def change(self, entity: Any, variant: str) -> None:
        """Give a record new texts, and olga what was sam's."""
        record_id, owner = self.ids[entity.name, variant], "olga" if variant == "moved" else variant
        names = set(self.changing(entity))
        values, tokens = self.values(entity, owner, targets=owner, parent=owner, names=names)
        if variant == "moved":
            values |= {"owner_id": self.user_ids["olga"], "team_id": self._team_of("olga")}
        if not values:
            return
        with self.work(owner, entity) as work:
            records.update(work, entity.name, record_id, values)
        self.operations[entity.name, variant, "update"] = _operation(work)
        self._plant(entity, record_id, tokens, early=False)

    def changing(self, entity: Any) -> Sequence[str]:
        """Return up to three fields that carry canaries and may be written again."""
        found = [
            each.name
            for each in entity.fields.values()
            if each.writable and not each.written_by and not each.unique and not each.hidden
            if each.kind.name in TEXTS and (entity.name, each.name) not in FORMED
        ]
        return [name for name in found if name != "entity"][:3]

    def delete(self, entity: Any, variant: str) -> None:
        """Delete a record."""
        with self.work(variant.removeprefix("gone_"), entity) as work:
            records.delete(work, entity.name, self.ids[entity.name, variant])
        self.operations[entity.name, variant, "delete"] = _operation(work)


def _variants(registry: Any, entity: Any) -> Iterator[tuple[str, str, str, str]]:
    """Yield variant, owner, whose records it refers to, and whose record stands above it."""
    for owner in OWNERS:
        yield owner, owner, owner, owner
    # A pair that must be unique is taken by the plain records: these refer to others.
    if not _is_pair_of_parents(entity):
        yield "gone_sam", "sam", "nina" if _is_pair(entity) else "sam", "sam"
        yield "gone_olga", "olga", "nina" if _is_pair(entity) else "olga", "olga"
    if entity.is_archivable:
        yield "shelved", "olga", "olga", "olga"
    if _refers_elsewhere(registry, entity):
        yield "crossing", "sam", "olga", "sam"
    if entity.access_through and not _is_pair_of_parents(entity):
        yield "stray", "sam", "sam", "olga"
    if entity.is_owned:
        yield "moved", "sam", "sam", "sam"


def _is_pair(entity: Any) -> bool:
    return any(
        isinstance(each, sa.UniqueConstraint) and len(each.columns) > 1 for each in entity.table.constraints
    )


def _is_pair_of_parents(entity: Any) -> bool:
    """Return whether all that makes a pair unique stands above it: every pair of one owner's is taken at once."""
    return any(
        isinstance(each, sa.UniqueConstraint)
        and len(each.columns) > 1
        and {column.name for column in each.columns} <= set(entity.access_through)
        for each in entity.table.constraints
    )


def _refers_elsewhere(registry: Any, entity: Any) -> bool:
    return any(
        each.writable
        and not each.written_by
        and each.name not in (*entity.access_through, "owner_id", "team_id")
        and each.kind.name == "reference"
        and each.kind.entity not in (USERS, "core.team", entity.name)
        for each in entity.fields.values()
    )


def _operation(work: UnitOfWork) -> int:
    assert work.operation_id is not None
    return work.operation_id


def moment_text(moment: datetime) -> str:
    return moment.isoformat().replace("+00:00", "Z")
