"""Conformance of a plugin's package: manifest, import, hooks and sizes."""

from __future__ import annotations

import ast
import inspect
import json
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from crmframe.application import Application
from crmframe.hookspecs import HOOKS
from crmframe.kernel.check import check_plugin
from crmframe.kernel.manifest import PLUGIN_API, Manifest
from crmframe.kernel.options import PluginOptions
from crmframe.kernel.probe import import_names
from crmframe.testing.conformance_base import Conformance
from crmframe.web.endpoint import Endpoint

FILE_LINES = 400
FUNCTION_LINES = 40
HANDLER_LINES = 15
LANGUAGES = ("en", "zh")


class PackageConformance(Conformance):
    """What can be told without a record."""

    def test_manifest_is_valid_and_speaks_both_languages(self, manifest: Manifest) -> None:
        assert manifest.name == self.plugin
        assert PLUGIN_API in manifest.api
        assert [each for each in LANGUAGES if not manifest.label.get(each)] == []
        assert not manifest.summary or [each for each in LANGUAGES if not manifest.summary.get(each)] == []

    def test_import_has_no_side_effects(self, manifest: Manifest) -> None:
        command = [sys.executable, "-m", "crmframe.testing.import_watch", str(manifest.path.parent)]
        child = subprocess.run(
            [*command, *import_names(manifest)], capture_output=True, text=True, check=False, timeout=60
        )

        assert child.returncode == 0, child.stderr
        done: Mapping[str, Any] = json.loads(child.stdout)
        assert done["effects"] == []
        assert done["threads"] == []
        assert done["environment"] == []
        assert [name for name in done["tables"] if not name.startswith(manifest.table_prefix)] == []

    def test_everything_a_start_would_do_works_on_a_scratch_database(self) -> None:
        found = check_plugin(self.plugin, PluginOptions(paths=self.paths))

        assert {name: problem.message() for name, problem in found.items()} == {}

    def test_hooks_are_known(self, manifest: Manifest) -> None:
        names = [name for name, _, decorators in _functions(manifest) if "hookimpl" in decorators]

        assert [name for name in names if name not in HOOKS] == []

    def test_files_and_functions_are_small(self, manifest: Manifest) -> None:
        files = {path.name: len(path.read_text(encoding="utf-8").splitlines()) for path in _files(manifest)}
        functions = {name: lines for name, lines, _ in _functions(manifest)}

        assert {name: lines for name, lines in files.items() if lines > FILE_LINES} == {}
        assert {name: lines for name, lines in functions.items() if lines > FUNCTION_LINES} == {}

    def test_hooks_and_handlers_of_routes_are_short(self, manifest: Manifest, crm: Application) -> None:
        hooks = {name: lines for name, lines, decorators in _functions(manifest) if "hookimpl" in decorators}
        routes = crm.plugins.plugin(self.plugin).declared.get("routes", ())
        served = [each.endpoint.handler for each in routes if isinstance(each.endpoint, Endpoint)]
        handlers = {each.__name__: _body_lines(_parsed(each)) for each in served}

        assert {name: lines for name, lines in (hooks | handlers).items() if lines > HANDLER_LINES} == {}


def _files(manifest: Manifest) -> list[Path]:
    skipped = {"migrations", "versions", "tests"}
    found = manifest.path.rglob("*.py")
    return sorted(path for path in found if not skipped & set(path.relative_to(manifest.path).parts))


def _functions(manifest: Manifest) -> Iterator[tuple[str, int, set[str]]]:
    """Yield name, length and names of decorators of each function."""
    for path in _files(manifest):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                yield node.name, _body_lines(node), {_name(each) for each in node.decorator_list}


def _name(decorator: ast.expr) -> str:
    node = decorator.func if isinstance(decorator, ast.Call) else decorator
    return node.id if isinstance(node, ast.Name) else getattr(node, "attr", "")


def _body_lines(node: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    """Return the length of a function, its docstring aside."""
    body = node.body[1:] if ast.get_docstring(node) else node.body
    return (body[-1].end_lineno or 0) - body[0].lineno + 1 if body else 0


def _parsed(function: Any) -> ast.FunctionDef:
    [node] = ast.parse(inspect.cleandoc(f"\n{inspect.getsource(function)}")).body
    assert isinstance(node, ast.FunctionDef)
    return node
