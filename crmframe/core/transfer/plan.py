"""What an import does with each column of a file."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from crmframe.core.contributions import Action
from crmframe.core.entities.entity import Entity
from crmframe.core.entities.field import Field
from crmframe.core.transfer.options import ImportOptions

Use = Literal["value", "input", "both", "reference"]


@dataclass(frozen=True, slots=True)
class Link:
    """How a cell names a record of ``entity``.

    Attributes:
        by: A field of it, ``ref:<system>``, or empty for what fits: title, unique field, id.
        ids_first: The header asks for ids (``customer_id``), so a number is no name.
        any: The value is written as ``core.customer:7``.
    """

    entity: str
    by: str = ""
    ids_first: bool = False
    any: bool = False


@dataclass(frozen=True, slots=True)
class Column:
    """A column of the file, or a constant, and what it is for.

    Attributes:
        index: Its place in the rows; -1 for a constant.
        name: The field, the action's input, or the system of an external id.
        use: ``reference`` is the external id of the record itself.
        days: How its days are written when not year first: ``dmy`` or ``mdy``.
        also: More columns that follow in the same field, as the last name follows the first.
    """

    index: int
    header: str
    name: str
    field: Field
    use: Use = "value"
    link: Link | None = None
    aliases: Mapping[str, str] | None = None
    constant: str = ""
    days: str = ""
    also: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Ignored:
    """A column that is left out, and why; ``reason`` is a msgid."""

    header: str
    reason: str


@dataclass(frozen=True, slots=True)
class Plan:
    """What is done with a file.

    Attributes:
        keys: The columns that find the record.
        action: The action that writes what only actions may write, None when no column wants it.
    """

    entity: Entity
    options: ImportOptions
    headers: Sequence[str]
    columns: Sequence[Column]
    ignored: Sequence[Ignored]
    keys: Sequence[Column]
    action: Action | None

    @property
    def references(self) -> list[Column]:
        """Return the columns with external ids of the records themselves."""
        return [column for column in self.columns if column.use == "reference"]

    @property
    def parents(self) -> list[Column]:
        """Return the links to records of the same entity, which may stand further down in the same file."""
        return [c for c in self.columns if c.index >= 0 and c.link and c.link.entity == self.entity.name]
