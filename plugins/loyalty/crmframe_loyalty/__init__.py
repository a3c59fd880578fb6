"""Tiers and points of customers for crmframe."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from crmframe.api import Translator

TEXTS = Translator({"loyalty": Path(__file__).parent / "locale"})


def say(locale: str, msgid: str, **data: Any) -> str:
    """Return a sentence of this plugin in the reader's language."""
    return TEXTS.translate("loyalty", locale, msgid, **data)
