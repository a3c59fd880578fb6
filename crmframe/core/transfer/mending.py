"""The file to mend: the rows that were refused as they were, each with its number and the reasons.

Mended, it can be imported as it is: an import leaves out the two columns that were added.
"""

from __future__ import annotations

import csv
from collections.abc import Callable, Sequence
from io import BufferedRandom, TextIOWrapper
from pathlib import Path

from crmframe.core.errors import Problem
from crmframe.core.transfer.defusing import defused_unless_number
from crmframe.core.transfer.reading import FileRow

ROW_HEADER, PROBLEMS_HEADER = "crmframe row", "crmframe problems"
OWN_HEADERS = (ROW_HEADER, PROBLEMS_HEADER)

Say = Callable[[Problem], str]


class MendFile:
    """Made when the first row is refused.

    Args:
        path: None keeps nothing.
        size: What a run that was interrupted had written by its last commit; anything behind it is cut off.
        say: Puts a problem into the reader's words.
    """

    def __init__(self, path: Path | None, headers: Sequence[str], size: int, say: Say) -> None:
        self.path = path
        self._kept = [i for i, header in enumerate(headers) if header not in OWN_HEADERS]
        self._headers, self._say = headers, say
        self._file: TextIOWrapper | None = None
        self._raw: BufferedRandom | None = None
        self.size = 0
        if path is not None and size and path.exists() and path.stat().st_size >= size:
            self._open(path, size)

    def _open(self, path: Path, size: int) -> TextIOWrapper:
        raw = self._raw = path.open("r+b" if size else "w+b")
        raw.truncate(size)
        raw.seek(size)
        file = self._file = TextIOWrapper(raw, "utf-8", newline="")
        if not size:
            file.write("\ufeff")  # without it Excel takes the file for the encoding of the machine
            headers = [defused_unless_number(self._headers[i]) for i in self._kept]
            csv.writer(file).writerow([*headers, *OWN_HEADERS])
        self.size = size
        return file

    def add(self, row: FileRow, problems: Sequence[Problem]) -> None:
        """Write a refused row; cells beyond the headers go behind the last column, where they can be seen."""
        if self.path is None:
            return
        file = self._file or self._open(self.path, 0)
        cells = [row.cells[i] if i < len(row.cells) else "" for i in self._kept]
        reasons = " ".join(dict.fromkeys(self._say(problem) for problem in problems))
        extra = row.cells[len(self._headers) :]
        shown = [defused_unless_number(cell) for cell in cells]
        surplus = [defused_unless_number(cell) for cell in extra]
        csv.writer(file).writerow([*map(_writable, [*shown, str(row.number), reasons, *surplus])])

    def flush(self) -> int:
        """Bring everything to the file and return its size."""
        if self._file is not None and self._raw is not None:
            self._file.flush()
            self.size = self._raw.tell()
        return self.size

    def close(self) -> str:
        """Finish the file; returns its path, empty when no row was refused."""
        if self._file is None:
            return ""
        self._file.close()
        return str(self.path)


def _writable(text: str) -> str:
    # What could not be decoded cannot be encoded either.
    return text.encode("utf-8", "replace").decode("utf-8") if not text.isascii() else text
