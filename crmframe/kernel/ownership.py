"""Whose table is it: the rules that a plugin's migration must keep, checked inside its transaction.

1. A new table carries the plugin's prefix.
2. Nothing of others is altered, dropped, indexed or given a trigger.
3. A foreign key to others' tables is ON DELETE CASCADE or SET NULL: a disabled plugin must not block its owner.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import sqlalchemy as sa

from crmframe.core.storage.migrations import Snapshot


@dataclass(frozen=True, slots=True)
class Ownership:
    """What belongs to one plugin.

    Attributes:
        prefixes: Of every plugin known; the longest that fits owns a table (``sales_tax_rate`` is not of ``sales``).
    """

    prefix: str
    version_table: str
    prefixes: frozenset[str]

    def owns(self, table: str) -> bool:
        """Tell whether *table* is the plugin's."""
        if table == self.version_table:
            return True
        fitting = [each for each in {*self.prefixes, self.prefix} if table.startswith(each)]
        return bool(fitting) and max(fitting, key=len) == self.prefix


def faults(connection: sa.Connection, owner: Ownership, before: Snapshot, after: Snapshot) -> list[str]:
    """Return a sentence for each rule that was broken between the two snapshots."""
    return [*_strangers(owner, before, after), *_blocking_keys(connection, owner, after)]


def _strangers(owner: Ownership, before: Snapshot, after: Snapshot) -> list[str]:
    changed = {
        key for key in {*before, *after} if before.get(key) != after.get(key) and not owner.owns(key[1])
    }
    existed = {table for kind, table, _ in before if kind in ("table", "view")}
    created = sorted({table for _, table, _ in changed if table not in existed})
    touched = sorted({table for _, table, _ in changed if table in existed})
    kept = {table for kind, table, _ in after if kind in ("table", "view")}
    sentences = [f"It created {table}, but its tables must start with {owner.prefix}." for table in created]
    sentences += [
        f"It {'changed' if table in kept else 'dropped'} {table}, which it does not own. Use a table of its own instead."
        for table in touched
    ]
    return sentences


def _blocking_keys(connection: sa.Connection, owner: Ownership, after: Snapshot) -> Iterable[str]:
    inspector = sa.inspect(connection)
    own = sorted({table for kind, table, _ in after if kind == "table" and owner.owns(table)})
    for table in own:
        for key in inspector.get_foreign_keys(table):
            action = str(key.get("options", {}).get("ondelete") or "").upper()
            if not owner.owns(key["referred_table"]) and action not in ("CASCADE", "SET NULL"):
                columns = ", ".join(key["constrained_columns"])
                yield (
                    f"The foreign key {table}.{columns} to {key['referred_table']} needs ON DELETE CASCADE or SET NULL, "
                    "or the plugin would block its owner even while disabled."
                )
