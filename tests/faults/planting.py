"""Changing one line of a function while a test runs."""

from __future__ import annotations

import importlib
import inspect
import sys
import textwrap
from collections.abc import Sequence
from types import FunctionType
from typing import Any

import pytest


def plant(monkeypatch: pytest.MonkeyPatch, place: str, *replacements: tuple[str, str]) -> None:
    """Change the source of a function, wherever crmframe has hold of it.

    Args:
        place: ``package.module:function`` or ``package.module:Class.method``.
        replacements: What stands in the source exactly once, and what is put in its place; a fault that no longer
            fits its function is an error, not a pass.
    """
    module_name, _, path = place.partition(":")
    module = importlib.import_module(module_name)
    owner: Any = module
    *outer, name = path.split(".")
    for part in outer:
        owner = getattr(owner, part)
    original = inspect.unwrap(owner.__dict__[name])
    changed = _changed(original, replacements)
    if outer:
        monkeypatch.setattr(owner, name, changed)
        return
    found = owner.__dict__[name]
    for other in [m for n, m in list(sys.modules.items()) if n.partition(".")[0].startswith("crmframe")]:
        for known, value in list(vars(other).items()):
            if value is found:
                monkeypatch.setattr(other, known, changed)


def _changed(function: FunctionType, replacements: Sequence[tuple[str, str]]) -> Any:
    text = textwrap.dedent(inspect.getsource(function))
    for old, new in replacements:
        if text.count(old) != 1:
            raise ValueError(f"{function.__qualname__} has {text.count(old)} times: {old}")
        text = text.replace(old, new)
    made: dict[str, Any] = {}
    # Under the name of its file: who may write rows is told by the file that a function comes from.
    code = compile("from __future__ import annotations\n" + text, inspect.getfile(function), "exec")
    exec(code, function.__globals__, made)
    return made[function.__name__]
