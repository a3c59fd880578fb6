"""What a file is by what it holds, and how a browser may be given it."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from pathlib import PurePosixPath
from types import MappingProxyType

import puremagic

from crmframe.core.errors import CrmError

UNKNOWN = "application/octet-stream"
# What browsers show without running anything: pictures made of points, and PDF in their own viewer.
SHOWN_TYPES: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "image/png": (".png",),
        "image/jpeg": (".jpg", ".jpeg"),
        "image/gif": (".gif",),
        "image/webp": (".webp",),
        "application/pdf": (".pdf",),
    }
)
LONGEST_NAME = 200
_PROMISED = MappingProxyType({end: kind for kind, ends in SHOWN_TYPES.items() for end in ends})
_UNSAFE = re.compile(r'[\x00-\x1f\x7f/\\:*?"<>|\u202a-\u202e\u2066-\u2069]')


class FileLies(CrmError):
    """The name promises a picture or a PDF, the content is something else."""

    code = "file_lies"
    status = 422
    template = "{name} is no {promised} inside. Save it again in that format, or give it the name that fits."


def media_type_of(name: str, head: bytes) -> str:
    """Return the type of a file by how it begins; what is not sure to be harmless is only bytes.

    Raises:
        FileLies: Its name says that browsers will show it, and it is something else.
    """
    found = _found(head)
    suffix = PurePosixPath(name.lower()).suffix
    promised = _PROMISED.get(suffix)
    if promised is not None and promised not in found:
        raise FileLies(name=name, promised=suffix.removeprefix(".").upper())
    if promised is not None:
        return promised
    return next((kind for kind in found if kind in SHOWN_TYPES), UNKNOWN)


def _found(head: bytes) -> list[str]:
    try:
        return [match.mime_type for match in puremagic.magic_string(head) if match.mime_type]
    except (puremagic.PureError, ValueError):
        return []


def is_shown(media_type: str) -> bool:
    """Return whether a browser may show it; everything else is only downloaded."""
    return media_type in SHOWN_TYPES


def is_picture(media_type: str) -> bool:
    """Return whether it can stand on a page as a small picture."""
    return is_shown(media_type) and media_type.startswith("image/")


def clean_name(given: str) -> str:
    """Return a name as it may be shown and saved: the last part of a path, without what commands or turns text."""
    last = unicodedata.normalize("NFC", given.replace("\\", "/").rsplit("/", 1)[-1])
    name = " ".join(_UNSAFE.sub(" ", last).split()).strip(". ")
    stem, dot, suffix = name.rpartition(".")
    if len(name) > LONGEST_NAME and dot and len(suffix) <= 10:
        return f"{stem[: LONGEST_NAME - len(suffix) - 1]}.{suffix}"
    return name[:LONGEST_NAME] or "file"
