"""Print the house's shape: lines per room against the budgets, the longest files and functions.

Exits 1 when a ceiling is exceeded: the budgets of ARCHITECTURE §3 were, see docs/decisions/0005 and 0009. The size limits of
single files and functions are in tests/test_house_rules.py.
"""

from __future__ import annotations

import ast
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from statistics import median

ROOT = Path(__file__).resolve().parent.parent
BUDGETS = {"crmframe/core": 8_000, "crmframe": 16_000}
# What the build accepts; to raise one is a decision.
CEILINGS = {"crmframe/core": 31_000, "crmframe": 52_000}
FOLDERS = ("crmframe", "plugins", "examples")
SKIPPED = {"tests", "migrations", "versions", "node_modules", "vendor", ".venv"}


def source_files(root: Path = ROOT) -> list[Path]:
    """Return our Python files, tests and generated migrations aside."""
    found = (path for folder in FOLDERS for path in (root / folder).rglob("*.py"))
    return sorted(path for path in found if not SKIPPED & set(path.relative_to(root).parts))


def line_count(path: Path) -> int:
    """Return the number of lines of a file."""
    return len(path.read_text(encoding="utf-8").splitlines())


def functions(path: Path) -> Iterator[tuple[str, int]]:
    """Yield name and length of every function of a file; the docstring does not count."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            body = node.body[1:] if ast.get_docstring(node) else node.body
            yield node.name, (body[-1].end_lineno or 0) - body[0].lineno + 1 if body else 0


def main() -> int:
    """Print the figures and return the exit code."""
    files = {path.relative_to(ROOT).as_posix(): line_count(path) for path in source_files()}
    sizes = [(length, f"{path}:{name}") for path in files for name, length in functions(ROOT / path)]
    longest_file = max(files, key=lambda path: files[path])
    print(
        f"files      {len(files)}, lines median {median(files.values()):.0f}, longest {files[longest_file]} ({longest_file})"
    )
    print(
        f"functions  {len(sizes)}, lines median {median(length for length, _ in sizes):.0f}, longest {max(sizes)[0]} ({max(sizes)[1]})"
    )
    rooms = Counter[str]()
    for path, lines in files.items():
        rooms["/".join(path.split("/")[:2])] += lines
    for room, lines in sorted(rooms.items()):
        print(f"  {room:<32}{lines:>7,}")
    return _compare(files)


def _compare(files: dict[str, int]) -> int:
    exceeded = 0
    for folder, budget in BUDGETS.items():
        lines = sum(count for path, count in files.items() if path.startswith(f"{folder}/"))
        exceeded += lines > CEILINGS[folder]
        print(
            f"budget     {folder + '/':<16}{lines:>7,}: {lines / budget:.1f} times the {budget:,} of the design, "
            f"{'above' if lines > CEILINGS[folder] else 'below'} the ceiling of {CEILINGS[folder]:,}"
        )
    return 1 if exceeded else 0


if __name__ == "__main__":
    sys.exit(main())
