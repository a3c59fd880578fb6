"""What the tests of ``serve`` start as a child: ``python -m tests.web.child URL FOLDER [crash|sick]``."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from crmframe.application import Application
from crmframe.web.serving import run_child
from tests.web.people import settings_for


def main() -> None:
    url, folder = sys.argv[1], Path(sys.argv[2])
    if (folder / "broken").exists():
        sys.exit(3)
    with (folder / "children").open("a") as started:
        started.write(f"{os.getpid()}\n")
    run_child(lambda: Application(settings_for(url, folder)))


main()
