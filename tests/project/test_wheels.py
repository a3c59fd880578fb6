"""What people install is what is committed: wheels carry every file of their package, and the browser libraries."""

from __future__ import annotations

import contextlib
import os
import re
import subprocess
import sys
import time
import zipfile
from pathlib import Path

import httpx2
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


@pytest.mark.slow
def test_demo_runs_from_the_wheels_in_an_empty_folder(tmp_path: Path) -> None:
    """The wheels lie before the checkout on the path; what they require comes from the environment of the tests."""
    site, empty = tmp_path / "site", tmp_path / "empty"
    empty.mkdir()
    for project in (ROOT, *PLUGINS):
        with build(project, tmp_path / project.name) as wheel:
            wheel.extractall(site)
    environment = {name: value for name, value in os.environ.items() if not name.startswith("CRMFRAME_")}
    environment["PYTHONPATH"] = str(site)
    command = [sys.executable, "-m", "crmframe.cli.main", "demo", "--port", "0"]

    with (empty / "log").open("w+b") as log:
        demo = subprocess.Popen(command, cwd=empty, env=environment, stdout=log, stderr=log)
        try:
            address = served_address(empty / "log", demo)
            pages = {path: httpx2.get(address + path, timeout=30) for path in ("/-/health", "/login")}
            static = re.findall(r'"(/static/[^"]+)"', pages["/login"].text)
            found = [httpx2.get(address + path, timeout=30).status_code for path in static]
        finally:
            demo.terminate()
            demo.wait(30)

    assert [answer.status_code for answer in pages.values()] == [200, 200]
    assert found
    assert set(found) == {200}
    where = [
        sys.executable,
        "-c",
        "import crmframe, crmframe_sales; print(crmframe.__file__, crmframe_sales.__file__)",
    ]
    places = subprocess.run(where, cwd=empty, env=environment, capture_output=True, text=True, check=True)
    assert all(place.startswith(str(site)) for place in places.stdout.split())


def served_address(log: Path, demo: subprocess.Popen[bytes]) -> str:
    """Wait until the demo answers; return where."""
    deadline = time.monotonic() + 120
    while time.monotonic() < deadline and demo.poll() is None:
        named = re.search(r"http://127\.0\.0\.1:\d+", log.read_text(encoding="utf-8"))
        if named:
            with contextlib.suppress(httpx2.TransportError):
                if httpx2.get(f"{named[0]}/-/health", timeout=5).status_code == 200:
                    return named[0]
        time.sleep(0.2)
    raise AssertionError(log.read_text(encoding="utf-8"))
