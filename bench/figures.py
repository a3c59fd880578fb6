"""Figures and the table they are printed in."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

ROUNDS = 5


@dataclass(frozen=True, slots=True)
class Figure:
    """One line of the table.

    Attributes:
        floor: What the bare parts reach; None where there is no floor, only a bound.
        ratio: Ours to the floor, so that more is better; None without a floor.
        met: Whether the target is reached; None when it is only shown.
    """

    name: str
    floor: str
    ours: str
    ratio: float | None
    target: str
    met: bool | None


def median_of(measure: Callable[[], float], rounds: int = ROUNDS) -> float:
    """Return the median of *rounds* measurements, after one that does not count."""
    measure()
    return statistics.median(measure() for _ in range(rounds))


def seconds_of(work: Callable[[], object], times: int = 1) -> float:
    """Return the seconds that one call takes, averaged over *times* calls."""
    start = time.perf_counter()
    for _ in range(times):
        work()
    return (time.perf_counter() - start) / times


def per_second(name: str, floor: float, ours: float, target: float) -> Figure:
    """Return a figure of rates: more is better."""
    ratio = ours / floor
    return Figure(name, f"{floor:,.0f}/s", f"{ours:,.0f}/s", ratio, f">= {target:.2f}", ratio >= target)


def shown(name: str, floor: float, ours: float) -> Figure:
    """Return a figure of rates that explains another one and has no target."""
    return Figure(name, f"{floor:,.0f}/s", f"{ours:,.0f}/s", ours / floor, "", None)


def duration(name: str, seconds: float, bound: float) -> Figure:
    """Return a figure that has a bound instead of a floor."""
    return Figure(name, "-", _time(seconds), None, f"<= {_time(bound)}", seconds <= bound)


def compared(name: str, floor: float, ours: float, bound: float) -> Figure:
    """Return a figure of durations: ours may be *bound* times the floor."""
    times = ours / floor
    return Figure(name, _time(floor), _time(ours), floor / ours, f"<= {bound:g} x", times <= bound)


def _time(seconds: float) -> str:
    return f"{seconds * 1000:,.1f} ms" if seconds < 10 else f"{seconds:,.1f} s"


def table(figures: Sequence[Figure]) -> str:
    """Return the figures as a Markdown table."""
    lines = ["| goal | floor | ours | ratio | target | |", "|---|--:|--:|--:|---|---|"]
    for f in figures:
        ratio = "" if f.ratio is None else f"{f.ratio:.2f}"
        mark = {True: "met", False: "**missed**", None: ""}[f.met]
        lines.append(f"| {f.name} | {f.floor} | {f.ours} | {ratio} | {f.target} | {mark} |")
    return "\n".join(lines)
