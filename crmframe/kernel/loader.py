"""Loading one plugin: import, settings, hooks, declarations, mappers. Whatever fails is that plugin's P-code."""

from __future__ import annotations

import contextlib
import importlib
import sys
import traceback
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from types import ModuleType
from typing import Any

import pluggy
from pydantic import ValidationError

from crmframe.core.errors import CrmError
from crmframe.hookspecs import HOOKS
from crmframe.kernel.codes import PluginProblem, PluginRejected, first_line
from crmframe.kernel.implementations import (
    Implementation,
    expected_text,
    implementations,
    is_sequence,
    item_matcher,
)
from crmframe.kernel.manifest import Manifest
from crmframe.kernel.probe import import_names


@dataclass(frozen=True, slots=True)
class LoadedPlugin:
    """A plugin that runs.

    Attributes:
        found: Its hook implementations.
        declared: What its declare hooks returned, by hook.
        settings: Its validated settings; None when it has none.
    """

    manifest: Manifest
    module: ModuleType
    found: Sequence[Implementation]
    declared: Mapping[str, tuple[Any, ...]]
    settings: Any = None

    @property
    def name(self) -> str:
        """Return the plugin's name."""
        return self.manifest.name


def load(manager: pluggy.PluginManager, manifest: Manifest, settings: Mapping[str, Any]) -> LoadedPlugin:
    """Import *manifest*'s plugin and find out what it declares; nothing is registered yet.

    Raises:
        PluginRejected: P006 import or mappers, P007 table names, P008, P011, P015, P016 hooks, P009 settings,
            P017, P018 declarations.
    """
    with rejecting(manifest.name):
        module = _import(manifest)
        valid = _settings(manifest, settings)
        found = implementations(manager, manifest.name, module, manifest.grants)
        declared = declarations(found)
        _check_models(manifest, declared)
    return LoadedPlugin(manifest, module, found, declared, valid)


@contextlib.contextmanager
def rejecting(plugin: str) -> Iterator[None]:
    """Turn whatever goes wrong inside, SystemExit included, into a rejection of *plugin* with P006."""
    try:
        yield
    except (KeyboardInterrupt, PluginRejected):
        raise
    except BaseException as error:
        text = str(error) if isinstance(error, CrmError) else first_line(error)
        raise PluginRejected(
            PluginProblem(plugin, "P006", {"error": text}, traceback.format_exc())
        ) from error


def _import(manifest: Manifest) -> ModuleType:
    folder = str(manifest.path.parent)
    if manifest.distribution is None and "." not in manifest.module and folder not in sys.path:
        sys.path.append(folder)
    # A plugin that prints while it is imported must not spoil the JSON that a command writes.
    with contextlib.redirect_stdout(sys.stderr):
        return [importlib.import_module(name) for name in import_names(manifest)][-1]


def _settings(manifest: Manifest, given: Mapping[str, Any]) -> Any:
    if manifest.settings is None:
        return None
    module, name = manifest.settings.split(":")
    model = getattr(importlib.import_module(module), name)
    try:
        return model.model_validate(given)
    except ValidationError as error:
        places = [
            f"{'.'.join(map(str, each['loc'])) or 'settings'}: {each['msg']}" for each in error.errors()
        ]
        raise PluginRejected(PluginProblem(manifest.name, "P009", {"error": "; ".join(places)})) from error


def declarations(found: Iterable[Implementation]) -> dict[str, tuple[Any, ...]]:
    """Call the declare hooks and return what they return, by hook; errors as in ``load``."""
    declared: dict[str, tuple[Any, ...]] = {}
    for each in found:
        if HOOKS[each.hook].kind == "declare":
            declared[each.hook] = (*declared.get(each.hook, ()), *_returned(each))
    return declared


def _returned(each: Implementation) -> Sequence[Any]:
    try:
        value = each.call()
    except KeyboardInterrupt:
        raise
    except BaseException as error:
        data = {"hook": each.hook, "error": first_line(error)}
        raise PluginRejected(PluginProblem(each.plugin, "P018", data, traceback.format_exc())) from error
    matches: Callable[[object], bool] = item_matcher(each.hook)
    # None is refused, too: a forgotten ``return`` would lose the declarations silently.
    wrong = type(value).__name__ if not is_sequence(value) else _first_wrong(value, matches)
    if wrong:
        data = {"hook": each.hook, "found": wrong, "expected": expected_text(each.hook)}
        raise PluginRejected(PluginProblem(each.plugin, "P017", data))
    return list(value)


def _first_wrong(items: Sequence[Any], matches: Callable[[object], bool]) -> str:
    return next((f"a list with {type(item).__name__}" for item in items if not matches(item)), "")


def _check_models(manifest: Manifest, declared: Mapping[str, tuple[Any, ...]]) -> None:
    models = [*declared.get("entities", ()), *(each.model for each in declared.get("extensions", ()))]
    strange = [
        each
        for each in models
        if not str(getattr(each, "__tablename__", "")).startswith(manifest.table_prefix)
    ]
    if strange:
        error = f"the table of {strange[0].__name__} must start with {manifest.table_prefix}."
        raise PluginRejected(PluginProblem(manifest.name, "P007", {"error": error}))
    # Mapping mistakes show here, for this plugin; left alone they would show at anybody's first query.
    for registry in dict.fromkeys(each.registry for each in models):
        registry.configure(cascade=True)
