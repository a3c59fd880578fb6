"""Names derived from names."""

from __future__ import annotations

import re


def table_name(plugin: str, class_name: str) -> str:
    """Return ``sales_lost_reasons`` for ``sales`` and ``LostReason``."""
    return f"{plugin}_{plural_of(snake_case(class_name))}"


def table_of_entity(entity: str) -> str:
    """Return the table of ``sales.lost_reason``, known before the class is."""
    plugin, _, name = entity.partition(".")
    return f"{plugin}_{plural_of(name)}"


def snake_case(name: str) -> str:
    """Return ``LostReason`` as ``lost_reason``."""
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name).lower()


def plural_of(noun: str) -> str:
    """Return the English plural of a regular noun, and of ``series``."""
    if noun.endswith("series"):
        return noun
    if re.search(r"[^aeiou]y$", noun):
        return f"{noun[:-1]}ies"
    return f"{noun}es" if re.search(r"(s|x|z|ch|sh)$", noun) else f"{noun}s"


def sentence_case(name: str) -> str:
    """Return ``lost_reason_id`` as ``Lost reason``."""
    return name.removesuffix("_id").removesuffix("_at").removesuffix("_on").replace("_", " ").capitalize()
