"""Finds every place where a query takes the policy in, and takes it out again at one of them."""

from __future__ import annotations

import ast
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import Any
from unittest import mock

import crmframe
from crmframe.core.access.policy import policy
from crmframe.core.access.term import ALL, Term
from crmframe.core.records import reach, rights
from crmframe.web.pages import admitting

ROOT = Path(crmframe.__file__).parent
# (file below crmframe, function): a place that asks for the policy.
Site = tuple[str, str]
# These hand the policy on to whoever asked.
PASSING = {("core/records/rights.py", "granted")}


def every_site() -> set[Site]:
    """Return where ``rights.granted`` or ``policy`` is called outside of ``core/access``."""
    found = set()
    for path in ROOT.rglob("*.py"):
        name = path.relative_to(ROOT).as_posix()
        if not name.startswith("core/access/"):
            found |= {(name, function) for function in _asking(ast.parse(path.read_text(encoding="utf-8")))}
    return found - PASSING


def _asking(tree: ast.Module) -> Iterator[str]:
    for function in ast.walk(tree):
        if isinstance(function, ast.FunctionDef):
            inner = {n for each in ast.walk(function) if _is_other(each, function) for n in ast.walk(each)}
            if any(_asks(node) for node in ast.walk(function) if node not in inner):
                yield function.name


def _is_other(node: ast.AST, function: ast.FunctionDef) -> bool:
    return isinstance(node, ast.FunctionDef) and node is not function


def _asks(node: ast.AST) -> bool:
    if not isinstance(node, ast.Call):
        return False
    called = node.func
    if isinstance(called, ast.Attribute) and isinstance(called.value, ast.Name):
        return (called.value.id, called.attr) == ("rights", "granted")
    return isinstance(called, ast.Name) and called.id == "policy"


@contextmanager
def watched(answer: Callable[[Site, Term], Term]) -> Iterator[None]:
    """Let *answer* see every question for a policy, and the term that it would get."""

    def asked(real: Callable[..., Term]) -> Callable[..., Term]:
        def ask(*given: Any) -> Term:
            return answer(_site(sys._getframe(1)), real(*given))

        return ask

    with (
        mock.patch.object(rights, "granted", asked(rights.granted)),
        mock.patch.object(reach, "policy", asked(policy)),
        mock.patch.object(admitting, "policy", asked(policy)),
    ):
        yield


def _site(frame: FrameType | None) -> Site:
    """Return the function that asked; comprehensions and lambdas belong to the one around them."""
    while frame is not None and frame.f_code.co_name.startswith("<"):
        frame = frame.f_back
    assert frame is not None
    path = Path(frame.f_code.co_filename)
    name = path.relative_to(ROOT).as_posix() if path.is_relative_to(ROOT) else path.name
    return name, frame.f_code.co_name


@contextmanager
def unguarded(site: Site) -> Iterator[None]:
    """Run as if one place had forgotten the policy."""
    with watched(lambda asking, term: ALL if asking == site else term):
        yield
