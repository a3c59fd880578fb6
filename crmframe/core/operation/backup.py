"""Backing up database and stored files into one archive while everything runs, and restoring it with proof."""

from __future__ import annotations

import json
import shutil
import tempfile
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from crmframe import __version__
from crmframe.core.errors import Conflict, CrmError
from crmframe.core.operation.archive import DamagedArchive, Manifest, unpack, writing
from crmframe.core.storage import copies
from crmframe.core.storage.copy_faults import CopyFault, InUse
from crmframe.core.storage.private import private_folder

DATABASE = "database"
FILES = "files"
NOTE = "last-backup.json"
# Epochs of the event cursor count the seconds from here: an archive that is restored twice opens two of them.
FIRST_DAY = datetime(2026, 1, 1, tzinfo=UTC)


class CannotBackUp(CrmError):
    """The copy could not be made."""

    code = "cannot_back_up"
    status = 503
    template = "No backup was made: {reason}."


class BackupExists(Conflict):
    """A backup is not written over another one, unless that is wished."""

    code = "backup_exists"
    template = "{file} is there already. Name another file, or replace it with --force."


class TargetNotEmpty(Conflict):
    """There is something where the backup should go."""

    code = "target_not_empty"
    template = (
        "{place} is not empty. Name an empty place with --into, or move what is there aside with --force."
    )


class TargetInUse(Conflict):
    """A running server or worker has the database open."""

    code = "target_in_use"
    template = "{place} is in use. Stop the server and the workers first."


class WrongDatabase(Conflict):
    """An archive of the one kind of database does not go into the other."""

    code = "wrong_database"
    template = (
        "This is the backup of a {found} database, and {place} is a {wanted} one. Name another with --into."
    )


@dataclass(frozen=True, slots=True)
class Restored:
    """What a restore did; ``kept`` names where what stood in its place is now."""

    manifest: Manifest
    kept: tuple[str, ...] = ()


def back_up(url: str, folder: Path, file: Path, *, now: datetime, force: bool = False) -> Manifest:
    """Write database and stored files into the archive *file*; nobody has to stop working.

    The database is one consistent state: all that was committed before the call is in it. Files are copied after it,
    so every file that the database knows of is there.

    Args:
        folder: The installation's data folder; its ``files`` are stored, its secret, caches and backups are not.
        force: Replace *file* when it is there.

    Raises:
        BackupExists: It is, and may not be replaced.
        CannotBackUp: Says why.
    """
    if file.exists() and not force:
        raise BackupExists(file=file)
    try:
        with tempfile.TemporaryDirectory(prefix=".backup-", dir=_beside(file)) as scratch:
            copied = copies.dump(url, Path(scratch))
            about = {
                "version": __version__,
                "dialect": copies.dialect_of(url),
                "form": copied.form,
                "created_at": now.astimezone(UTC).isoformat(),
                "counts": dict(copied.counts),
                "format": 1,
            }
            with writing(file) as archive:
                archive.add_folder(Path(scratch), DATABASE)
                archive.add_folder(folder / FILES, FILES)
                archive.finish(about)
    except (CopyFault, OSError) as error:
        raise CannotBackUp(reason=str(error)) from error
    manifest = Manifest(**about, parts=archive.parts)  # type: ignore[arg-type]
    _note(folder, file, manifest)
    return manifest


def _beside(file: Path) -> Path:
    file.absolute().parent.mkdir(parents=True, exist_ok=True)
    return file.absolute().parent


def _note(folder: Path, file: Path, manifest: Manifest) -> None:
    private_folder(folder)
    note = {"at": manifest.created_at, "file": str(file.absolute()), "rows": manifest.rows}
    (folder / NOTE).write_text(json.dumps(note), encoding="utf-8")


def last_backup(folder: Path) -> datetime | None:
    """Return when the last backup of this installation was made; None when nobody knows of one."""
    try:
        note = json.loads((folder / NOTE).read_text(encoding="utf-8"))
        return datetime.fromisoformat(note["at"])
    except (OSError, ValueError, KeyError, TypeError):
        return None


def verify(file: Path) -> Manifest:
    """Return an archive's manifest once all of it was read and found right.

    Raises:
        DamagedArchive: See there.
    """
    with tempfile.TemporaryDirectory(prefix="crmframe-verify-") as scratch:
        return unpack(file, Path(scratch))


def restore(url: str, folder: Path, file: Path, *, now: datetime, force: bool = False) -> Restored:
    """Put the archive *file* in the place of the database at *url* and of the files in *folder*.

    All of it is verified before anything is changed. Consumers of events see a new epoch: no cursor of theirs can
    point into a future that did not happen.

    Args:
        force: Move what is there aside, and keep it.

    Raises:
        DamagedArchive, WrongDatabase, TargetNotEmpty, TargetInUse: Nothing was changed.
    """
    if not file.is_file():
        raise DamagedArchive(file=file, reason="there is no such file")
    with tempfile.TemporaryDirectory(prefix=".restore-", dir=_existing(folder)) as scratch:
        manifest = unpack(file, Path(scratch))
        copier = copies.copier(url)
        _require_fitting(url, manifest)
        _require_room(url, copier, folder, force=force)
        epoch = int((now - FIRST_DAY).total_seconds())
        mark = f"before-restore-{now.astimezone(UTC):%Y%m%dT%H%M%S}"
        kept = _aside(url, copier, mark)
        try:
            copier.load(Path(scratch) / DATABASE, manifest.form, manifest.counts, epoch)
        except CopyFault as fault:
            if kept:
                copier.move_back(kept)
            raise DamagedArchive(file=file, reason=str(fault)) from fault
        return Restored(
            manifest, tuple(filter(None, (kept, _put_files(Path(scratch) / FILES, folder, mark))))
        )


def _existing(folder: Path) -> Path:
    private_folder(folder)
    return folder


def _require_fitting(url: str, manifest: Manifest) -> None:
    wanted = copies.dialect_of(url)
    if wanted != manifest.dialect:
        raise WrongDatabase(found=manifest.dialect, wanted=wanted, place=safe_url(url))


def _require_room(url: str, copier: copies.Copier, folder: Path, *, force: bool) -> None:
    if not force and not copier.is_empty():
        raise TargetNotEmpty(place=safe_url(url))
    if not force and _has_files(folder):
        raise TargetNotEmpty(place=folder / FILES)


def _aside(url: str, copier: copies.Copier, mark: str) -> str:
    if copier.is_empty():
        return ""
    try:
        return copier.move_aside(mark)
    except InUse as error:
        raise TargetInUse(place=safe_url(url)) from error


def _put_files(source: Path, folder: Path, mark: str) -> str:
    """Move the unpacked files into place; return where the old ones are now."""
    target, kept = folder / FILES, ""
    if _has_files(folder):
        kept = str(target.rename(target.with_name(f"{FILES}.{mark}")))
    elif target.is_dir():
        shutil.rmtree(target)
    if source.is_dir():
        source.rename(target)
    return kept


def _has_files(folder: Path) -> bool:
    return (folder / FILES).is_dir() and any((folder / FILES).iterdir())


def safe_url(url: str) -> str:
    """Return a database's URL without its password."""
    return copies.without_password(url)
