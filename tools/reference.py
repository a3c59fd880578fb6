"""Write the tables of the reference that follow from the code: checks, permissions, roles.

    python -m tools.reference --check     exit 1 if a page does not say what the code does
    python -m tools.reference --update    write them anew

A table stands between two marks in pages of docs/en and docs/zh; what is around them is written by people.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from importlib import import_module
from pathlib import Path
from typing import Any

from crmframe.core.access.roles import ROLES, WORKERS
from crmframe.core.entities.entity import Entity
from crmframe.core.entities.registry import Registry, build_registry
from crmframe.core.i18n import Translator
from crmframe.core.operation.check import CHECKS
from crmframe.core.operation.deploy import DEPLOY_CHECKS
from crmframe.core.plugin import ENTITIES, PERMISSIONS

ROOT = Path(__file__).resolve().parent.parent
LANGUAGES: Mapping[str, str] = {"en": "en", "zh": "zh_Hans"}
PLUGINS = ("sales", "loyalty")
VERBS = ("create", "read", "update", "delete")
BEGIN, END = "<!-- {name}: written by tools/reference.py -->", "<!-- end -->"

Row = Sequence[str]


def translator() -> Translator:
    """Return the translations of the core and of the first-party plugins."""
    plugins = {name: ROOT / "plugins" / name / f"crmframe_{name}" / "locale" for name in PLUGINS}
    return Translator({"core": ROOT / "crmframe" / "locale", **plugins})


def registry() -> Registry:
    """Return what the core and the first-party plugins declare."""
    modules = {name: import_module(f"crmframe_{name}.plugin") for name in PLUGINS}
    entities = [*ENTITIES, *(each for module in modules.values() for each in _declared(module, "entities"))]
    extensions = [each for module in modules.values() for each in _declared(module, "extensions")]
    actions = {name: list(_declared(module, "actions")) for name, module in modules.items()}
    return build_registry(entities, extensions=extensions, actions=actions)


def _declared(module: object, hook: str) -> Iterable[Any]:
    return getattr(module, hook)() if hasattr(module, hook) else ()


# --- the tables ---------------------------------------------------------------------------------------


def data_checks(words: Translator, locale: str) -> Iterator[Row]:
    """Yield what ``crmframe check`` asks of the data."""
    yield ("code", "what must hold") if locale == "en" else ("代码", "应当成立的事")
    for check in CHECKS:
        yield f"`{check.code}`", words.text("core", locale, check.sentence)


def deploy_checks(words: Translator, locale: str) -> Iterator[Row]:
    """Yield what ``crmframe check --deploy`` asks of the installation."""
    header = ("code", "what must hold", "otherwise it says")
    yield header if locale == "en" else ("代码", "应当成立的事", "否则提示")
    for check in DEPLOY_CHECKS:
        yield (
            f"`{check.code}`",
            words.text("core", locale, check.sentence),
            words.text("core", locale, check.template),
        )


def permissions(words: Translator, locale: str) -> Iterator[Row]:
    """Yield the permissions of every kind of record."""
    yield ("records", "permissions") if locale == "en" else ("记录", "权限")
    found = registry()
    for entity in found.public_entities():
        names = ", ".join(f"`{name}`" for name in permissions_of(found, entity))
        yield words.text(entity.plugin, locale, entity.plural), names
    for each in PERMISSIONS:
        yield words.text("core", locale, each.label), f"`{each.name}`"


def permissions_of(found: Registry, entity: Entity) -> list[str]:
    """Return every permission on *entity*."""
    verbs = [*VERBS, *(["assign"] if entity.is_owned else []), *found.actions.get(entity.name, {})]
    return [f"{entity.name}.{verb}" for verb in verbs]


def roles(words: Translator, locale: str) -> Iterator[Row]:
    """Yield the roles of a new installation."""
    yield ("kind", "name", "what it is for") if locale == "en" else ("类别", "名称", "用途")
    for role in ROLES:
        yield (
            f"`{role.kind}`",
            words.text("core", locale, role.name),
            words.text("core", locale, role.summary),
        )


def workers(words: Translator, locale: str) -> Iterator[Row]:
    """Yield on which records managers and salespeople may do what."""
    english = ("records", "role", "scope of reading", "scopes of changing")
    yield english if locale == "en" else ("记录", "角色", "查看范围", "修改范围")
    names = {role.kind: role.name for role in ROLES}
    for sort, held in WORKERS.items():
        for kind, reads, changes in held:
            scopes = ", ".join(f"`{scope}`" for scope in changes) or "—"
            yield f"`{sort}`", words.text("core", locale, names[kind]), f"`{reads}`", scopes


TABLES = {
    "reference/checks.md": {"data": data_checks, "deploy": deploy_checks},
    "reference/permissions.md": {"permissions": permissions, "roles": roles, "workers": workers},
}


# --- the pages ----------------------------------------------------------------------------------------


def written(page: str, language: str, text: str) -> str:
    """Return the text of a page with its tables as they should be.

    Raises:
        ValueError: A mark is missing.
    """
    words = translator()
    for name, rows in TABLES[page].items():
        before, mark, rest = text.partition(BEGIN.format(name=name) + "\n")
        _, end, after = rest.partition(END)
        if not mark or not end:
            raise ValueError(f"{language}/{page} has no place for the table {name}.")
        text = f"{before}{mark}\n{_table(list(rows(words, LANGUAGES[language])))}\n{end}{after}"
    return text


def _table(rows: list[Row]) -> str:
    lines = [rows[0], ["---"] * len(rows[0]), *rows[1:]]
    return "".join(f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in line)} |\n" for line in lines)


def outdated() -> Iterator[tuple[Path, str]]:
    """Yield the pages that do not say what the code does, and what they should say."""
    for page in TABLES:
        for language in LANGUAGES:
            path = ROOT / "docs" / language / page
            text = path.read_text(encoding="utf-8")
            wanted = written(page, language, text)
            if wanted != text:
                yield path, wanted


def main() -> int:
    """Check or write; return the exit code."""
    parser = argparse.ArgumentParser(description=__doc__)
    chosen = parser.add_mutually_exclusive_group(required=True)
    chosen.add_argument("--check", action="store_true")
    chosen.add_argument("--update", action="store_true")
    given = parser.parse_args()
    found = list(outdated())
    for path, wanted in found:
        print(f"{path.relative_to(ROOT)}: {'written' if given.update else 'outdated'}")
        if given.update:
            path.write_text(wanted, encoding="utf-8")
    return 1 if found and given.check else 0


if __name__ == "__main__":
    sys.exit(main())
