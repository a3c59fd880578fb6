"""What an import is told beside the file."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Literal

from crmframe.core.transfer.reading import ReadOptions

Mode = Literal["create", "update", "upsert", "skip"]
Blanks = Literal["keep", "clear"]
DayOrder = Literal["", "dmy", "mdy"]


@dataclass(frozen=True, slots=True)
class ImportOptions:
    """How the columns of a file become fields, and what happens to records that are there already.

    Attributes:
        mapping: Header (``#3`` for the third column, ``first name+last name`` for two in one) to its target: a field, ``customer.code`` (a link by that
            field), ``customer.ref:erp`` (by an external id), ``about:core.customer``, ``ref:erp`` (the record's own
            external id), an input of the entity's import action, or ``-`` to leave the column out; several with commas.
        aliases: Column (header or field) to what is written there and what it means.
        constants: Field to the text that every row gets.
        match: Fields, or ``ref:erp``, or ``id``, by which a row finds its record.
        mode: ``upsert`` by default when there is a key, else ``create``; ``skip`` leaves existing records alone.
        blanks: An empty cell leaves the field alone, or clears it.
        days: How ``03/04/2025`` is to be read where the column itself does not tell.
        dry_run: Do everything and take it back.
        mend: Where the refused rows go; None keeps none.
    """

    mapping: Mapping[str, str] = field(default_factory=dict)
    aliases: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    constants: Mapping[str, str] = field(default_factory=dict)
    match: tuple[str, ...] = ()
    mode: Mode | None = None
    blanks: Blanks = "keep"
    days: DayOrder = ""
    decimal_comma: bool = False
    reason: str = ""
    read: ReadOptions = field(default_factory=ReadOptions)
    dry_run: bool = False
    mend: Path | None = None

    @property
    def effective_mode(self) -> Mode:
        """Return what happens to records that are there already."""
        return self.mode or ("upsert" if self.match else "create")

    def to_json(self) -> dict[str, Any]:
        """Return what decides the result as JSON data, for the operation's note."""
        data = {**asdict(self), "match": list(self.match), "mend": str(self.mend or "")}
        del data["dry_run"]
        return data

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> ImportOptions:
        """Return the options that ``to_json`` wrote."""
        kept = {"match": tuple(data["match"]), "read": ReadOptions(**data["read"])}
        return cls(**{**data, **kept, "mend": Path(data["mend"]) if data["mend"] else None})
