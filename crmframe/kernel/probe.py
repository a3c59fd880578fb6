"""The first import of a plugin happens in a child process with a time limit.

What hangs, exits or kills its process at import would take the server with it; a child shows that first. A success is
remembered until the package's files change, so that later starts skip the child.
"""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from crmframe import __version__
from crmframe.core.storage.private import private_folder
from crmframe.kernel.codes import PluginProblem
from crmframe.kernel.manifest import Manifest

CHILD = Path(__file__).with_name("probe_child.py")
CACHE_FILE = "plugin_imports.json"
POLL_SECONDS = 0.02


def probe(
    manifests: Sequence[Manifest], *, seconds: float, cache_folder: Path | None
) -> dict[str, PluginProblem]:
    """Return the plugins that cannot be imported, each with P006.

    Args:
        seconds: Limit for each plugin.
        cache_folder: Where successes are remembered; None remembers nothing.
    """
    remembered = _read(cache_folder)
    marks = {each.name: fingerprint(each) for each in manifests}
    waiting = [each for each in manifests if remembered.get(each.name) != marks[each.name]]
    if not waiting:
        return {}
    problems = _try(waiting, seconds)
    proven = {each.name: marks[each.name] for each in waiting if each.name not in problems}
    _write(cache_folder, {**remembered, **proven})
    return problems


def fingerprint(manifest: Manifest) -> str:
    """Return a text that changes when the plugin's code, this interpreter or the framework does."""
    digest = hashlib.sha256(f"{sys.version} {__version__} {manifest.version} {manifest.path}".encode())
    for file in sorted(manifest.path.rglob("*.py")):
        found = file.stat()
        digest.update(f"{file}\0{found.st_mtime_ns}\0{found.st_size}\n".encode())
    return digest.hexdigest()


def import_names(manifest: Manifest) -> list[str]:
    """Return the modules that make up the plugin's import, the package first."""
    return list(dict.fromkeys([manifest.module, manifest.entry_module()]))


def search_path(manifests: Sequence[Manifest]) -> list[str]:
    """Return ``sys.path`` with the folders that these packages are found in."""
    return list(dict.fromkeys([*sys.path, *(str(each.path.parent) for each in manifests)]))


def _try(manifests: Sequence[Manifest], seconds: float) -> dict[str, PluginProblem]:
    problems: dict[str, PluginProblem] = {}
    waiting = list(manifests)
    while waiting:
        ended = _run_child(waiting, seconds)
        problems.update({name: problem for name, problem in ended.items() if problem is not None})
        left = [each for each in waiting if each.name not in ended]
        if len(left) == len(waiting):
            # The child did not even begin: it cannot be told who is to blame, so the next one is.
            problems[left[0].name] = _problem(
                left[0].name, "The process that tries the import could not be started."
            )
            left = left[1:]
        waiting = left
    return problems


def _run_child(manifests: Sequence[Manifest], seconds: float) -> dict[str, PluginProblem | None]:
    """Import as many as one child can; whoever ends it is the last one in the answer."""
    task = {
        "path": search_path(manifests),
        "targets": [(each.name, import_names(each)) for each in manifests],
    }
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder) / "report"
        report.touch()
        quiet = subprocess.DEVNULL
        command = [sys.executable, "-P", str(CHILD), str(report), json.dumps(task)]
        with subprocess.Popen(command, stdin=quiet, stdout=quiet, stderr=quiet) as child:
            in_time = _wait(child, report, seconds)
            child.kill()
        return _ended(_lines(report), child.returncode if in_time else None, seconds)


def _wait(child: subprocess.Popen[bytes], report: Path, seconds: float) -> bool:
    """Wait for the child's end; False when it wrote nothing for the time of one import."""
    seen, deadline = 0, time.monotonic() + seconds
    while child.poll() is None:
        size = report.stat().st_size
        if size != seen:
            seen, deadline = size, time.monotonic() + seconds
        if time.monotonic() > deadline:
            return False
        time.sleep(POLL_SECONDS)
    return True


def _lines(report: Path) -> list[dict[str, str]]:
    return [json.loads(line) for line in report.read_text(encoding="utf-8").splitlines()]


def _ended(
    lines: Sequence[Mapping[str, str]], exit_code: int | None, seconds: float
) -> dict[str, PluginProblem | None]:
    ended: dict[str, PluginProblem | None] = {}
    for line in lines:
        name = line["name"]
        if line["state"] == "ok":
            ended[name] = None
        elif line["state"] == "failed":
            ended[name] = _problem(name, line["error"], line["detail"])
        elif exit_code is None:
            ended[name] = _problem(name, f"its import did not end within {seconds:g} seconds.")
        else:
            ended[name] = _problem(name, f"its import ended the process with exit code {exit_code}.")
    return ended


def _problem(name: str, error: str, detail: str = "") -> PluginProblem:
    return PluginProblem(name, "P006", {"error": error}, detail)


def _read(folder: Path | None) -> dict[str, Any]:
    try:
        text = (folder / CACHE_FILE).read_text(encoding="utf-8") if folder else "{}"
        found = json.loads(text)
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


def _write(folder: Path | None, remembered: Mapping[str, str]) -> None:
    if folder is None:
        return
    try:
        private_folder(folder)
        partial = folder / f"{CACHE_FILE}.{time.monotonic_ns()}"
        partial.write_text(json.dumps(remembered, indent=1), encoding="utf-8")
        partial.replace(folder / CACHE_FILE)
    except OSError:
        return  # a folder that cannot be written to costs time at the next start, nothing else
