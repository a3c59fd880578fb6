"""PDF from the same HTML that is printed: by WeasyPrint, where it is installed (docs/decisions/0011)."""

from __future__ import annotations

import functools
import importlib
from pathlib import Path
from typing import Any

import structlog

from crmframe.core.errors import CrmError

log = structlog.get_logger("crmframe.pdf")
STYLES = Path(__file__).parent / "static" / "print.css"


class NoPdf(CrmError):
    """PDF needs WeasyPrint with its libraries; printing from the browser does not."""

    code = "no_pdf"
    status = 501
    template = (
        "This server cannot make PDF files. Print the page from the browser and choose to save it as PDF, or install "
        "crmframe[pdf] and the system's pango."
    )


def pdf_of(html: str) -> bytes:
    """Return a page as PDF, its fonts embedded. Nothing is loaded but what the page holds itself.

    Raises:
        NoPdf: WeasyPrint or a library that it needs is not installed.
    """
    weasyprint = library()
    styles = weasyprint.CSS(string=STYLES.read_text(encoding="utf-8"))
    # A document holds its images itself: whoever writes a text into it cannot make the server ask for addresses.
    page = weasyprint.HTML(string=html, url_fetcher=weasyprint.URLFetcher(allowed_protocols=("data",)))
    written: bytes = page.write_pdf(stylesheets=[styles], optimize_images=True)
    return written


@functools.cache
def library() -> Any:
    """Return WeasyPrint; raises NoPdf where it cannot run."""
    # It takes half a second to import, and without pango its import fails.
    try:
        return importlib.import_module("weasyprint")
    except (ImportError, OSError) as error:
        log.warning("no_pdf", reason=str(error)[:200])
        raise NoPdf from error
