"""Plugins with one flaw each, written to a folder, and the test of ``PluginConformance`` that must find it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

MANIFEST = """[plugin]
name = "{name}"
version = "0.1.0"
api = ">=1.0,<2"
label = {{ en = "Flaw", zh = "缺陷" }}
"""
MODULE = '''"""A plugin for trying the conformance tests."""

from typing import Any

from sqlalchemy.orm import Mapped

from crmframe.api import {imports}field, hookimpl, kinds, plugin_base, records

Base = plugin_base("{name}")


class {noun}(Base):
    """A thing."""

    title: Mapped[str] = field(kinds.Text(80), required=True, index=True)
    count: Mapped[int | None] = field(kinds.Integer())


@hookimpl
def entities() -> list[type[Any]]:
    return [{noun}]
'''
CATALOG = """msgid ""
msgstr "Content-Type: text/plain; charset=UTF-8\\n"
"""
LONG = "".join(f"    number += {i}\n" for i in range(45))
HOOK = "".join(f"    context = context  # {i}\n" for i in range(16))

# What is added to the module, and the test that must fail for it.
FLAWS: dict[str, tuple[str, str]] = {
    "flawthread": (
        "import threading\nthreading.Timer(0.01, print).start()\n",
        "test_import_has_no_side_effects",
    ),
    "flawfile": (
        "import tempfile, pathlib\npathlib.Path(tempfile.gettempdir(), 'crmframe-flaw').write_text('x')\n",
        "test_import_has_no_side_effects",
    ),
    "flawlong": (
        f"def grow(number: int) -> int:\n{LONG}    return number\n",
        "test_files_and_functions_are_small",
    ),
    "flawhook": (
        f"@hookimpl\ndef row_badges(context: Any) -> list[Any]:\n{HOOK}    return []\n",
        "test_hooks_and_handlers_of_routes_are_short",
    ),
    "flawwords": (
        "@hookimpl\ndef menu() -> list[Any]:\n    return [MenuItem('k', 'Never translated', '/x')]\n",
        "test_every_sentence_is_translated",
    ),
    "flawroute": (
        (
            "from starlette.routing import Route\n\n"
            "@hookimpl\ndef routes() -> list[Any]:\n    return [Route('/open', lambda request: None)]\n"
        ),
        "test_every_route_of_its_own_asks_for_a_permission",
    ),
    "flawrows": (
        (
            "@hookimpl\ndef row_badges(context: Any) -> list[Any]:\n"
            "    for row in context.rows:\n        records.titles(context.work, 'core.user', [row['id']])\n    return []\n"
        ),
        "test_statements_of_a_page_do_not_grow_with_its_rows",
    ),
    "flawbadge": (
        "@hookimpl\ndef row_badges(context: Any) -> list[Any]:\n    raise RuntimeError\n",
        "test_nothing_it_contributes_fails_on_anybody_s_page",
    ),
    "flawguard": (
        (
            "@hookimpl\ndef before_delete(change: Any) -> None:\n"
            "    if change.entity.name.startswith('flawguard.'):\n        raise Veto('No')\n"
        ),
        "test_every_entity_is_updated_undone_deleted_and_restored",
    ),
    "flawmenu": (
        "@hookimpl\ndef menue() -> list[Any]:\n    return []\n",
        "test_everything_a_start_would_do_works_on_a_scratch_database",
    ),
}


SCHEMA = "test_migrations_give_exactly_the_declared_schema"
LABEL = "test_manifest_is_valid_and_speaks_both_languages"
EXPECTED = {name: test for name, (_, test) in FLAWS.items()} | {"flawschema": SCHEMA, "flawlabel": LABEL}


def write_all(folder: Path) -> None:
    """Write a sound plugin and one for each flaw, each in a folder of its own."""
    sound = write(folder, "sound")
    command = [sys.executable, "-m", "crmframe.kernel.schema_cli", "sound", "First schema"]
    subprocess.run([*command, "--path", str(folder / "sound")], check=True, capture_output=True)
    [migration] = (sound / "migrations").glob("*.py")
    for name in EXPECTED:
        package = write(folder, name, FLAWS.get(name, ("", ""))[0])
        (package / "migrations").mkdir()
        text = migration.read_text(encoding="utf-8").replace("sound", name)
        (package / "migrations" / migration.name.replace("sound", name)).write_text(text, encoding="utf-8")
    added = "    added: Mapped[int | None] = field(kinds.Integer())\n"
    _replace(
        folder / "flawschema/crmframe_flawschema/__init__.py", "\n\n\n@hookimpl", f"\n{added}\n\n@hookimpl"
    )
    _replace(folder / "flawlabel/crmframe_flawlabel/crmframe_plugin.toml", ', zh = "缺陷"', "")


def write(folder: Path, name: str, added: str = "") -> Path:
    """Write one plugin without a migration and return its package."""
    noun = f"{name.capitalize()}Thing"
    package = folder / name / f"crmframe_{name}"
    locale = package / "locale" / "zh_Hans" / "LC_MESSAGES"
    locale.mkdir(parents=True)
    label = f"{name.capitalize()} thing"
    words = (label, f"{label}s", "Title", "Count", "Added", "No")
    catalog = CATALOG + "".join(f'\nmsgid "{word}"\nmsgstr "译{word}"\n' for word in words)
    (locale / f"{name}.po").write_text(catalog, encoding="utf-8")
    (package / "crmframe_plugin.toml").write_text(MANIFEST.format(name=name), encoding="utf-8")
    used = [each for each in ("MenuItem", "Veto") if each in added]
    text = MODULE.format(name=name, noun=noun, imports="".join(f"{each}, " for each in used))
    (package / "__init__.py").write_text(f"{text}\n\n{added}", encoding="utf-8")
    return package


def _replace(file: Path, old: str, new: str) -> None:
    text = file.read_text(encoding="utf-8")
    assert old in text
    file.write_text(text.replace(old, new, 1), encoding="utf-8")
