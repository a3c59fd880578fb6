"""Files and folders that hold what the database holds, or keys to it: nobody but the own user reads them."""

from __future__ import annotations

from pathlib import Path

IN_MEMORY = ":memory:"


def private_folder(folder: Path) -> None:
    """Make *folder* and the missing ones above it, for the own user alone; what is there stays as it is."""
    for each in (*reversed(folder.parents), folder):
        if not each.exists():
            each.mkdir(mode=0o700, exist_ok=True)


def private_database(path: Path) -> None:
    """Make the empty file of an SQLite database, for the own user alone; its logs get the same mode.

    What cannot be made is left to SQLite, which says why.
    """
    if path.name == IN_MEMORY or str(path).startswith("file:") or path.exists():
        return
    try:
        path.touch(mode=0o600)
    except OSError:
        return
