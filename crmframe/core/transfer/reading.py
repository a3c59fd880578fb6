"""Reading a table from a CSV file, whoever wrote it: row by row, in flat memory."""

from __future__ import annotations

import csv
import io
import shutil
import tempfile
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import BinaryIO, cast

import msgspec

from crmframe.core.transfer import decoding, dialects
from crmframe.core.transfer.defusing import armed
from crmframe.core.transfer.problems import BROKEN, EMPTY, NO_FILE, NO_HEADERS, UnreadableFile

SPOOL_BYTES = 8 * 1024 * 1024
HEADER_SEARCH = 30
SAMPLE_LINES = 400

FileLike = str | Path | BinaryIO


@dataclass(frozen=True, slots=True)
class ReadOptions:
    """How to read the file; what is left out is found out.

    Attributes:
        header_row: Which row holds the headers, counted from 1 as a spreadsheet does.
        locale: Decides between encodings that fit alike.
    """

    encoding: str = ""
    delimiter: str = ""
    header_row: int = 0
    locale: str = "en"


class FileRow(msgspec.Struct, gc=False):
    """One row: ``number`` counts as a spreadsheet does, headers included; ``cells`` may be fewer than headers."""

    number: int
    cells: list[str]


class Table:
    """An open file with its headers; ``rows()`` reads it from the beginning each time."""

    def __init__(self, file: BinaryIO, name: str, options: ReadOptions) -> None:
        self.name = name
        self._file = file
        self._decoding = decoding.detect(file, locale=options.locale, encoding=options.encoding)
        self.digest = self._decoding.digest
        lines = self._sample()
        self._dialect = dialects.detect(lines, options.delimiter)
        first = list(islice(self._numbered(), HEADER_SEARCH))
        self.header_number = options.header_row or _header_number(first)
        self.headers: tuple[str, ...] = _headers(first, self.header_number)

    @property
    def encoding(self) -> str:
        """Return the codec that the file is read with."""
        return self._decoding.encoding

    @property
    def delimiter(self) -> str:
        """Return what separates the cells."""
        return self._dialect.delimiter

    def rows(self) -> Iterator[FileRow]:
        """Yield the rows below the headers that are not blank.

        Raises:
            UnreadableFile: A quote is never closed, or a cell is longer than any field.
        """
        for row in self._numbered():
            if row.number > self.header_number and any(map(str.strip, row.cells)):
                if "'" in "".join(row.cells):
                    row.cells = [armed(cell) for cell in row.cells]
                yield row

    def _sample(self) -> list[str]:
        lines = list(islice(self._text(), SAMPLE_LINES))
        if not any(line.strip() for line in lines):
            raise UnreadableFile(EMPTY)
        return lines

    def _numbered(self) -> Iterator[FileRow]:
        lines = islice(self._text(), self._dialect.skip, None)
        reader = csv.reader(lines, delimiter=self._dialect.delimiter, quotechar=self._dialect.quote)
        number = 0
        try:
            for number, cells in enumerate(reader, 1):
                yield FileRow(number, cells)
        except csv.Error:
            raise UnreadableFile(BROKEN, row=number + 1) from None

    def _text(self) -> Iterator[str]:
        self._file.seek(0)
        text = io.TextIOWrapper(
            cast("BinaryIO", _Unclosed(self._file)),
            self._decoding.encoding,
            self._decoding.errors,
            newline="",
        )
        yield from text


class _Unclosed(io.RawIOBase):
    """A file that stays open when the text over it is dropped: the table is read several times."""

    def __init__(self, file: BinaryIO) -> None:
        super().__init__()
        self._inner = file

    def readable(self) -> bool:
        return True

    def read(self, size: int = -1) -> bytes:
        return self._inner.read(size)

    def read1(self, size: int = -1) -> bytes:
        return self._inner.read(size)


@contextmanager
def opened(file: FileLike, options: ReadOptions) -> Iterator[Table]:
    """Open a path or a binary stream as a table; a stream that cannot go back is copied first.

    Raises:
        UnreadableFile: It is empty, no text, or not there.
    """
    if not isinstance(file, str | Path):
        with _seekable(file) as stream:
            yield Table(stream, Path(str(getattr(file, "name", "") or "")).name, options)
        return
    if not Path(file).is_file():
        raise UnreadableFile(NO_FILE, file=file)
    with Path(file).open("rb") as stream:
        yield Table(stream, Path(file).name, options)


@contextmanager
def _seekable(file: BinaryIO) -> Iterator[BinaryIO]:
    if file.seekable():
        yield file
        return
    with tempfile.SpooledTemporaryFile(max_size=SPOOL_BYTES) as copy:
        shutil.copyfileobj(file, copy)
        yield cast("BinaryIO", copy)


def _header_number(first: Sequence[FileRow]) -> int:
    """Return which row holds the headers: the first that is as wide as the table, below titles and notes."""
    filled = [(row.number, sum(1 for cell in row.cells if cell.strip())) for row in first]
    filled = [(number, count) for number, count in filled if count]
    usual = Counter(len(row.cells) for row in first if any(row.cells)).most_common(1)[0][0]
    for number, count in filled:
        if count > 0.5 * usual:
            return number
    return filled[0][0]


def _headers(first: Sequence[FileRow], number: int) -> tuple[str, ...]:
    found = next((row.cells for row in first if row.number == number), None)
    if found is None or not any(cell.strip() for cell in found):
        raise UnreadableFile(NO_HEADERS, row=number)
    return tuple(" ".join(armed(cell).split()) for cell in found)
