"""Starting several writing processes and hearing what they did."""

from __future__ import annotations

import json
import subprocess
import sys
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
SECONDS = 240


@dataclass(frozen=True, slots=True)
class Outcome:
    """What all processes together did; ``unexpected`` holds tracebacks."""

    counts: Counter[str]
    unexpected: list[str]


def write_at_once(url: str, folder: Path, *kinds: str, rounds: int, processes: int = 2) -> Outcome:
    """Let processes of eight threads each do *kinds* at random, all of ``writer.KINDS`` when none is named."""
    started = [
        subprocess.Popen(
            [
                sys.executable,
                "-m",
                "tests.robustness.writer",
                url,
                str(folder),
                str(seed),
                str(rounds),
                *kinds,
            ],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for seed in range(1, processes + 1)
    ]
    answers = []
    try:
        for process in started:
            assert process.stdin is not None
            process.stdin.write("\n")
            process.stdin.flush()
        for process in started:
            out, errors = process.communicate(timeout=SECONDS)
            assert process.returncode == 0, errors
            answers.append(json.loads(out.splitlines()[-1]))
    finally:
        for process in started:
            if process.poll() is None:
                process.kill()
                process.wait()
    counts = sum((Counter(answer["counts"]) for answer in answers), Counter())
    return Outcome(counts, [text for answer in answers for text in answer["unexpected"]])
