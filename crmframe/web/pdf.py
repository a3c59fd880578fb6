"""PDF from the same HTML that is printed: by WeasyPrint, where it is installed (docs/decisions/0011)."""

from __future__ import annotations

import base64
import functools
import importlib
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import sqlalchemy as sa
import structlog

from crmframe.core.errors import CrmError
from crmframe.web.respond import Call, Reply

if TYPE_CHECKING:
    from crmframe.core.work import UnitOfWork

log = structlog.get_logger("crmframe.pdf")
STYLES = Path(__file__).parent / "static" / "print.css"
PICTURES = ("image/png", "image/jpeg")
LARGEST_PICTURE = 2_000_000


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


@functools.cache
def can_pdf() -> bool:
    """Return whether WeasyPrint is installed; whether it finds its libraries shows at the first PDF."""
    return find_spec("weasyprint") is not None


def pdf_reply(html: str, name: str) -> Reply:
    """Answer with a page as PDF that opens in the browser; *name* is that of the file, without its ending."""
    disposition = f"inline; filename*=UTF-8''{quote(name, safe='')}.pdf"
    return Reply(pdf_of(html), media_type="application/pdf", headers={"content-disposition": disposition})


def company_picture(call: Call, work: UnitOfWork, key: str) -> str:
    """Return an image of the company as a data address, so that a document holds all it shows; empty without one.

    Args:
        key: ``core.logo`` or ``core.seal``.
    """
    attachment = work.registry.by_table["core_attachments"].table
    rows = work.rows(sa.select(attachment).where(attachment.c.id == (work.setting(key) or 0)))
    if not rows or rows[0].media_type not in PICTURES or rows[0].size > LARGEST_PICTURE:
        return ""
    try:
        with call.site.application.files.open(rows[0].digest) as file:
            data = base64.b64encode(file.read()).decode()
    except (CrmError, OSError):
        return ""
    return f"data:{rows[0].media_type};base64,{data}"
