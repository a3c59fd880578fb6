"""Plugins made on the spot, for tests of hooks."""

from __future__ import annotations

import textwrap
from collections.abc import Callable, Mapping
from types import ModuleType
from typing import Any

from crmframe.core import contributions as c
from crmframe.hookspecs import hookimpl
from crmframe.kernel.dispatch import Hooks
from crmframe.kernel.implementations import implementations
from crmframe.kernel.loader import declarations

CONTEXT = c.ViewContext(work=None, locale="en")  # type: ignore[arg-type]


def module(**functions: Callable[..., Any]) -> ModuleType:
    made = ModuleType("sample")
    for name, function in functions.items():
        setattr(made, name, hookimpl(specname=name)(function))
    return made


def register(hooks: Hooks, plugin: str, made: ModuleType, grants: Mapping[str, Any] | None = None) -> None:
    found = implementations(hooks.manager, plugin, made, grants or {"policy": True})
    hooks.add(plugin, made, found, declarations(found))


def hooks_of(**plugins: ModuleType) -> Hooks:
    hooks = Hooks()
    for plugin, made in plugins.items():
        register(hooks, plugin, made)
    return hooks


def from_source(source: str) -> ModuleType:
    made = ModuleType("sample")
    exec("from crmframe.hookspecs import hookimpl\n" + textwrap.dedent(source), made.__dict__)
    return made


def raising(error: BaseException) -> Callable[..., Any]:
    def fail(*_arguments: Any) -> Any:
        raise error

    return fail
