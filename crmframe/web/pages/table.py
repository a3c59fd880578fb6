"""The rows of a list as HTML: a template that unpacks every cell costs as much as all the rest of the page.

What is the same for a column, or for one of its values, is made once per page (SPEED.md B).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from markupsafe import Markup, escape

from crmframe.web.pages.tones import mark_of, tone_of

if TYPE_CHECKING:
    from crmframe.core.contributions import Badge
    from crmframe.web.pages.cells import Cell

BETWEEN = "\n    "


def column(area: str) -> Callable[[Cell], str]:
    """Return what turns the cells of a column into HTML; *area* is their place on the card of a small screen."""
    known: dict[Cell, str] = {}
    starts: dict[str, str] = {}

    def shown(cell: Cell) -> str:
        html = known.get(cell)
        if html is None:
            css = cell.css
            start = starts.get(css) or starts.setdefault(css, f'<td class="{escape(f"{area} {css}")}">')
            html = known[cell] = f"{start}{_inside(cell)}</td>"
        return html

    return shown


def _inside(cell: Cell) -> str:
    text = escape(cell.text)
    if cell.tone:
        return f'<span class="c-pill" data-tone="{escape(cell.tone)}">{text}</span>'
    return f'<a class="quiet" href="{escape(cell.href)}">{text}</a>' if cell.href else text


def main_cell(title: str, href: str, badges: Sequence[Badge]) -> str:
    """Return the cell that names a record and leads to it, with the marks that plugins put on the row."""
    text, marks = escape(title), "".join(_badge(badge) for badge in badges) if badges else ""
    mark = f'data-tone="{tone_of(title)}" aria-hidden="true">{escape(mark_of(title))}'
    return (
        f'<td class="nm"><span class="row"><span class="c-ava" data-size="s" data-kind="org" {mark}</span>'
        f'<a class="cut" href="{escape(href)}" title="{text}">{text}</a>{marks}</span></td>'
    )


def _badge(badge: Badge) -> str:
    return f'<span class="c-pill" data-tone="{escape(badge.tone)}">{escape(badge.text)}</span>'


def joined(cells: Sequence[str]) -> Markup:
    """Return the cells of a row."""
    return Markup(BETWEEN.join(cells))  # noqa: S704 - every value in them was escaped above
