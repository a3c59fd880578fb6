"""Resolution is total: what can run is ordered by dependency, the rest is named with its reason."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from packaging.specifiers import SpecifierSet
from packaging.version import Version

from crmframe.kernel.manifest import Manifest, core_manifest
from crmframe.kernel.resolver import resolve


def plugin(name: str, version: str = "1.0", api: str = ">=1.0", **ranges: dict[str, str]) -> Manifest:
    parsed = {
        key: {other: SpecifierSet(text) for other, text in found.items()} for key, found in ranges.items()
    }
    return Manifest(
        name=name,
        version=Version(version),
        api=SpecifierSet(api),
        label={"en": name},
        summary={},
        module=name,
        path=Path(name),
        table_prefix=f"{name}_",
        migrations=Path(name),
        **parsed,  # type: ignore[arg-type]
    )


def resolved(*plugins: Manifest, wanted: list[str] | None = None) -> tuple[list[str], dict[str, str]]:
    names = wanted or [each.name for each in plugins]
    result = resolve({each.name: each for each in plugins}, names, core=core_manifest())
    return [each.name for each in result.order], {name: each.code for name, each in result.problems.items()}


def test_order_is_dependency_then_name() -> None:
    order, problems = resolved(
        plugin("a", requires={"z": ""}), plugin("b"), plugin("z"), plugin("y", optional={"b": ""})
    )

    assert order == ["core", "b", "z", "a", "y"]
    assert problems == {}


@pytest.mark.parametrize(
    ("plugins", "problems"),
    [
        ([plugin("a", api=">=2")], {"a": "P002"}),
        ([plugin("a", requires={"ghost": ""})], {"a": "P003"}),
        ([plugin("a", requires={"b": ">=2"}), plugin("b")], {"a": "P004"}),
        ([plugin("a", optional={"b": ">=2"}), plugin("b")], {"a": "P004"}),
        ([plugin("a", conflicts={"b": "<2"}), plugin("b")], {"a": "P013"}),
        ([plugin("a", requires={"core": ">=99"})], {"a": "P004"}),
        (
            [
                plugin("a", requires={"b": ""}),
                plugin("b", requires={"d": ""}),
                plugin("d", requires={"a": ""}),
            ],
            {"a": "P005", "b": "P005", "d": "P005"},
        ),
        (
            [plugin("a", requires={"b": ""}), plugin("b", requires={"d": ""}), plugin("d", api="<1")],
            {"a": "P003", "b": "P003", "d": "P002"},
        ),
    ],
)
def test_what_cannot_run_is_named_with_its_code(plugins: list[Manifest], problems: dict[str, str]) -> None:
    order, found = resolved(*plugins, plugin("fine"))

    assert found == problems
    assert "fine" in order
    assert set(order) == {"core", "fine", *(each.name for each in plugins)} - set(problems)


def test_cycle_names_the_whole_path_in_the_direction_of_need() -> None:
    plugins = [
        plugin("a", requires={"b": ""}),
        plugin("b", requires={"d": ""}),
        plugin("d", requires={"a": ""}),
    ]
    result = resolve({each.name: each for each in plugins}, ["a", "b", "d"])

    assert result.problems["b"].data["cycle"] == "a → b → d → a"


def test_plugin_that_is_not_installed_is_named() -> None:
    assert resolved(plugin("a"), wanted=["a", "gone"]) == (["core", "a"], {"gone": "P001"})


NAMES = st.sampled_from("abcdefg")


@given(st.dictionaries(NAMES, st.tuples(st.sets(NAMES), st.sets(NAMES), st.sets(NAMES))))
def test_any_graph_is_resolved_completely(graph: dict[str, tuple[set[str], set[str], set[str]]]) -> None:
    plugins = {
        name: plugin(
            name,
            requires=dict.fromkeys(requires - {name}, ""),
            optional=dict.fromkeys(optional - {name}, ""),
            conflicts=dict.fromkeys(conflicts - {name}, ""),
        )
        for name, (requires, optional, conflicts) in graph.items()
    }

    result = resolve(plugins, plugins)

    order = [each.name for each in result.order]
    assert sorted([*order, *result.problems]) == sorted(plugins)
    for position, each in enumerate(result.order):
        assert set(each.requires) <= set(order[:position])
        assert not set(each.conflicts) & set(order)
        assert not set(each.optional) & set(order[position:])
    assert resolve(plugins, reversed(list(plugins))) == result
