"""A folder of files, each kept once under the hash of its content.

A file is written beside its place, synchronized, and renamed: it is there whole or not at all. Names that people gave
never become paths.
"""

from __future__ import annotations

import hashlib
import os
import re
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, BinaryIO

from crmframe.core.errors import CrmError, NotFound

CHUNK = 256 * 1024
HEAD = 4096
DIGEST = re.compile(r"[0-9a-f]{64}")


class FileTooLarge(CrmError):
    """A file has more bytes than are allowed."""

    code = "file_too_large"
    status = 413
    template = "The file is larger than {limit} MB. Make it smaller, or put it elsewhere and attach a link."


class FileEmpty(CrmError):
    """There is nothing in a file, or none was chosen."""

    code = "file_empty"
    status = 422
    template = "The file is empty. Choose one that holds something."


@dataclass(frozen=True, slots=True)
class Stored:
    """A file as it lies in the store; ``head`` is how it begins, up to 4,096 bytes."""

    digest: str
    size: int
    head: bytes


class FileStore:
    """The files below *folder*, in folders by the first two letters of their hash."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def put(self, source: BinaryIO, limit: int) -> Stored:
        """Keep what *source* holds from where it stands; what is there already is kept once.

        Args:
            limit: Bytes.

        Raises:
            FileTooLarge, FileEmpty: Nothing is kept.
        """
        self.folder.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile(dir=self.folder, prefix=".new-", delete=False) as target:
            try:
                stored = _copy(source, target, limit)
                target.flush()
                os.fsync(target.fileno())
            except BaseException:
                Path(target.name).unlink()
                raise
        self._settle(Path(target.name), self.path(stored.digest))
        return stored

    def _settle(self, new: Path, place: Path) -> None:
        place.parent.mkdir(exist_ok=True)
        # Also where it lies already: its age tells the clean-up that somebody has just asked for it.
        new.replace(place)
        folder = os.open(place.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)

    def path(self, digest: str) -> Path:
        """Return where a file lies, or would.

        Raises:
            NotFound: That is no hash.
        """
        if not DIGEST.fullmatch(digest):
            raise NotFound(entity="file", id=digest[:80])
        return self.folder / digest[:2] / digest

    def open(self, digest: str) -> BinaryIO:
        """Open a file for reading.

        Raises:
            NotFound: It is not there.
        """
        try:
            return self.path(digest).open("rb")
        except FileNotFoundError:
            raise NotFound(entity="file", id=digest) from None

    def has(self, digest: str) -> bool:
        """Return whether a file is there."""
        return self.path(digest).is_file()

    def ages(self) -> Iterator[tuple[str, datetime]]:
        """Yield the hash of each file and when it was last put there."""
        for path in self.folder.glob("[0-9a-f][0-9a-f]/*"):
            if DIGEST.fullmatch(path.name):
                yield path.name, datetime.fromtimestamp(path.stat().st_mtime, UTC)

    def remove(self, digest: str) -> None:
        """Remove a file; one that is gone already is no fault."""
        self.path(digest).unlink(missing_ok=True)


def _copy(source: BinaryIO, target: IO[bytes], limit: int) -> Stored:
    digest, size, head = hashlib.sha256(), 0, b""
    while chunk := source.read(CHUNK):
        size += len(chunk)
        if size > limit:
            raise FileTooLarge(limit=limit // 1_000_000)
        digest.update(chunk)
        head = head or chunk[:HEAD]
        target.write(chunk)
    if not size:
        raise FileEmpty
    return Stored(digest.hexdigest(), size, head)
