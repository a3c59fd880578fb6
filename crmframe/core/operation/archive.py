"""The archive of a backup: a tar file of parts, and at its end a manifest with the checksum of each.

The manifest comes last because files are read only once; an archive that was cut off has none.
"""

from __future__ import annotations

import hashlib
import json
import os
import tarfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from io import BytesIO
from pathlib import Path, PurePosixPath
from typing import IO, Any

from crmframe.core.errors import CrmError

MANIFEST = "manifest.json"
FORMAT = 1
BLOCK = 1 << 20


class DamagedArchive(CrmError):
    """The archive is not what was written: cut off, changed, or never one of ours."""

    code = "damaged_archive"
    status = 422
    template = "{file} is no complete backup: {reason}. Nothing was changed. Take another backup."


@dataclass(frozen=True, slots=True)
class Manifest:
    """What an archive holds.

    Attributes:
        version: Of the crmframe that made it.
        form: How the database was copied.
        counts: Rows by table.
        parts: SHA-256 by name of the part.
    """

    version: str
    dialect: str
    form: str
    created_at: str
    counts: Mapping[str, int]
    parts: Mapping[str, str] = field(default_factory=dict)
    format: int = FORMAT

    @property
    def rows(self) -> int:
        """Return the rows of all tables."""
        return sum(self.counts.values())

    @property
    def files(self) -> int:
        """Return how many stored files there are."""
        return sum(name.startswith("files/") for name in self.parts)


class _Hashing:
    """A file that is hashed while it is read."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file = file
        self.hash = hashlib.sha256()

    def read(self, size: int = -1) -> bytes:
        block = self._file.read(size)
        self.hash.update(block)
        return block


class ArchiveWriter:
    """Writes parts one after the other."""

    def __init__(self, tar: tarfile.TarFile) -> None:
        self._tar = tar
        self.parts: dict[str, str] = {}

    def add(self, path: Path, name: str) -> None:
        """Add a file; one that is gone meanwhile is left out."""
        try:
            file = path.open("rb")
        except FileNotFoundError:
            return
        with file:
            entry = self._tar.gettarinfo(arcname=name, fileobj=file)
            entry.uid = entry.gid = 0
            entry.uname = entry.gname = ""
            hashing: Any = _Hashing(file)
            self._tar.addfile(entry, hashing)
        self.parts[name] = hashing.hash.hexdigest()

    def add_folder(self, folder: Path, name: str) -> None:
        """Add the files of a folder and those below it."""
        for path in sorted(folder.rglob("*")) if folder.is_dir() else ():
            if path.is_file() and not path.is_symlink():
                self.add(path, f"{name}/{path.relative_to(folder).as_posix()}")

    def finish(self, manifest: Mapping[str, Any]) -> None:
        """Add the manifest."""
        text = json.dumps(
            {**manifest, "parts": self.parts}, indent=1, ensure_ascii=False, sort_keys=True
        ).encode()
        entry = tarfile.TarInfo(MANIFEST)
        entry.size = len(text)
        self._tar.addfile(entry, BytesIO(text))


@contextmanager
def writing(file: Path) -> Iterator[ArchiveWriter]:
    """Open a new archive; it bears its name only once all of it has reached the disk."""
    partial = file.with_name(f"{file.name}.part")
    mode: Any = "w:gz" if file.suffix in (".gz", ".tgz") else "w"
    try:
        with partial.open("wb") as raw:
            os.fchmod(raw.fileno(), 0o600)  # it holds everything that the database holds
            with tarfile.open(fileobj=raw, mode=mode) as tar:
                yield ArchiveWriter(tar)
            raw.flush()
            os.fsync(raw.fileno())
        partial.rename(file)
    finally:
        partial.unlink(missing_ok=True)


def unpack(file: Path, folder: Path) -> Manifest:
    """Write the parts of an archive into *folder* and return its manifest, once every checksum is right.

    Raises:
        DamagedArchive: Anything is missing, changed, or not ours.
    """
    try:
        found, manifest = _unpack(file, folder)
    except (tarfile.TarError, EOFError, OSError, ValueError, TypeError) as error:
        raise DamagedArchive(file=file, reason=str(error) or type(error).__name__) from error
    if manifest.format != FORMAT:
        raise DamagedArchive(file=file, reason=f"format {manifest.format} is not known here")
    for name in sorted({*found, *manifest.parts}):
        if found.get(name) != manifest.parts.get(name):
            reason = "is not as it was written" if name in found else "is missing"
            raise DamagedArchive(file=file, reason=f"{name} {reason}")
    return manifest


def _unpack(file: Path, folder: Path) -> tuple[dict[str, str], Manifest]:
    found: dict[str, str] = {}
    manifest: Manifest | None = None
    with tarfile.open(file, "r:*") as tar:
        for entry in tar:
            source = tar.extractfile(entry)
            if source is None or not _is_harmless(entry.name):
                raise ValueError(f"{entry.name!r} is no part of a backup")
            if entry.name == MANIFEST:
                manifest = Manifest(**json.loads(source.read()))
            else:
                found[entry.name] = _write(source, folder / entry.name, entry.size)
    if manifest is None:
        raise ValueError(f"it has no {MANIFEST}")
    return found, manifest


def _is_harmless(name: str) -> bool:
    path = PurePosixPath(name)
    return not path.is_absolute() and ".." not in path.parts and "\0" not in name


def _write(source: IO[bytes], target: Path, size: int) -> str:
    target.parent.mkdir(parents=True, exist_ok=True)
    hashing = _Hashing(source)
    with target.open("wb") as file:
        while block := hashing.read(BLOCK):
            file.write(block)
        if file.tell() != size:
            raise ValueError(f"{target.name} is cut off")
    return hashing.hash.hexdigest()
