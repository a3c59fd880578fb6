"""The ids of a batch, kept as runs: a load of 40,000 records is a few ranges, not 40,000 numbers."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from itertools import accumulate, chain
from typing import overload


class IdRuns(Sequence[int]):
    """A read-only sequence of ids that equals any sequence with the same ids in the same order.

    Args:
        runs: (first, last) of each run, both included.
    """

    __slots__ = ("_ranges", "_starts")

    def __init__(self, runs: Iterable[tuple[int, int]]) -> None:
        self._ranges = tuple(range(first, last + 1) for first, last in runs)
        self._starts = list(accumulate((len(each) for each in self._ranges), initial=0))

    def __len__(self) -> int:
        return self._starts[-1]

    def __iter__(self) -> Iterator[int]:
        return chain.from_iterable(self._ranges)

    def __contains__(self, value: object) -> bool:
        return any(value in each for each in self._ranges)

    @overload
    def __getitem__(self, index: int) -> int: ...
    @overload
    def __getitem__(self, index: slice) -> list[int]: ...
    def __getitem__(self, index: int | slice) -> int | list[int]:
        if isinstance(index, slice):
            return [self._at(position) for position in range(*index.indices(len(self)))]
        position = index + len(self) if index < 0 else index
        if not 0 <= position < len(self):
            raise IndexError(f"There are {len(self)} ids, none at {index}.")
        return self._at(position)

    def _at(self, position: int) -> int:
        run = bisect_right(self._starts, position) - 1
        return self._ranges[run][position - self._starts[run]]

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Sequence):
            return NotImplemented
        return len(self) == len(other) and all(
            mine == theirs for mine, theirs in zip(self, other, strict=True)
        )

    def __hash__(self) -> int:
        return hash(self._ranges)

    def __repr__(self) -> str:
        runs = ((each[0], each[-1]) for each in self._ranges)
        return f"IdRuns({', '.join(str(a) if a == b else f'{a}..{b}' for a, b in runs)})"
