"""Run as a script in a child process: import modules one by one and write down how each ended.

It imports only the standard library before the plugins: what a plugin breaks here ends here.
"""

from __future__ import annotations

import importlib
import json
import os
import sys
import traceback
from pathlib import Path
from typing import Any


def main(report: Path, path: list[str], targets: list[tuple[str, list[str]]]) -> None:
    """Import the modules of each target; one JSON line before and one after each."""
    sys.path[:] = path
    with report.open("a", encoding="utf-8") as file:
        for name, modules in targets:
            _write(file, name=name, state="begun")
            try:
                for module in modules:
                    importlib.import_module(module)
            except BaseException as error:  # noqa: BLE001 - this process exists to catch everything
                _write(file, name=name, state="failed", error=_one_line(error), detail=traceback.format_exc())
            else:
                _write(file, name=name, state="ok")
    # Threads that a plugin has left behind would keep the process alive.
    os._exit(0)


def _one_line(error: BaseException) -> str:
    lines = str(error).strip().splitlines()
    return f"{type(error).__name__}: {lines[0]}" if lines else type(error).__name__


def _write(file: Any, **values: str) -> None:
    file.write(json.dumps(values) + "\n")
    file.flush()


if __name__ == "__main__":  # pragma: no cover - a process of its own
    main(Path(sys.argv[1]), **json.loads(sys.argv[2]))
