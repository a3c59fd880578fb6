"""The conformance tests are themselves tried: a sound plugin passes, and each planted flaw turns its test red."""

from __future__ import annotations

import subprocess
import sys
import xml.etree.ElementTree as ET
from collections import defaultdict
from collections.abc import Mapping

import pytest

from tests.testing.flawed import EXPECTED, write_all

CLASS = """

class Test{title}(PluginConformance):
    plugin = "{name}"
    paths = (FOLDER / "{name}",)
"""
HEAD = """from pathlib import Path

from crmframe.testing.conformance import PluginConformance

FOLDER = Path(__file__).parent
"""


@pytest.fixture(scope="module")
def outcomes(tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, Mapping[str, str]]:
    """Give what each test said of each plugin on SQLite: ``outcomes["sound"]["test_x"]`` is passed or failed."""
    folder = tmp_path_factory.mktemp("flawed")
    write_all(folder)
    classes = [CLASS.format(title=name.capitalize(), name=name) for name in ("sound", *EXPECTED)]
    (folder / "test_all.py").write_text(HEAD + "".join(classes), encoding="utf-8")
    wanted = "TestSound or " + " or ".join(f"(Test{n.capitalize()} and {t})" for n, t in EXPECTED.items())
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "--junit-xml", "report.xml"]
    subprocess.run(
        [*command, "-k", f"not postgres and ({wanted})"], cwd=folder, capture_output=True, check=False
    )
    found: dict[str, dict[str, str]] = defaultdict(dict)
    for case in ET.parse(folder / "report.xml").iter("testcase"):
        name = case.attrib["classname"].rpartition(".Test")[2].lower()
        test = case.attrib["name"].partition("[")[0]
        bad = any(child.tag in ("failure", "error") for child in case)
        if found[name].get(test) != "failed":
            found[name][test] = "failed" if bad else "passed"
    return found


def test_sound_plugin_passes_every_test(outcomes: Mapping[str, Mapping[str, str]]) -> None:
    assert len(outcomes["sound"]) > 25
    assert {test: said for test, said in outcomes["sound"].items() if said != "passed"} == {}


@pytest.mark.parametrize("name", EXPECTED)
def test_flawed_plugin_is_found_out(outcomes: Mapping[str, Mapping[str, str]], name: str) -> None:
    assert outcomes[name] == {EXPECTED[name]: "failed"}
