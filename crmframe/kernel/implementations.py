"""What a plugin's module implements: found and checked before anything is registered."""

from __future__ import annotations

import difflib
import inspect
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from types import ModuleType
from typing import Any

import pluggy

from crmframe.core import contributions
from crmframe.hookspecs import HOOKS, PROJECT, HookPoint
from crmframe.kernel.codes import PluginProblem, PluginRejected

# Hooks that reach beyond the plugin's own records: the manifest asks for them, administrators see it before enabling.
HOOK_GRANTS: Mapping[str, str] = {"amend_policy": "policy"}


@dataclass(frozen=True, slots=True)
class Implementation:
    """One plugin's function for one hook.

    Attributes:
        rank: 0 for tryfirst, 1, 2 for trylast; plugins of one rank run in dependency order.
        call: Takes all the hook's arguments by position, whatever subset the function asks for.
        where: ``file:line`` of the function.
    """

    plugin: str
    hook: str
    rank: int
    call: Callable[..., Any]
    where: str


def hook_manager() -> pluggy.PluginManager:
    """Return a plain pluggy manager that knows every hook of ``hookspecs``."""
    manager = pluggy.PluginManager(PROJECT)
    specifications = ModuleType(PROJECT)
    vars(specifications).update({name: point.spec for name, point in HOOKS.items()})
    manager.add_hookspecs(specifications)
    return manager


def implementations(
    manager: pluggy.PluginManager, plugin: str, module: object, grants: Mapping[str, Any]
) -> list[Implementation]:
    """Return what *module* implements.

    Raises:
        PluginRejected: A hook does not exist (P008), is used without its grant (P011), asks for an argument that it
            does not pass (P015), or is no plain function (P016).
    """
    found: list[Implementation] = []
    for hook, function, options in _marked(manager, module):
        point = HOOKS.get(hook)
        if point is None:
            if options["optionalhook"]:
                continue
            raise _unknown(plugin, hook)
        _check_grant(plugin, hook, grants)
        _check_form(plugin, hook, function, options)
        rank = 0 if options["tryfirst"] else 2 if options["trylast"] else 1
        found.append(Implementation(plugin, hook, rank, _adapted(plugin, point, function), _where(function)))
    return found


def item_matcher(hook: str) -> Callable[[object], bool]:
    """Return a test for what the hook's specification says it returns, or for one element of it."""
    text = expected_text(hook)
    is_list = text.startswith("Sequence[")
    inner = text.removeprefix("Sequence[").removesuffix("]").split(" | ")
    matchers = [_matcher(each) for each in (inner if is_list else inner[:1])]
    return lambda item: any(matches(item) for matches in matchers)


def _matcher(spelled: str) -> Callable[[object], bool]:
    name = spelled.split("[", maxsplit=1)[0].rsplit(".", 1)[-1]
    if name == "type":
        return lambda item: isinstance(item, type)
    expected = {"str": str}.get(name) or getattr(contributions, name, None)
    if isinstance(expected, type):
        return lambda item: isinstance(item, expected)
    # Types of libraries that only the web or the command line imports are told by name.
    return lambda item: any(base.__name__ == name for base in type(item).__mro__)


def expected_text(hook: str) -> str:
    """Return how the specification spells what the hook returns, for messages."""
    return str(HOOKS[hook].spec.__annotations__["return"]).replace("c.", "")


def is_sequence(value: object) -> bool:
    """Tell whether *value* is a list of things, not a text or a generator."""
    return isinstance(value, Sequence) and not isinstance(value, str | bytes)


def _marked(
    manager: pluggy.PluginManager, module: object
) -> Iterator[tuple[str, Callable[..., Any], Mapping[str, Any]]]:
    for name in dir(module):
        options = manager.parse_hookimpl_opts(module, name)
        if options is None:
            continue
        function = getattr(module, name)
        own_name = getattr(function, "__name__", name)
        # A second name for the same function is an alias, not a second implementation.
        if name == own_name or getattr(module, own_name, None) is not function:
            yield options.get("specname") or name, function, _with_defaults(options)


def _with_defaults(options: Any) -> Mapping[str, Any]:
    names = ("wrapper", "hookwrapper", "optionalhook", "tryfirst", "trylast")
    return {name: bool(options.get(name)) for name in names}


def _unknown(plugin: str, hook: str) -> PluginRejected:
    close = difflib.get_close_matches(hook, HOOKS, n=1)
    suggestion = f" Did you mean {close[0]}?" if close else ""
    return PluginRejected(PluginProblem(plugin, "P008", {"hook": hook, "suggestion": suggestion}))


def _check_grant(plugin: str, hook: str, grants: Mapping[str, Any]) -> None:
    grant = HOOK_GRANTS.get(hook)
    if grant is not None and not grants.get(grant):
        raise PluginRejected(PluginProblem(plugin, "P011", {"hook": hook, "grant": grant}))


def _check_form(plugin: str, hook: str, function: Callable[..., Any], options: Mapping[str, Any]) -> None:
    form = ""
    if options["wrapper"] or options["hookwrapper"]:
        form = "a wrapper around other plugins"
    elif inspect.iscoroutinefunction(function) or inspect.isasyncgenfunction(function):
        form = "an async function"
    elif inspect.isgeneratorfunction(function):
        form = "a generator"
    if form:
        raise PluginRejected(PluginProblem(plugin, "P016", {"hook": hook, "form": form}))


def _adapted(plugin: str, point: HookPoint[Any, Any], function: Callable[..., Any]) -> Callable[..., Any]:
    offered = point.parameters
    parameters = inspect.signature(function).parameters.values()
    asked = [
        p.name for p in parameters if p.kind not in (p.VAR_POSITIONAL, p.VAR_KEYWORD) and p.default is p.empty
    ]
    unknown = [name for name in asked if name not in offered]
    if unknown:
        data = {
            "hook": point.name,
            "arguments": ", ".join(unknown),
            "allowed": ", ".join(offered) or "nothing",
        }
        raise PluginRejected(PluginProblem(plugin, "P015", data))
    names = [p.name for p in parameters if p.name in offered]
    if tuple(names) == offered and not any(p.kind == p.KEYWORD_ONLY for p in parameters):
        return function
    positions = [(name, offered.index(name)) for name in names]
    return lambda *arguments: function(**{name: arguments[position] for name, position in positions})


def _where(function: Callable[..., Any]) -> str:
    code = getattr(inspect.unwrap(function), "__code__", None)
    return f"{code.co_filename}:{code.co_firstlineno}" if code is not None else ""
