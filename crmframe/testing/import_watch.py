"""Run in a child process: import a plugin and print, as JSON, what it did beyond defining names.

``python -m crmframe.testing.import_watch FOLDER MODULE...``
"""

from __future__ import annotations

import importlib
import json
import os
import sys
import threading
from typing import Any

from crmframe.core.storage.metadata import METADATA

# Their own imports are not the plugin's doing.
FRAMEWORK = ("crmframe.api", "crmframe.application", "crmframe.cli.main", "crmframe.web.asgi")

REFUSED = frozenset(
    {
        *("sqlite3.connect", "socket.connect", "socket.bind", "subprocess.Popen", "os.system", "os.fork"),
        *("os.remove", "os.rename", "os.mkdir", "os.rmdir", "shutil.rmtree", "_thread.start_new_thread"),
    }
)
WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC


def main(folder: str, modules: list[str]) -> dict[str, Any]:
    """Import *modules* and return what happened meanwhile."""
    for name in FRAMEWORK:
        importlib.import_module(name)
    sys.path.append(folder)
    tables, environment = set(METADATA.tables), dict(os.environ)
    seen: list[str] = []
    watching = [True]

    def audit(event: str, arguments: tuple[Any, ...]) -> None:
        if watching and _is_effect(event, arguments):
            seen.append(f"{event} {arguments[0] if arguments else ''}")

    sys.addaudithook(audit)
    for module in modules:
        importlib.import_module(module)
    watching.clear()
    return {
        "effects": seen,
        "threads": [thread.name for thread in threading.enumerate() if thread is not threading.main_thread()],
        "tables": sorted(set(METADATA.tables) - tables),
        "environment": sorted(set(environment.items()) ^ set(os.environ.items())),
    }


def _is_effect(event: str, arguments: tuple[Any, ...]) -> bool:
    # Python itself writes compiled modules; nothing else may be written.
    if any("__pycache__" in str(argument) for argument in arguments):
        return False
    if event == "open":
        return bool(isinstance(arguments[2], int) and arguments[2] & WRITING)
    return event in REFUSED


if __name__ == "__main__":
    sys.stdout.write(json.dumps(main(sys.argv[1], sys.argv[2:])))
