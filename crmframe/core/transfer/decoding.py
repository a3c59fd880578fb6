"""Which encoding a file is in, told by its bytes: mark, strict UTF-8, what fits the locale, a detector last.

Detectors alone are not enough: on real order lists they take GBK for Korean, and cp1252 for cp1250.
"""

from __future__ import annotations

import codecs
import hashlib
import importlib
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, BinaryIO

from crmframe.core.transfer.problems import UNDECODABLE, UnknownEncoding, UnreadableFile

BLOCK = 256 * 1024
ENOUGH = 4 * BLOCK
# Longest first: the mark of UTF-32 begins with that of UTF-16.
MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)

_HIGH = re.compile(rb"[\x80-\xff]+")
_SEQUENCE = re.compile(rb"[\xc2-\xf4][\x80-\xbf]{1,3}")


@dataclass(frozen=True, slots=True)
class Decoding:
    """How to read a file's bytes.

    Attributes:
        encoding: A Python codec.
        errors: ``surrogateescape`` for UTF-8 with a few broken places: only the rows that hold them are refused.
        digest: SHA-256 of the bytes.
    """

    encoding: str
    errors: str
    digest: str


def detect(file: BinaryIO, *, locale: str = "en", encoding: str = "") -> Decoding:
    """Look at the whole of *file*, in blocks, and say how to read it; the file is left at its beginning.

    Args:
        locale: Decides between encodings in which the bytes make sense alike.
        encoding: What the user says it is.

    Raises:
        UnreadableFile: Nothing that was tried can decode it.
        UnknownEncoding: *encoding* is no codec.
    """
    look = _look(file)
    if encoding:
        return Decoding(_known(encoding), "surrogateescape", look.digest)
    for name, errors in _candidates(look, locale):
        if errors != "strict" or _decodes(file, name):
            file.seek(0)
            return Decoding(name, errors, look.digest)
    raise UnreadableFile(UNDECODABLE)


@dataclass(slots=True)
class _Look:
    """What one pass over the bytes has shown: the beginning, and the first blocks with other than ASCII."""

    head: bytes
    high: bytes
    digest: str
    is_utf8: bool


def _look(file: BinaryIO) -> _Look:
    digest, decoder = hashlib.sha256(), codecs.getincrementaldecoder("utf-8")()
    head, high, is_utf8 = b"", b"", True
    for block in _blocks(file):
        digest.update(block)
        head = head or block
        if not block.isascii():
            if len(high) < ENOUGH:
                high += block
            is_utf8 = is_utf8 and _feeds(decoder, block)
    is_utf8 = is_utf8 and _feeds(decoder, b"", final=True)
    file.seek(0)
    return _Look(head, high, digest.hexdigest(), is_utf8)


def _blocks(file: BinaryIO) -> Iterator[bytes]:
    file.seek(0)
    while block := file.read(BLOCK):
        yield block


def _feeds(decoder: Any, block: bytes, *, final: bool = False) -> bool:
    try:
        decoder.decode(block, final)
    except UnicodeDecodeError:
        return False
    return True


def _decodes(file: BinaryIO, name: str) -> bool:
    decoder = codecs.getincrementaldecoder(name)()
    return all(_feeds(decoder, block) for block in _blocks(file)) and _feeds(decoder, b"", final=True)


def _known(encoding: str) -> str:
    try:
        return codecs.lookup(encoding).name
    except LookupError:
        raise UnknownEncoding(encoding=encoding[:40]) from None


def _candidates(look: _Look, locale: str) -> Iterator[tuple[str, str]]:
    for mark, name in MARKS:
        if look.head.startswith(mark):
            yield name, "strict"
    wide = _wide(look.head)
    if wide:
        yield wide, "strict"
    if look.is_utf8:
        yield "utf-8", "strict"
        return
    if _mostly_utf8(look.high):
        yield "utf-8", "surrogateescape"
    yield from ((name, "strict") for name in _legacy(look.high, locale))


def _wide(head: bytes) -> str:
    """Return the UTF-16 that text without a mark is in: every other byte of Latin text is zero."""
    sample = head[: 4096 - len(head) % 2] if len(head) > 4096 else head
    half = max(1, len(sample) // 2)
    even, odd = sample[::2].count(0) / half, sample[1::2].count(0) / half
    if odd > 0.3 and even < 0.05:
        return "utf-16-le"
    return "utf-16-be" if even > 0.3 and odd < 0.05 else ""


def _mostly_utf8(high: bytes) -> bool:
    """Return whether nearly all that is not ASCII is UTF-8: then the rest is damage, not another encoding."""
    whole = high.decode("utf-8", "surrogateescape")
    broken = sum(1 for c in whole if "\udc80" <= c <= "\udcff")
    return len(_SEQUENCE.findall(high)) > 10 * broken


def _legacy(high: bytes, locale: str) -> Iterator[str]:
    chinese = ["gb18030"] if _looks_chinese(high) else []
    western = ["cp1252"] if _looks_western(high) else []
    yield from [*chinese, *western] if locale.startswith("zh") else [*western, *chinese]
    guess = _guess(high)
    if guess:
        yield guess
    yield from ["gb18030", "cp1252"] if locale.startswith("zh") else ["cp1252", "gb18030"]


def _looks_western(high: bytes) -> bool:
    """Return whether accented letters stand alone among plain ones, as in Latin text."""
    runs = [len(run) for run in _HIGH.findall(high)]
    return sum(n for n in runs if n == 1) > 0.6 * sum(runs)


def _looks_chinese(high: bytes) -> bool:
    """Return whether the bytes come in pairs that mostly are common Chinese characters or punctuation."""
    pairs = common = 0
    for run in _HIGH.findall(high):
        for lead in run[: len(run) // 2 * 2 : 2]:
            pairs += 1
            common += 0xB0 <= lead <= 0xD7 or 0xA1 <= lead <= 0xA3
    return pairs > 0 and common > 0.6 * pairs


def _guess(high: bytes) -> str:
    # 40 ms and 10 MB that only files of unknown encoding should cost.
    best = importlib.import_module("charset_normalizer").from_bytes(high[:ENOUGH]).best()
    return "" if best is None else str(best.encoding)
