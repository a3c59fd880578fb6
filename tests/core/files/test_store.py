"""The store of files and what a file is by its content."""

from __future__ import annotations

import hashlib
import io
from pathlib import Path

import pytest

from crmframe.core.errors import NotFound
from crmframe.core.files.media import UNKNOWN, FileLies, clean_name, is_shown, media_type_of
from crmframe.core.files.store import FileEmpty, FileStore, FileTooLarge
from tests.core.files.samples import GIF, HTML, JPEG, PDF, PNG, SVG, WEBP


def test_equal_files_are_kept_once_and_come_back_whole(tmp_path: Path) -> None:
    store = FileStore(tmp_path / "files")
    content = b"x" * 700_000
    first, second = store.put(io.BytesIO(content), 10**6), store.put(io.BytesIO(content), 10**6)
    assert first == second
    assert first.digest == hashlib.sha256(content).hexdigest()
    assert [digest for digest, _ in store.ages()] == [first.digest]
    with store.open(first.digest) as file:
        assert file.read() == content


def test_what_is_too_large_or_empty_leaves_nothing(tmp_path: Path) -> None:
    store = FileStore(tmp_path)
    with pytest.raises(FileTooLarge, match="1 MB"):
        store.put(io.BytesIO(b"x" * 1_000_001), 1_000_000)
    with pytest.raises(FileEmpty):
        store.put(io.BytesIO(b""), 1_000_000)
    assert list(tmp_path.rglob("*")) == []


@pytest.mark.parametrize("digest", ["../../etc/passwd", "", "0" * 63, "0" * 64 + "/..", "A" * 64])
def test_no_name_becomes_a_path(tmp_path: Path, digest: str) -> None:
    with pytest.raises(NotFound):
        FileStore(tmp_path).open(digest)


@pytest.mark.parametrize(
    ("name", "content", "kind"),
    [
        ("a.png", PNG, "image/png"),
        ("a.JPG", JPEG, "image/jpeg"),
        ("a.gif", GIF, "image/gif"),
        ("a.webp", WEBP, "image/webp"),
        ("报价.pdf", PDF, "application/pdf"),
        ("no suffix", PNG, "image/png"),
        ("a.svg", SVG, UNKNOWN),
        ("a.html", HTML, UNKNOWN),
        ("a.txt", b"plain words", UNKNOWN),
        ("a.txt", HTML, UNKNOWN),
        ("a.docx", b"PK\x03\x04\x14\x00\x06\x00", UNKNOWN),
    ],
)
def test_only_harmless_content_is_shown(name: str, content: bytes, kind: str) -> None:
    assert media_type_of(name, content) == kind
    assert is_shown(kind) is (kind != UNKNOWN)


@pytest.mark.parametrize("content", [HTML, SVG, b"MZ\x90\x00", b"x", PDF])
def test_a_name_that_lies_is_refused(content: bytes) -> None:
    with pytest.raises(FileLies):
        media_type_of("holiday.png", content)


def test_a_picture_that_holds_a_page_as_well_is_still_only_a_picture() -> None:
    assert media_type_of("a.gif", GIF + HTML) == "image/gif"


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("../../etc/passwd", "passwd"),
        ("C:\\Users\\me\\报价 2026.pdf", "报价 2026.pdf"),
        ('a"b\r\nSet-Cookie: x.png', "a b Set-Cookie x.png"),
        ("photo\u202egnp.exe", "photo gnp.exe"),
        ("...", "file"),
        ("", "file"),
        ("长" * 300 + ".pdf", "长" * 196 + ".pdf"),
    ],
)
def test_names_of_people_are_made_harmless(given: str, kept: str) -> None:
    assert clean_name(given) == kept
