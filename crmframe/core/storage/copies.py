"""Copying a whole database while it is in use, and putting a copy in its place again."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import sqlalchemy as sa

from crmframe.core.storage.copy_postgresql import PostgresqlCopier
from crmframe.core.storage.copy_sqlite import SqliteCopier


@dataclass(frozen=True, slots=True)
class Copied:
    """A copy in a folder.

    Attributes:
        form: How it was made; ``load`` needs to know.
        counts: Rows by table, counted in the copied state.
    """

    form: str
    counts: Mapping[str, int]


class Copier(Protocol):
    """Copies one database."""

    def dump(self, folder: Path) -> tuple[str, Mapping[str, int]]:
        """Write the database as of now into *folder*; return the form and the rows by table."""

    def is_empty(self) -> bool:
        """Return whether there is no table."""

    def move_aside(self, mark: str) -> str:
        """Put what is there out of the way, keep it, and return where it is now."""

    def move_back(self, kept: str) -> None:
        """Take back ``move_aside``: what was loaded since goes."""

    def load(self, folder: Path, form: str, counts: Mapping[str, int], epoch: int) -> None:
        """Fill the empty database from *folder*; everything or nothing stays.

        Args:
            counts: What must be there afterwards.
            epoch: The lowest number that the cursor of events may bear from now on.

        Raises:
            CopyFault: It cannot be read, or other rows arrived.
        """


def copier(url: str) -> Copier:
    """Return what copies the database at *url*."""
    made = sa.make_url(url)
    return SqliteCopier(made) if made.get_backend_name() == "sqlite" else PostgresqlCopier(made)


def dialect_of(url: str) -> str:
    """Return ``sqlite`` or ``postgresql``."""
    return sa.make_url(url).get_backend_name()


def dump(url: str, folder: Path) -> Copied:
    """Copy the database at *url* into *folder*, in one consistent state, without holding up writers."""
    return Copied(*copier(url).dump(folder))


def without_password(url: str) -> str:
    """Return a database's URL as it may be shown."""
    return sa.make_url(url).render_as_string(hide_password=True)
