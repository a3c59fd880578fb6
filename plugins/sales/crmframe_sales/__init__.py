"""Pipelines, deals and the sales funnel for crmframe."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from crmframe.api import Translator

TEXTS = Translator({"sales": Path(__file__).parent / "locale"})


def say(locale: str, msgid: str, **data: Any) -> str:
    """Return a sentence of this plugin in the reader's language."""
    return TEXTS.translate("sales", locale, msgid, **data)
