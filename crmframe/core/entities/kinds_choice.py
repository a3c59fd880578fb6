"""Yes or no, one of several, several of many."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Self

import sqlalchemy as sa
from sqlalchemy.types import TypeEngine

from crmframe.core.contributions import Choice
from crmframe.core.entities.kinds_base import EQUALITY, Kind, ParseContext, ValueProblem, plain_text, shown
from crmframe.core.storage import types as stored

LONGEST_VALUE = 80
_TRUE = ("yes", "y", "true", "t", "1", "on", "x", "是", "对", "有", "真", "√", "✓")
_FALSE = ("no", "n", "false", "f", "0", "off", "否", "不是", "不", "无", "假", "×")
_WORDS = {**dict.fromkeys(_TRUE, True), **dict.fromkeys(_FALSE, False)}
_BETWEEN = re.compile(r"[;,|；，、\n]")


@dataclass(frozen=True)
class Boolean(Kind):
    """Yes or no."""

    name: ClassVar[str] = "boolean"
    operators: ClassVar[tuple[str, ...]] = ("eq", "ne", "empty")
    example: ClassVar[str] = "true, false"

    def column_type(self) -> TypeEngine[Any]:
        return sa.Boolean()

    def parse(self, raw: Any, context: ParseContext) -> bool | None:
        if isinstance(raw, bool) or raw is None:
            return raw
        text = str(raw) if isinstance(raw, int) else raw
        text = plain_text(text)
        if text is None:
            return None
        value = _WORDS.get(text.casefold())
        if value is None:
            template = "{field}: {value} is neither yes nor no. Write yes or no."
            raise ValueProblem("not_a_boolean", template, value=shown(raw))
        return value

    def to_text(self, value: bool | None) -> str:
        return "" if value is None else ("yes" if value else "no")

    def schema(self) -> dict[str, Any]:
        return {"type": "boolean"}


@dataclass(frozen=True, init=False)
class _Chosen(Kind):
    """A kind with choices.

    Attributes:
        choices: Those that are offered.
        editable: Whether admins rename, hide, sort and add choices.
        like: Another field whose choices, as admins edit them, are this one's too: ``core.customer.grade``.
        retired: Those that are offered no more; records that hold them keep them, and may be written with them.
    """

    choices: tuple[Choice, ...]
    editable: bool = False
    retired: tuple[Choice, ...] = ()
    like: str = ""

    def __init__(
        self,
        *choices: Choice | str | Mapping[str, str],
        editable: bool = False,
        retired: Iterable[Choice] = (),
        like: str = "",
    ) -> None:
        unique: dict[str, Choice] = {}
        for choice in map(_choice, choices):
            unique.setdefault(choice.value, choice)
        object.__setattr__(self, "choices", tuple(unique.values()))
        object.__setattr__(self, "editable", editable)
        object.__setattr__(self, "retired", tuple(retired))
        object.__setattr__(self, "like", like)
        # Looked up for every value of an import; no attribute of the dataclass, so it takes no part in equality.
        object.__setattr__(self, "_by_text", dict(_texts((*self.choices, *self.retired))))

    def with_choices(self, more: Iterable[Choice]) -> Self:
        """Return this kind with *more* choices behind its own; those that it has already stay as they are."""
        choices = (*self.choices, *more)
        return type(self)(*choices, editable=self.editable, retired=self.retired, like=self.like)

    def choice(self, value: str) -> Choice | None:
        """Return the choice of a stored value, be it offered or not; None when there is none."""
        return next((choice for choice in (*self.choices, *self.retired) if choice.value == value), None)

    def examples(self) -> str:
        return ", ".join(choice.value for choice in self.choices)

    def _read(self, text: str) -> str:
        by_text: dict[str, str] = self._by_text  # type: ignore[attr-defined]
        value = by_text.get(text)
        if value is None:
            value = by_text.get(text.strip().casefold())
        if value is None:
            template = "{field}: {value} is not one of the choices. Choose one of: {choices}."
            raise ValueProblem("not_a_choice", template, value=shown(text), choices=self.examples())
        return value


def _choice(given: Choice | str | Mapping[str, str]) -> Choice:
    if isinstance(given, Choice):
        choice = given
    elif isinstance(given, str):
        choice = Choice(given, given.replace("_", " ").capitalize())
    else:
        choice = Choice(given["value"], given.get("label") or given["value"], given.get("tone") or "grey")  # type: ignore[arg-type]
    if not choice.value or len(choice.value) > LONGEST_VALUE:
        raise TypeError(f"The choice {choice.value!r} must have 1 to {LONGEST_VALUE} characters.")
    return choice


def _texts(choices: tuple[Choice, ...]) -> Iterable[tuple[str, str]]:
    """Yield what stands for which value; the later win: a value is never read as another one's label."""
    for choice in reversed(choices):
        yield choice.label.casefold(), choice.value
        yield from ((label.casefold(), choice.value) for _, label in choice.labels)
    for choice in reversed(choices):
        yield choice.value.casefold(), choice.value
    for choice in choices:
        yield choice.value, choice.value


@dataclass(frozen=True, init=False)
class Choices(_Chosen):
    """One of several values; a plain string is short for a choice labeled with it."""

    name: ClassVar[str] = "choice"
    operators: ClassVar[tuple[str, ...]] = EQUALITY

    def column_type(self) -> TypeEngine[Any]:
        return sa.String(LONGEST_VALUE)

    def parse(self, raw: Any, context: ParseContext) -> str | None:
        if type(raw) is not str:
            raw = plain_text(raw)
        if raw is None or not raw.strip():
            return None
        return self._read(raw)

    def schema(self) -> dict[str, Any]:
        return {"type": "string", "enum": [choice.value for choice in (*self.choices, *self.retired)]}


@dataclass(frozen=True, init=False)
class MultiChoice(_Chosen):
    """Several of many values, kept in the order of declaration."""

    name: ClassVar[str] = "multi_choice"
    operators: ClassVar[tuple[str, ...]] = ("has", "empty")

    def column_type(self) -> TypeEngine[Any]:
        return stored.JsonText()

    def parse(self, raw: Any, context: ParseContext) -> list[str] | None:
        if isinstance(raw, list | tuple):
            texts = [text for item in raw if (text := plain_text(item))]
        else:
            texts = self._split(plain_text(raw))
        wanted = {self._read(text) for text in texts}
        return [choice.value for choice in (*self.choices, *self.retired) if choice.value in wanted] or None

    def _split(self, text: str | None) -> list[str]:
        if text is None:
            return []
        if text.casefold() in self._by_text:  # type: ignore[attr-defined]
            return [text]  # a label may contain a comma
        return [part.strip() for part in _BETWEEN.split(text) if part.strip()]

    def to_text(self, value: list[str] | None) -> str:
        return ";".join(value or ())

    def schema(self) -> dict[str, Any]:
        values = [choice.value for choice in (*self.choices, *self.retired)]
        return {"type": "array", "items": {"type": "string", "enum": values}, "uniqueItems": True}
