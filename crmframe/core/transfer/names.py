"""Which field a header means: names first, then labels in both languages, then the aliases of the fields."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Protocol

from crmframe.core.entities.field import Field
from crmframe.core.entities.kinds import Choices

LOCALES = ("zh_Hans",)
JOIN = "+"

_IGNORED = re.compile(r"[\s_\-./*:：（）()\[\]【】?？]+")


class Translates(Protocol):
    """What finds a label in another language."""

    def translate(self, domain: str, locale: str, msgid: str, /, **data: Any) -> str:
        """Return the translation of *msgid*, or *msgid* itself."""


def squeezed(header: str) -> str:
    """Return a header without what people vary: case, width, spaces, underscores, marks of required fields."""
    return _IGNORED.sub("", unicodedata.normalize("NFKC", header).casefold())


class HeaderNames:
    """The names under which the fields of an entity are found; a name of two fields finds neither."""

    def __init__(self, fields: Iterable[Field], translator: Translates | None) -> None:
        known = list(fields)
        tiers = (
            [(field, [field.name]) for field in known],
            [(field, _short(field)) for field in known],
            [(field, _labels(field, translator)) for field in known],
            [(field, [alias for alias in field.aliases if JOIN not in alias]) for field in known],
        )
        self._tiers = [_unique(tier) for tier in tiers]

    def find(self, header: str) -> Sequence[Field]:
        """Return the field that a header means; several when it is ambiguous, none when it is unknown."""
        key = squeezed(header)
        for tier in self._tiers:
            if key in tier:
                return tier[key]
        return ()


def _short(field: Field) -> list[str]:
    # ``custom.region`` is also found as ``region``, when nothing of the entity's own is called so.
    return [field.short_name, field.name.rpartition(".")[2]]


def _labels(field: Field, translator: Translates | None) -> list[str]:
    labels = [field.label, *(text for _, text in field.labels)]
    if translator is not None and not field.labels:
        labels += [translator.translate(field.plugin, locale, field.label) for locale in LOCALES]
    return labels


def _unique(named: Iterable[tuple[Field, Iterable[str]]]) -> Mapping[str, Sequence[Field]]:
    found: dict[str, list[Field]] = {}
    for field, names in named:
        for key in {squeezed(name) for name in names} - {""}:
            found.setdefault(key, []).append(field)
    return found


def composite(field: Field, free: Mapping[str, str]) -> Sequence[str]:
    """Return the headers, squeezed, that together give *field*: of its aliases with a plus the one with most parts."""
    aliases = [[squeezed(part) for part in alias.split(JOIN)] for alias in field.aliases if JOIN in alias]
    fitting = [parts for parts in aliases if all(part in free for part in parts)]
    return max(fitting, key=len, default=())


def choice_labels(field: Field, translator: Translates | None) -> dict[str, str]:
    """Return the labels of a field's choices in the other languages with the values they stand for."""
    choices = (*field.kind.choices, *field.kind.retired) if isinstance(field.kind, Choices) else ()
    if translator is None:
        return {}
    plain = {
        translator.translate(field.plugin, locale, c.label): c.value for locale in LOCALES for c in choices
    }
    return plain | {label: c.value for c in choices for _, label in c.labels}
