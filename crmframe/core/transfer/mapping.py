"""From headers and options to a plan; everything that is wrong with the columns is said at once."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime
from decimal import Decimal
from typing import Any, get_args

from crmframe.core.contributions import Action
from crmframe.core.entities import kinds
from crmframe.core.entities.entity import Entity
from crmframe.core.entities.field import Field
from crmframe.core.entities.numerals import plain_number
from crmframe.core.errors import InvalidInput, Problem
from crmframe.core.records import rights
from crmframe.core.transfer.mending import OWN_HEADERS
from crmframe.core.transfer.names import JOIN, HeaderNames, Translates, choice_labels, composite, squeezed
from crmframe.core.transfer.options import ImportOptions
from crmframe.core.transfer.plan import Column, Ignored, Link, Plan, Use
from crmframe.core.transfer.problems import problem
from crmframe.core.work import UnitOfWork

LEFT_OUT = "-"
REFERENCE = "ref:"

NOT_KNOWN = "No field is called so."
NOT_WANTED = "It was left out."
SYSTEM = "The system keeps this field."
FOLLOWS = "It follows from the fields that are written."
TWICE = "Another column gives this field."
AMBIGUOUS = "Several fields are called so; name the field."
REPLACED = "Every row gets the same value instead."

_INPUT_KINDS: Mapping[type, kinds.Kind] = {
    datetime: kinds.Instant(),
    date: kinds.Date(),
    Decimal: kinds.DecimalNumber(4),
    int: kinds.Integer(),
    bool: kinds.Boolean(),
    str: kinds.Text(),
}


def make_plan(
    work: UnitOfWork,
    entity: Entity,
    headers: Sequence[str],
    options: ImportOptions,
    translator: Translates | None,
) -> Plan:
    """Decide what each column is for.

    Raises:
        InvalidInput: Headers or fields that were named but do not exist, a key that no column gives.
    """
    return _Mapper(work, entity, headers, options, translator).plan()


class _Mapper:
    """The columns decided so far, and what was wrong."""

    def __init__(
        self,
        work: UnitOfWork,
        entity: Entity,
        headers: Sequence[str],
        options: ImportOptions,
        translator: Translates | None,
    ) -> None:
        self.work, self.entity, self.headers, self.options = work, entity, headers, options
        self.action = import_action(work, entity)
        self.inputs = dict(_input_fields(self.action)) if self.action else {}
        readable = {f.name: f for f in rights.readable(work, entity)}
        self.fields = {**self.inputs, **readable}
        self.names = HeaderNames(self.fields.values(), translator)
        self.translator = translator
        self.joined: dict[int, tuple[int, ...]] = {}
        self.problems: list[Problem] = []
        self.columns: list[Column] = []
        self.ignored: list[Ignored] = []

    def plan(self) -> Plan:
        told = dict(self._told())
        for name, text in self.options.constants.items():
            self._add(-1, name, name, constant=text)
        # What was named wins over what is merely alike, wherever it stands.
        used = {index for others in self.joined.values() for index in others}
        for index in sorted({*range(len(self.headers))} - used, key=lambda i: i not in told):
            self._map(index, told.get(index))
        self._compose()
        self.columns.sort(key=lambda column: column.index)
        if not self.columns and not self.problems:
            self.problems.append(problem("no_columns", entity=self.entity.label))
        self._check_aliases()
        keys = [key for name in self.options.match if (key := self._key(name))]
        if self.problems:
            raise InvalidInput(self.problems)
        kept = [
            self._aliased(column) for column in self.columns if column not in keys or self._is_written(column)
        ]
        wanted = any(column.use in ("input", "both") for column in kept)
        action = self.action if wanted else None
        keys = [self._aliased(key) for key in keys]
        return Plan(self.entity, self.options, self.headers, kept, self.ignored, keys, action)

    def _compose(self) -> None:
        """Join columns for fields that have an alias like ``first name+last name``, the longest first."""
        free = {squeezed(each.header): each.header for each in self.ignored if each.reason == NOT_KNOWN}
        for field in self.fields.values():
            found = composite(field, free) if field.writable else ()
            if found and not any(column.field is field for column in self.columns):
                headers = [free[part] for part in found]
                first, *others = (self.headers.index(header) for header in headers)
                use, shown = self._use(field), " + ".join(headers)
                self.columns.append(Column(first, shown, field.name, field, use, also=tuple(others)))
                self.ignored = [each for each in self.ignored if each.header not in headers]

    def _told(self) -> Iterator[tuple[int, str]]:
        for header, target in self.options.mapping.items():
            whole = self._places(header)
            parts = [self._places(part.strip()) for part in header.split(JOIN)] if not whole else [whole]
            if all(parts):
                first, *others = (places[0] for places in parts)
                self.joined[first] = tuple(others)
                yield first, target
            else:
                allowed = ", ".join(name for name in self.headers if name)
                self.problems.append(problem("unknown_column", header, column=header, allowed=allowed))

    def _places(self, header: str) -> list[int]:
        place = plain_number(header[1:]) if header.startswith("#") else None
        if place is not None and 1 <= place <= len(self.headers):
            return [place - 1]
        exact = [i for i, name in enumerate(self.headers) if name == header]
        return exact or [i for i, name in enumerate(self.headers) if squeezed(name) == squeezed(header)]

    def _map(self, index: int, target: str | None) -> None:
        header = self.headers[index]
        if target is None and (not header or header in OWN_HEADERS):
            return
        if target in (LEFT_OUT, ""):
            self.ignored.append(Ignored(header, NOT_WANTED))
            return
        for each in [header] if target is None else target.split(","):
            self._add(index, header, each.strip(), told=target is not None)

    def _add(self, index: int, header: str, target: str, *, told: bool = True, constant: str = "") -> None:
        if target.startswith(REFERENCE):
            self._add_reference(index, header, target.removeprefix(REFERENCE), constant)
            return
        field, by = self._target(target)
        if field is None:
            self._add_unknown(header, target, told=told)
            return
        reason = self._left_out(field, constant=bool(constant))
        if reason:
            self.ignored.append(Ignored(header, reason))
            return
        link = self._link(field, by, target)
        use = self._use(field)
        also = self.joined.get(index, ())
        self.columns.append(Column(index, header, field.name, field, use, link, constant=constant, also=also))

    def _add_reference(self, index: int, header: str, system: str, constant: str) -> None:
        field = Field(f"ref:{system}", kinds.Text(120), "External id")
        self.columns.append(Column(index, header, system, field, "reference", constant=constant))

    def _target(self, target: str) -> tuple[Field | None, str]:
        """Return the field that *target* means, and by what a link is found."""
        found = self.names.find(target)
        if found:
            return (found[0] if len(found) == 1 else None), ""
        for separator in (".", ":"):
            name, _, by = target.partition(separator)
            found = self.names.find(name) if by else ()
            if len(found) == 1 and found[0].kind.name in ("reference", "any_reference"):
                return found[0], by
        return None, ""

    def _add_unknown(self, header: str, target: str, *, told: bool) -> None:
        if told:
            self.problems.append(problem("unknown_field", header, field=target, allowed=self._allowed()))
        else:
            self.ignored.append(Ignored(header, AMBIGUOUS if self.names.find(header) else NOT_KNOWN))

    def _allowed(self) -> str:
        return ", ".join(sorted(f.short_name for f in self.fields.values() if f.writable))

    def _left_out(self, field: Field, *, constant: bool) -> str:
        if any(column.field is field for column in self.columns):
            replaced = any(column.field is field and column.index < 0 for column in self.columns)
            return REPLACED if replaced and not constant else TWICE
        if not field.writable:
            return "" if field.name in self.options.match else SYSTEM
        return FOLLOWS if self._is_derived(field) else ""

    def _is_derived(self, field: Field) -> bool:
        """Return whether the import action writes the field without asking for it."""
        return bool(self.action and self.action.name in field.written_by and field.name not in self.inputs)

    def _is_written(self, column: Column) -> bool:
        return column.field.writable

    def _use(self, field: Field) -> Use:
        if field.name not in self.inputs:
            return "value"
        own = self.work.schema.fields(self.entity).get(field.name)
        return "both" if own is not None and not own.written_by else "input"

    def _link(self, field: Field, by: str, target: str) -> Link | None:
        if field.kind.name == "any_reference":
            return self._checked(field, Link(by, any=True)) if by else None
        if not isinstance(field.kind, kinds.Reference):
            return None
        ids_first = squeezed(target) == squeezed(field.name) and field.name.endswith("_id") and not by
        # "Customer Id" is how people head a column of ids, "customer" one of names.
        return self._checked(field, Link(field.kind.entity, by, ids_first))

    def _checked(self, field: Field, link: Link) -> Link | None:
        other = self.work.registry.entities.get(link.entity)
        if other is None:
            self.problems.append(
                problem("unknown_field", field.name, field=link.entity, allowed="core.customer, …")
            )
            return None
        if link.by and link.by != "id" and not link.by.startswith(REFERENCE):
            found = self.work.schema.find_field(other, link.by)
            allowed = {f.name: f for f in rights.readable(self.work, other) if f.source == "column"}
            if found is None or found.name not in allowed:
                shown = ", ".join(sorted(allowed))
                self.problems.append(problem("unknown_field", field.name, field=link.by, allowed=shown))
                return None
            link = replace(link, by=found.name)
        return link

    def _key(self, name: str) -> Column | None:
        for column in self.columns:
            if column.use == "reference":
                if name == f"{REFERENCE}{column.name}":
                    return column
            elif name in (column.field.name, column.field.short_name) and column.use != "input":
                return column
        self.problems.append(problem("unknown_key", name, field=name))
        return None

    def _check_aliases(self) -> None:
        for name in self.options.aliases:
            if not any(_is_called(column, name) for column in self.columns):
                allowed = ", ".join(header for header in self.headers if header)
                self.problems.append(problem("unknown_column", name, column=name, allowed=allowed))

    def _aliased(self, column: Column) -> Column:
        found = choice_labels(column.field, self.translator)
        for name, aliases in self.options.aliases.items():
            if _is_called(column, name):
                found |= aliases
        return replace(column, aliases=found or None)


def _is_called(column: Column, name: str) -> bool:
    return squeezed(name) in {
        squeezed(n) for n in (column.header, column.field.name, column.field.short_name)
    }


def import_action(work: UnitOfWork, entity: Entity) -> Action | None:
    """Return the action that takes the columns which only actions may write."""
    actions: Iterable[Action] = work.registry.actions.get(entity.name, {}).values()
    return next((action for action in actions if action.imports is not None), None)


def _input_fields(action: Action) -> Iterator[tuple[str, Field]]:
    """Yield the simple inputs of an action as fields; lists and groups have no column."""
    for name, info in (action.input.model_fields if action.input else {}).items():
        extra: Mapping[str, Any] = info.json_schema_extra if isinstance(info.json_schema_extra, dict) else {}
        types = [t for t in (get_args(info.annotation) or (info.annotation,)) if t is not type(None)]
        entity = extra.get("entity")
        kind = kinds.Reference(str(entity), key=False) if entity else _INPUT_KINDS.get(types[0])
        if kind is not None and len(types) == 1:
            aliases = tuple(extra.get("aliases", ()))
            yield name, Field(name, kind, info.title or name, aliases=aliases)
