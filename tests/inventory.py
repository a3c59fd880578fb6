"""What there is in this repository: files, error codes, settings, variables of the environment."""

from __future__ import annotations

import ast
import importlib
import pkgutil
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import crmframe
from crmframe.core.errors import CrmError
from crmframe.core.operation.check import CHECKS
from crmframe.core.operation.deploy import DEPLOY_CHECKS
from crmframe.core.transfer.problems import TEMPLATES
from crmframe.kernel.codes import CODES
from crmframe.settings import AppSettings, PluginSettings

ROOT = Path(__file__).resolve().parent.parent
PLUGINS = ("sales", "loyalty")
# Where the code stands among the arguments of what makes a problem.
CODE_POSITIONS = {
    "Problem": 1,
    "ValueProblem": 0,
    "_problem": 0,
    "refused": 1,
    "add": 1,
    "fault": 0,
    "problem": 0,
}
CODE = re.compile(r"[a-z]+(_[a-z]+)*")
VARIABLE = re.compile(r"\bCRMFRAME_[A-Z_]*[A-Z]\b")


def tracked(*patterns: str) -> list[str]:
    listed = subprocess.run(["git", "ls-files", "-z", *patterns], cwd=ROOT, capture_output=True, check=True)
    return sorted(name for name in listed.stdout.decode().split("\0") if name and (ROOT / name).exists())


def own_python() -> list[str]:
    return [path for path in tracked("*.py") if not {"migrations", "versions"} & set(path.split("/"))]


def shipped_python() -> list[str]:
    return [path for path in own_python() if "tests/" not in path and not path.startswith("bench/")]


def tree(path: str) -> ast.Module:
    return ast.parse((ROOT / path).read_text(encoding="utf-8"))


def error_classes() -> list[type[CrmError]]:
    """Return every error class of ours that has a code of its own, wherever it is defined."""
    for package in (crmframe, *(importlib.import_module(f"crmframe_{name}") for name in PLUGINS)):
        for module in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
            if not {"__main__", "migrations", "versions", "tests"} & set(module.name.split(".")):
                importlib.import_module(module.name)
    found = {error for error in (CrmError, *subclasses(CrmError)) if "code" in vars(error)}
    return sorted(found, key=lambda error: error.code)


def subclasses(parent: type[CrmError]) -> Iterator[type[CrmError]]:
    for child in parent.__subclasses__():
        if child.__module__.partition(".")[0] in ("crmframe", *(f"crmframe_{name}" for name in PLUGINS)):
            yield child
        yield from subclasses(child)


def problem_codes() -> set[str]:
    """Return the codes of problems with single values, wherever one is made with a literal code."""
    found = set(TEMPLATES)
    for path in shipped_python():
        for node in ast.walk(tree(path)):
            if isinstance(node, ast.Call):
                found |= code_of(node)
    return found - check_codes()


def code_of(node: ast.Call) -> set[str]:
    name = node.func.id if isinstance(node.func, ast.Name) else getattr(node.func, "attr", "")
    position = CODE_POSITIONS.get(name)
    if position is None or len(node.args) <= position or (name == "add" and len(node.args) < 3):
        return set()
    code = node.args[position]
    is_code = isinstance(code, ast.Constant) and isinstance(code.value, str) and CODE.fullmatch(code.value)
    return {str(code.value)} if isinstance(code, ast.Constant) and is_code else set()


def check_codes() -> set[str]:
    """Return the codes of ``crmframe check``, with and without ``--deploy``."""
    return {check.code for check in (*CHECKS, *DEPLOY_CHECKS)} | {
        "plugin_check",
        "check_failed",
        "plugins_run",
    }


def setting_names() -> list[str]:
    application = [name for name in AppSettings.model_fields if name != "plugins"]
    return [*application, *(f"plugins.{name}" for name in PluginSettings.model_fields)]


def variables() -> set[str]:
    """Return the variables of the environment that shipped code names, those of single settings aside."""
    found = {name for path in shipped_python() for name in VARIABLE.findall((ROOT / path).read_text("utf-8"))}
    return found - {f"CRMFRAME_{name.upper()}" for name in setting_names()}


def plugin_codes() -> list[str]:
    """Return the codes of why a plugin, or a part of one, does not run."""
    return sorted(CODES)
