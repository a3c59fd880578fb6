"""Start-up, the example module's size, and the statements of a page."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from bench.base import Base, settings_at
from bench.figures import Figure, duration, median_of, seconds_of

ROOT = Path(__file__).resolve().parent.parent
EXAMPLE = ROOT / "examples" / "hello_plugin" / "crmframe_hello"
BOOT = "import sys; from pathlib import Path; from bench.base import settings_at; from crmframe.application import Application; Application(settings_at(Path(sys.argv[1]), sys.argv[2]), migrate=False).close()"


def startup(base: Base) -> Iterator[Figure]:
    """Measure whole processes from outside."""
    arguments = [str(base.folder), settings_at(base.folder, base.application.settings.database).database]
    boot = median_of(
        lambda: seconds_of(
            lambda: subprocess.run([sys.executable, "-c", BOOT, *arguments], check=True, cwd=ROOT)
        )
    )
    yield duration("boot with core, sales and loyalty", boot, 1.0)
    command = [str(Path(sys.executable).parent / "crmframe"), "--help"]
    yield duration(
        "crmframe --help",
        median_of(lambda: seconds_of(lambda: subprocess.run(command, check=True, capture_output=True))),
        0.150,
    )
    lines = sum(
        1
        for path in _written_by_hand()
        for line in path.read_text(encoding="utf-8").splitlines()
        if line.strip()
    )
    yield Figure("lines of the example module", "-", str(lines), None, "<= 60", lines <= 60)
    pinned = ROOT / "tests" / "web" / "pages" / "query_counts.json"
    if pinned.exists():
        counts = json.loads(pinned.read_text(encoding="utf-8"))
        shown = ", ".join(f"{page} {count}" for page, count in sorted(counts.items()))
        yield Figure("SQL statements per page (pinned)", "-", shown, None, "1 to 4", None)


def _written_by_hand() -> list[Path]:
    files = [*EXAMPLE.glob("*.py"), EXAMPLE / "crmframe_plugin.toml"]
    return [path for path in files if path.read_text(encoding="utf-8").strip()]
