"""One tone per name, the same on every page: marks of people and companies, dots of stages."""

from __future__ import annotations

from zlib import crc32

TONES = ("blue", "violet", "teal", "amber", "green", "pink", "orange", "red")


def tone_of(name: str) -> str:
    """Return the tone of a name."""
    return TONES[crc32(name.encode()) % len(TONES)]


def mark_of(name: str) -> str:
    """Return what stands in a mark: the first character that is a letter or digit."""
    return next((character.upper() for character in name if character.isalnum()), "·")
