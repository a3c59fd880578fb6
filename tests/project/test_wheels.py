"""What people install is what is committed: wheels carry every file of their package, and the browser libraries."""

from __future__ import annotations

import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent.parent
PLUGINS = sorted(path.parent for path in ROOT.glob("plugins/*/pyproject.toml"))


def build(project: Path, folder: Path) -> zipfile.ZipFile:
    command = [sys.executable, "-W", "ignore", "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)]
    subprocess.run(command, cwd=project, check=True, capture_output=True)
    (wheel,) = folder.glob("*.whl")
    return zipfile.ZipFile(wheel)


def committed(project: Path, package: str) -> set[str]:
    listed = subprocess.run(["git", "ls-files", "-z", package], cwd=project, capture_output=True, check=True)
    return {name for name in listed.stdout.decode().split("\0") if name and (project / name).exists()}


def test_wheel_of_the_framework_carries_code_and_browser_libraries(tmp_path: Path) -> None:
    with build(ROOT, tmp_path) as wheel:
        names = set(wheel.namelist())

    assert committed(ROOT, "crmframe") - names == set()
    assert {
        "crmframe/web/static/vendor/htmx.min.js",
        "crmframe/web/static/vendor/basecoat.min.css",
        "crmframe/web/static/vendor/icons/house.svg",
        "crmframe/web/static/vendor/NOTICES.txt",
        "crmframe-0.1.0.dist-info/licenses/LICENSE",
    } <= names
    assert [name for name in names if name.startswith(("tests/", "frontend/")) or "__pycache__" in name] == []


@pytest.mark.parametrize("project", PLUGINS, ids=lambda path: path.name)
def test_wheel_of_a_plugin_carries_its_package_and_names_its_door(project: Path, tmp_path: Path) -> None:
    package = f"crmframe_{project.name}"

    with build(project, tmp_path) as wheel:
        names = set(wheel.namelist())
        (entry_points,) = (name for name in names if name.endswith("entry_points.txt"))
        doors = wheel.read(entry_points).decode()

    assert committed(project, package) - names == set()
    assert f"[crmframe.plugins]\n{project.name} = {package}\n" in doors


def test_vendor_folder_holds_what_the_list_names(tmp_path: Path) -> None:
    import json

    vendor = ROOT / "crmframe" / "web" / "static" / "vendor"
    wanted = json.loads((ROOT / "frontend" / "vendor.json").read_text(encoding="utf-8"))

    assert [name for name in wanted["files"] if not (vendor / name).stat().st_size] == []
    assert {path.stem for path in (vendor / "icons").glob("*.svg")} == set(wanted["icons"])
    assert wanted["icons"] == sorted(set(wanted["icons"]))
    notices = (vendor / "NOTICES.txt").read_text(encoding="utf-8")
    libraries = json.loads((ROOT / "frontend" / "package.json").read_text(encoding="utf-8"))["dependencies"]
    assert [name for name, version in libraries.items() if f"{name} {version} (" not in notices] == []
