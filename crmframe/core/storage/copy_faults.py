"""What can go wrong while a database is copied, in words for administrators."""

from __future__ import annotations


class CopyFault(Exception):
    """A copy that cannot be made or loaded; the sentence says why."""


class InUse(CopyFault):
    """Another process has the database open."""


def require_counts(found: dict[str, int], wanted: dict[str, int]) -> None:
    """Refuse a copy in which other rows arrived than were sent.

    Raises:
        CopyFault: Names the first few tables.
    """
    wrong = [name for name in sorted({*found, *wanted}) if found.get(name) != wanted.get(name)]
    if wrong:
        pairs = ", ".join(
            f"{name} has {found.get(name, 0)} of {wanted.get(name, 0)} rows" for name in wrong[:5]
        )
        raise CopyFault(pairs)
