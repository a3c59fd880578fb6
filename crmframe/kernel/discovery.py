"""Which plugins are available: installed ones and those on development paths; nothing is imported."""

from __future__ import annotations

import importlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from importlib.metadata import EntryPoint, entry_points
from pathlib import Path

from packaging.version import Version

from crmframe.core.errors import Problem
from crmframe.kernel.codes import PluginProblem
from crmframe.kernel.manifest import FILE_NAME, InvalidManifest, Manifest

GROUP = "crmframe.plugins"


@dataclass(frozen=True, slots=True)
class Discovery:
    """``manifests``: what can be enabled, by name. ``problems``: what was found but cannot be used, by name."""

    manifests: Mapping[str, Manifest]
    problems: Mapping[str, PluginProblem]


def discover(paths: Iterable[str | Path] = (), *, installed: bool = True) -> Discovery:
    """Read every manifest.

    Args:
        paths: Folders of plugins under development: packages, or distributions that hold a package.
        installed: False leaves out installed distributions (tests).
    """
    importlib.invalidate_caches()  # what was installed a moment ago counts
    manifests: dict[str, Manifest] = {}
    problems: dict[str, PluginProblem] = {}
    for name, found in [*(_installed() if installed else ()), *_on_paths(paths)]:
        if isinstance(found, PluginProblem):
            problems.setdefault(name, found)
        elif name in manifests and manifests[name].path.resolve() != found.path.resolve():
            problems[name] = _duplicate(name, manifests[name], found)
        else:
            manifests.setdefault(name, found)
    usable = {name: manifest for name, manifest in manifests.items() if name not in problems}
    return Discovery(dict(sorted(usable.items())), dict(sorted(problems.items())))


def _installed() -> Iterator[tuple[str, Manifest | PluginProblem]]:
    for point in sorted(entry_points(group=GROUP), key=lambda each: (each.name, each.value)):
        yield point.name, _from_entry_point(point)


def _from_entry_point(point: EntryPoint) -> Manifest | PluginProblem:
    try:
        manifest = Manifest.load(point.value, distribution=point.dist.name if point.dist else None)
    except InvalidManifest as error:
        return _invalid(point.name, error.problems)
    problems: list[Problem] = []
    if manifest.name != point.name:
        template = "The entry point is called {entry}, the manifest says {name}. They must be the same."
        problems.append(Problem("name", "manifest", template, {"entry": point.name, "name": manifest.name}))
    if point.dist is not None and Version(point.dist.version) != manifest.version:
        template = (
            "The manifest says version {version}, the distribution {distribution}. They must be the same."
        )
        data = {"version": manifest.version, "distribution": point.dist.version}
        problems.append(Problem("version", "manifest", template, data))
    return _invalid(point.name, problems) if problems else manifest


def _on_paths(paths: Iterable[str | Path]) -> Iterator[tuple[str, Manifest | PluginProblem]]:
    for path in map(Path, paths):
        for file in sorted([*path.glob(f"*/{FILE_NAME}"), *path.glob(f"*/*/{FILE_NAME}")]):
            try:
                manifest = Manifest.read(file.parent)
            except InvalidManifest as error:
                yield file.parent.name, _invalid(file.parent.name, error.problems)
            else:
                yield manifest.name, manifest


def _invalid(name: str, problems: Sequence[Problem]) -> PluginProblem:
    text = " ".join(problem.message() for problem in problems)
    return PluginProblem(name, "P014", {"error": text}, reasons=tuple(problems))


def _duplicate(name: str, one: Manifest, other: Manifest) -> PluginProblem:
    places = sorted(each.distribution or str(each.path) for each in (one, other))
    return PluginProblem(name, "P010", {"plugin": places[0], "other": places[1], "what": f"the name {name}"})
