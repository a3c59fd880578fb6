"""A plugin drawn at random and written to a folder: manifest, models, migration, translations."""

from __future__ import annotations

import importlib
import random
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from crmframe.core.storage.metadata import METADATA
from crmframe.kernel.autogenerate import autogenerate, scratch_database
from crmframe.kernel.manifest import Manifest, core_manifest

MANIFEST = """[plugin]
name = "{name}"
version = "0.1.0"
api = ">=1.0,<2"
label = {{ en = "Drawn {name}", zh = "随机{name}" }}
"""
MODULE = '''"""Drawn at random."""

from typing import Any

from sqlalchemy.orm import Mapped

from crmframe.api import {mixins}Choice, field, hookimpl, kinds, plugin_base

Base = plugin_base("{name}")


class {noun}(Base{bases}):
    """Has a field of every kind."""

    __title__ = "{title}"
{fields}

@hookimpl
def entities() -> list[type[Any]]:
    return [{noun}]
'''
MIXINS = ("Archivable", "Customizable", "Owned", "Timeline")
# Words that are harmless as names, in two languages; the names of fields are drawn from them.
WORDS = (
    *("area", "bearing", "cargo", "depth", "engine", "flag", "grain", "harbor", "island", "journey", "keel"),
    *("lamp", "mast", "nest", "orbit", "paper", "quarry", "river", "sail", "tide", "valley", "wharf", "yard"),
)


@dataclass(frozen=True)
class Drawn:
    """What was drawn: where it lies and what it is called."""

    name: str
    folder: Path
    entity: str
    seed: int


def kinds(dice: random.Random, entity: str) -> list[tuple[str, str]]:
    """Return one (kind, options of the field) for each kind, options drawn, and a few more."""
    choices = ", ".join(f'Choice("{v}", "Choice {v}", "blue")' for v in "abcdefg"[: dice.randint(2, 6)])
    low = dice.randint(-1000, 0)
    drawn = [
        (f"kinds.Text({dice.choice([5, 40, 200])})", "index=True" if dice.random() < 0.5 else ""),
        ("kinds.LongText()", 'data="personal"' if dice.random() < 0.5 else ""),
        (f"kinds.Integer(min={low}, max={low + dice.randint(50, 5000)})", "index=True"),
        (f"kinds.DecimalNumber({dice.randint(0, 6)})", ""),
        ("kinds.Money()", "index=True" if dice.random() < 0.5 else ""),
        ("kinds.Boolean()", dice.choice(["", "required=True, default=False"])),
        ("kinds.Date()", "index=True" if dice.random() < 0.5 else ""),
        ("kinds.Instant()", ""),
        (f"kinds.Choices({choices})", dice.choice(["", 'required=True, default="a"'])),
        (f"kinds.MultiChoice({choices})", ""),
        (
            f'kinds.Reference("core.customer", on_delete="{dice.choice(["clear", "cascade", "restrict"])}")',
            "",
        ),
        (f'kinds.Reference("{entity}", on_delete="clear")', ""),
        ("kinds.AnyReference()", ""),
        ("kinds.Email()", "unique=True" if dice.random() < 0.3 else ""),
        ("kinds.Phone()", ""),
        ("kinds.Url()", ""),
        ("kinds.Json()", ""),
    ]
    drawn += dice.choices(drawn, k=dice.randint(0, 3))
    dice.shuffle(drawn)
    return drawn


def draw(seed: int, folder: Path) -> Drawn:
    """Write the plugin of *seed*, with the migration that autogenerate makes of it."""
    dice = random.Random(seed)
    name, noun = f"drawn{seed}", f"{dice.choice(['Vessel', 'Box', 'Entry', 'CargoUnit'])}{seed}"
    snake = "".join(f"_{c.lower()}" if c.isupper() else c for c in noun).lstrip("_")
    entity = f"{name}.{snake}"
    package = folder / f"crmframe_{name}"
    package.mkdir(parents=True)
    fields = list(_fields(dice, kinds(dice, entity)))
    mixins = [each for each in MIXINS if dice.random() < 0.6]
    text = MODULE.format(
        name=name,
        noun=noun,
        title=fields[0][0],
        mixins="".join(f"{each}, " for each in mixins),
        bases="".join(f", {each}" for each in mixins),
        fields="".join(f"    {field}: Mapped[Any] = {declared}\n" for field, declared in fields),
    )
    (package / "crmframe_plugin.toml").write_text(MANIFEST.format(name=name), encoding="utf-8")
    (package / "__init__.py").write_text(text, encoding="utf-8")
    _write_catalog(package, name, [noun, *(field for field, _ in fields)])
    _write_migration(package)
    return Drawn(name, folder, entity, seed)


def _fields(dice: random.Random, drawn: list[tuple[str, str]]) -> Iterator[tuple[str, str]]:
    words = dice.sample(WORDS, len(drawn) + 1)
    yield words[0], "field(kinds.Text(80), required=True, index=True)"
    for word, (kind, options) in zip(words[1:], drawn, strict=True):
        is_link = kind.startswith("kinds.Reference")
        yield (
            f"{word}_id" if is_link else word,
            f"field({', '.join(part for part in (kind, options) if part)})",
        )


def _write_catalog(package: Path, name: str, words: list[str]) -> None:
    folder = package / "locale" / "zh_Hans" / "LC_MESSAGES"
    folder.mkdir(parents=True)
    head = 'msgid ""\nmsgstr "Content-Type: text/plain; charset=UTF-8\\n"\n'
    labels = {word.removesuffix("_id").capitalize() for word in words}
    body = "".join(f'\nmsgid "{label}"\nmsgstr "译{label}"\n' for label in sorted(labels))
    (folder / f"{name}.po").write_text(head + body, encoding="utf-8")


def _write_migration(package: Path) -> None:
    sys.path.append(str(package.parent))
    importlib.import_module("crmframe.core.plugin")
    importlib.import_module(package.name)
    with scratch_database([core_manifest()]) as engine:
        assert autogenerate(engine, METADATA, Manifest.read(package), "First schema") is not None
