"""What an import did, row by row and in sum."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

import msgspec

from crmframe.core.errors import Problem
from crmframe.core.transfer.cells import NOTHING
from crmframe.core.transfer.plan import Column, Ignored

Kind = Literal["created", "updated", "unchanged", "skipped", "refused"]
KINDS: tuple[Kind, ...] = ("created", "updated", "unchanged", "skipped", "refused")


class Outcome(msgspec.Struct, frozen=True, gc=False):
    """What became of one row; a struct that the garbage collector leaves alone, as there are so many.

    Attributes:
        row: Its number in the file.
        record_id: None when it was refused; in a dry run the id of a new record is not the one it will get.
        values: What a new record is given, by field.
        changes: Field to what it was and what it is now.
    """

    row: int
    kind: Kind
    record_id: int | None = None
    values: Mapping[str, Any] = NOTHING
    changes: Mapping[str, tuple[Any, Any]] = NOTHING
    problems: Sequence[Problem] = ()


@dataclass(slots=True)
class Report:
    """The sum of an import.

    Attributes:
        operation_id: What to undo; None when nothing was written.
        outcomes: The first ones, as many as were asked for; whoever wants all of them listens.
        problems: How often each kind of problem came up, by field and code.
        short_rows: Rows with fewer cells than headers; what is missing counts as not given.
        mend: Path of the file with the refused rows, empty when there is none.
    """

    entity: str
    file: str
    encoding: str
    delimiter: str
    dry_run: bool
    columns: Sequence[Column]
    ignored: Sequence[Ignored]
    operation_id: int | None = None
    counts: Counter[str] = field(default_factory=Counter)
    problems: Counter[tuple[str, str]] = field(default_factory=Counter)
    short_rows: int = 0
    outcomes: list[Outcome] = field(default_factory=list)
    mend: str = ""

    @property
    def created(self) -> int:
        """Return how many records were created."""
        return self.counts["created"]

    @property
    def updated(self) -> int:
        """Return how many records were changed."""
        return self.counts["updated"]

    @property
    def unchanged(self) -> int:
        """Return how many rows said what their records say already."""
        return self.counts["unchanged"]

    @property
    def skipped(self) -> int:
        """Return how many rows were left aside because their records exist."""
        return self.counts["skipped"]

    @property
    def refused(self) -> int:
        """Return how many rows were refused."""
        return self.counts["refused"]

    @property
    def rows(self) -> int:
        """Return how many rows are settled."""
        return sum(self.counts[kind] for kind in KINDS)

    def tally(self) -> dict[str, Any]:
        """Return the sums as JSON data, for the operation's note."""
        problems = [[name, code, count] for (name, code), count in sorted(self.problems.items())]
        return {"counts": dict(self.counts), "problems": problems, "short_rows": self.short_rows}

    def take_tally(self, data: Mapping[str, Any]) -> None:
        """Go on from the sums of a run that was interrupted."""
        self.counts = Counter(data["counts"])
        self.problems = Counter({(name, code): count for name, code, count in data["problems"]})
        self.short_rows = data["short_rows"]
