"""Where addresses lead: the map that the company works with."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import quote

from crmframe.core.contributions import Choice
from crmframe.core.entities.entity import Entity
from crmframe.core.work import UnitOfWork

SETTING = "core.maps"
NONE = "none"
PROVIDERS = (
    Choice("openstreetmap", "OpenStreetMap"),
    Choice("google", "Google Maps"),
    Choice("amap", "Amap"),
    Choice("baidu", "Baidu Maps"),
    Choice(NONE, "No maps"),
)
# What each publishes for links; Amap opens its own program on a phone that has it, the others by themselves.
_LINKS: Mapping[str, str] = {
    "openstreetmap": "https://www.openstreetmap.org/search?query={}",
    "google": "https://www.google.com/maps/search/?api=1&query={}",
    "amap": "https://uri.amap.com/search?keyword={}&src=crmframe&callnative=1",
    "baidu": "https://api.map.baidu.com/geocoder?address={}&output=html&src=webapp.crmframe",
}
_HAN = re.compile("[\u3400-\u9fff]")


def map_of(work: UnitOfWork) -> str:
    """Return the map that the workspace uses: what an administrator chose, else what its language is at home with."""
    chosen: str | None = work.setting(SETTING)
    return chosen or ("amap" if work.settings.locale.startswith("zh") else "openstreetmap")


def map_link(work: UnitOfWork, entity: Entity, record: Mapping[str, Any]) -> tuple[str, str]:
    """Return the field that says most exactly where a record is, and the address of the map; empty without a place.

    Args:
        record: What the reader may read of it: a hidden field reaches no map.
    """
    names: Sequence[str] = getattr(entity.model, "__place__", ())
    given = {name: " ".join(str(record[name]).split()) for name in names if record.get(name)}
    link = _LINKS.get(map_of(work), "")
    # A meeting on the net has no place.
    if not given or not link or "://" in (text := place_text(list(given.values()))):
        return "", ""
    return list(given)[-1], link.format(quote(text, safe=""))


def place_text(parts: Sequence[str]) -> str:
    """Return a place as maps look for it: in Chinese from the large to the small in one word, elsewhere from the street on.

    Args:
        parts: From the country to the street.
    """
    if not _HAN.search("".join(parts)):
        return ", ".join(dict.fromkeys(reversed(parts)))
    text = ""
    for part in reversed(parts):
        # People write the city again before the street; a postal code says nothing to a Chinese map.
        text = text if part in text or part.isdigit() else part + text
    return text
