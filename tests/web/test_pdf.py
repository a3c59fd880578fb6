"""PDF from HTML: pages, fonts inside, and nothing loaded from anywhere."""

from __future__ import annotations

import importlib
import sys
from typing import Any

import pytest

from crmframe.web import pdf


def test_a_server_without_the_library_says_what_to_do_instead(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "weasyprint", None)
    pdf.library.cache_clear()
    with pytest.raises(pdf.NoPdf) as refused:
        pdf.pdf_of("<p>Quote</p>")
    assert refused.value.code == "no_pdf"
    pdf.library.cache_clear()


@pytest.fixture
def weasyprint() -> Any:
    try:
        return importlib.import_module("weasyprint")
    except (ImportError, OSError):
        pytest.skip("no WeasyPrint with pango: pip install crmframe[pdf]")


def test_a_page_becomes_a_pdf_that_holds_its_fonts(weasyprint: Any) -> None:
    made = pdf.pdf_of(
        "<html lang='zh-Hans'><body class='p-body'><p>报价 Quote für Übergrößen</p></body></html>"
    )

    assert made.startswith(b"%PDF-")
    assert b"/FontFile" in made or b"/ObjStm" in made


def test_a_document_loads_nothing_from_elsewhere(weasyprint: Any, caplog: pytest.LogCaptureFixture) -> None:
    pixel = "data:image/gif;base64,R0lGODlhAQABAIAAAAAAAP///ywAAAAAAQABAAACAUwAOw=="
    made = pdf.pdf_of(
        f"<img src='http://127.0.0.1:1/x.png'><img src='file:///etc/passwd'><img src='{pixel}'>"
    )

    assert made.startswith(b"%PDF-")
    assert "Failed to load image at 'file:///etc/passwd'" in caplog.text
    assert "data:image" not in caplog.text
