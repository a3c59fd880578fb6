"""Text that a spreadsheet would run as a formula gets a quote in front; an import takes it away again."""

from __future__ import annotations

import re

_DANGEROUS = re.compile(r"'*[=+\-@\t\r\n＝＋－＠]|'+\d+\Z")
_DEFUSED = re.compile(r"'(?:'*[=+\-@\t\r\n＝＋－＠]|'*\d+\Z)")
_NUMBER = re.compile(r"[+-]?\d+(?:[.,]\d+)*%?")


def defused(text: str) -> str:
    """Return *text* so that no spreadsheet runs it; ``armed`` gives it back exactly."""
    return f"'{text}" if _DANGEROUS.match(text) else text


def armed(text: str) -> str:
    """Return the text that was defused; a number that a spreadsheet was told to keep as text is text."""
    return text[1:] if text.startswith("'") and _DEFUSED.match(text) else text


def defused_unless_number(text: str) -> str:
    """Return a cell of somebody else's file, safe to open; signed numbers stay numbers."""
    return text if _NUMBER.fullmatch(text) else defused(text)
