"""Imports are tried in a child process, and what worked is remembered."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from crmframe.kernel import probe_child
from crmframe.kernel.manifest import Manifest
from crmframe.kernel.probe import CACHE_FILE, import_names, probe

MANIFEST = '[plugin]\nname = "{name}"\nversion = "1"\napi = ">=1"\nlabel = {{ en = "Sample" }}\n'


@pytest.fixture
def sample(tmp_path: Path) -> Callable[[str, str], Manifest]:
    """Give ``sample(name, code)``: the manifest of a package with this code."""

    def make(name: str, code: str) -> Manifest:
        package = tmp_path / "plugins" / name
        package.mkdir(parents=True)
        (package / "crmframe_plugin.toml").write_text(MANIFEST.format(name=name))
        (package / "__init__.py").write_text(code)
        return Manifest.read(package)

    return make


def test_import_that_worked_once_is_remembered_until_the_files_change(
    tmp_path: Path, sample: Callable[[str, str], Manifest]
) -> None:
    counter = tmp_path / "counter"
    code = f"open({str(counter)!r}, 'a').write('x')\n"
    manifest = sample("probe_once", code)

    def count() -> int:
        assert probe([manifest], seconds=20, cache_folder=tmp_path / "cache") == {}
        return len(counter.read_text())

    assert [count(), count()] == [1, 1]
    (manifest.path / "__init__.py").write_text(code + "# changed\n")
    assert count() == 2


def test_failure_is_not_remembered(tmp_path: Path, sample: Callable[[str, str], Manifest]) -> None:
    missing = sample("probe_missing", "import no_such_module_anywhere\n")

    for _ in range(2):
        problems = probe([missing], seconds=20, cache_folder=tmp_path / "cache")
        assert "no_such_module_anywhere" in problems["probe_missing"].message()
        assert "Traceback" in problems["probe_missing"].detail


def test_cache_that_cannot_be_used_costs_only_time(
    tmp_path: Path, sample: Callable[[str, str], Manifest]
) -> None:
    fine = sample("probe_fine", "")
    (tmp_path / "file").write_text("")
    (tmp_path / CACHE_FILE).write_text("not json")

    for folder in (None, tmp_path / "file", tmp_path):
        assert probe([fine], seconds=20, cache_folder=folder) == {}
    assert list(json.loads((tmp_path / CACHE_FILE).read_text())) == ["probe_fine"]


def test_thread_that_is_left_behind_does_not_hold_up_the_start(
    sample: Callable[[str, str], Manifest],
) -> None:
    thread = sample(
        "probe_thread", "import threading, time\nthreading.Thread(target=time.sleep, args=[60]).start()\n"
    )

    assert probe([thread], seconds=20, cache_folder=None) == {}


def test_child_that_cannot_start_blames_nobody_silently(
    sample: Callable[[str, str], Manifest], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "executable", "/bin/false")

    problems = probe([sample("probe_one", ""), sample("probe_two", "")], seconds=20, cache_folder=None)

    assert sorted(problems) == ["probe_one", "probe_two"]
    assert "could not be started" in problems["probe_one"].message()


def test_child_writes_down_how_each_import_ended(
    tmp_path: Path, sample: Callable[[str, str], Manifest], monkeypatch: pytest.MonkeyPatch
) -> None:
    ended: list[int] = []
    monkeypatch.setattr("os._exit", ended.append)
    monkeypatch.setattr(sys, "path", list(sys.path))
    plugins = [
        sample("probe_ok", ""),
        sample("probe_stop", "raise KeyboardInterrupt\n"),
        sample("probe_exit", "import sys\nsys.exit('no licence')\n"),
    ]
    report = tmp_path / "report"

    targets = [(each.name, import_names(each)) for each in plugins]
    probe_child.main(report, [*sys.path, str(plugins[0].path.parent)], targets)

    lines = [json.loads(line) for line in report.read_text().splitlines()]
    assert [(line["name"], line["state"], line.get("error")) for line in lines] == [
        ("probe_ok", "begun", None),
        ("probe_ok", "ok", None),
        ("probe_stop", "begun", None),
        ("probe_stop", "failed", "KeyboardInterrupt"),
        ("probe_exit", "begun", None),
        ("probe_exit", "failed", "SystemExit: no licence"),
    ]
    assert ended == [0]
