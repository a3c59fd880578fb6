"""Plugins are found among installed distributions and on development paths; nothing is imported."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from crmframe.kernel.discovery import discover

MANIFEST = """
[plugin]
name = "{name}"
version = "{version}"
api = ">=1.0"
label = {{ en = "Found" }}
"""


def install(
    site: Path, module: str, *, entry: str, name: str, version: str = "1.0", installed: str = "1.0"
) -> None:
    """Make what pip would make: a package and the metadata of its distribution."""
    package = site / module
    package.mkdir(parents=True)
    (package / "__init__.py").write_text("raise SystemExit('must not be imported')\n")
    (package / "crmframe_plugin.toml").write_text(MANIFEST.format(name=name, version=version))
    metadata = site / f"{module}-{installed}.dist-info"
    metadata.mkdir()
    (metadata / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {module}\nVersion: {installed}\n")
    (metadata / "entry_points.txt").write_text(f"[crmframe.plugins]\n{entry} = {module}\n")


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.syspath_prepend(str(tmp_path / "site"))
    return tmp_path / "site"


def test_installed_plugin_is_available_and_not_imported(site: Path) -> None:
    install(site, "found_one", entry="found_one", name="found_one")

    found = discover()

    assert found.manifests["found_one"].distribution == "found_one"
    assert "found_one" not in sys.modules


def test_entry_point_manifest_and_distribution_must_agree(site: Path) -> None:
    install(site, "found_name", entry="found_entry", name="found_name")
    install(
        site, "found_version", entry="found_version", name="found_version", version="1.0", installed="2.0"
    )

    problems = discover().problems

    assert problems["found_entry"].code == "P014"
    assert "They must be the same" in problems["found_entry"].message()
    assert "the distribution 2.0" in problems["found_version"].message()


def test_installed_plugin_without_a_valid_manifest_is_named(site: Path) -> None:
    install(site, "found_invalid", entry="found_invalid", name="Not A Name")

    problem = discover().problems["found_invalid"]

    assert problem.code == "P014"
    assert [reason.field for reason in problem.reasons] == ["name"]


def test_two_plugins_of_one_name_block_each_other(site: Path) -> None:
    install(site, "found_first", entry="found_twice", name="found_twice")
    install(site, "found_second", entry="found_twice", name="found_twice")

    found = discover()

    assert "found_twice" not in found.manifests
    assert found.problems["found_twice"].code == "P010"
    assert (
        "found_first and found_second both claim the name found_twice"
        in found.problems["found_twice"].message()
    )


def test_development_path_holds_packages_or_distributions(tmp_path: Path) -> None:
    for folder in ("direct", "distribution/package"):
        package = tmp_path / folder
        package.mkdir(parents=True)
        (package / "crmframe_plugin.toml").write_text(MANIFEST.format(name=package.name, version="1"))

    assert sorted(discover([tmp_path], installed=False).manifests) == ["direct", "package"]


def test_installed_copy_of_the_same_folder_is_no_duplicate(site: Path) -> None:
    install(site, "found_both", entry="found_both", name="found_both")

    found = discover([site])

    assert found.manifests["found_both"].distribution == "found_both"
    assert "found_both" not in found.problems
