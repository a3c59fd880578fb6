"""Manifests are read without importing the package, and say everything that is wrong at once."""

from __future__ import annotations

import sys
from pathlib import Path
from types import ModuleType

import pytest
from packaging.specifiers import SpecifierSet
from packaging.version import Version

from crmframe.kernel.manifest import InvalidManifest, Manifest, core_manifest

FULL = """
schema = 1
[plugin]
name = "sales"
version = "1.2.0"
api = ">=1.0,<2"
label = { en = "Sales funnel", zh = "销售漏斗" }
summary = { en = "Deals." }
settings = "crmframe_sales.settings:SalesSettings"
[requires]
core = ">=0.1"
[optional]
email = "*"
[conflicts]
legacy_sales = "<2"
[grants]
policy = true
"""


def package(folder: Path, text: str, name: str = "sample_package") -> Path:
    made = folder / name
    made.mkdir()
    (made / "__init__.py").write_text("raise RuntimeError('must not be imported')\n")
    (made / "crmframe_plugin.toml").write_text(text, encoding="utf-8")
    return made


def test_manifest_is_loaded_without_importing_the_package(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = package(tmp_path, FULL)
    monkeypatch.syspath_prepend(str(tmp_path))

    manifest = Manifest.load("sample_package")

    assert "sample_package" not in sys.modules
    assert (manifest.name, manifest.version, manifest.path) == ("sales", Version("1.2.0"), folder)
    assert manifest.label == {"en": "Sales funnel", "zh": "销售漏斗"}
    assert manifest.requires == {"core": SpecifierSet(">=0.1")}
    assert manifest.optional == {"email": SpecifierSet("")}
    assert manifest.conflicts == {"legacy_sales": SpecifierSet("<2")}
    assert manifest.grants == {"policy": True}
    assert manifest.table_prefix == "sales_"
    assert manifest.entry_module() == "sample_package"
    (folder / "plugin.py").touch()
    assert manifest.entry_module() == "sample_package.plugin"


def test_every_problem_is_named_at_once(tmp_path: Path) -> None:
    folder = package(
        tmp_path,
        """
schema = 2
colour = "red"
[plugin]
name = "Sales!"
version = "one"
api = "sometimes"
label = { zh = "销售", English = "Sales" }
table_prefix = "core_"
settings = "nowhere"
requires = 1
[requires]
core = "newer"
""",
    )

    with pytest.raises(InvalidManifest) as invalid:
        Manifest.read(folder)

    fields = [problem.field for problem in invalid.value.problems]
    expected = [
        "schema",
        "colour",
        "requires",
        "name",
        "version",
        "api",
        "label",
        "label",
        "table_prefix",
        "requires",
        "settings",
    ]
    assert fields == expected
    assert "sometimes must be a range such as >=1.0,<2" in str(invalid.value)


@pytest.mark.parametrize("name", ["core", "custom", "x", "9lives"])
def test_reserved_and_malformed_names_are_refused(tmp_path: Path, name: str) -> None:
    folder = package(tmp_path, FULL.replace('"sales"', f'"{name}"', 1))

    with pytest.raises(InvalidManifest) as invalid:
        Manifest.read(folder)

    assert invalid.value.problems[0].field == "name"


@pytest.mark.parametrize("text", ["not toml at all", "[plugin\n", 'plugin = "text"'])
def test_unreadable_manifest_is_refused_with_a_sentence(tmp_path: Path, text: str) -> None:
    with pytest.raises(InvalidManifest, match="sample_package is not valid"):
        Manifest.read(package(tmp_path, text))


@pytest.mark.parametrize(
    "module", ["no_such_package_anywhere", "json.decoder", "not a name", "tomllib", "__main__"]
)
def test_package_without_manifest_is_refused(module: str) -> None:
    with pytest.raises(InvalidManifest):
        Manifest.load(module)


def test_module_that_cannot_be_found_properly_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "made_by_hand", ModuleType("made_by_hand"))

    with pytest.raises(InvalidManifest, match="There is no package made_by_hand"):
        Manifest.load("made_by_hand")


def test_core_has_a_manifest_in_code() -> None:
    core = core_manifest()

    assert core.entry_module() in ("crmframe.core.plugin", "crmframe.core")
    assert core.table_prefix == "core_"
    assert core.migrations.parent.name == "storage"
