"""Every code of an error with its sentences: what ``type`` of a problem leads to."""

from __future__ import annotations

from collections.abc import Iterator
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from crmframe.core.errors import CrmError
from crmframe.web.formats import TAGS
from crmframe.web.respond import Call, Reply

if TYPE_CHECKING:
    from crmframe.core.i18n import Translator
    from crmframe.core.work import UnitOfWork


def show_codes(call: Call, work: UnitOfWork) -> Reply:
    """Show the codes in order, each with what it says in every language; it is the same for everybody."""
    translator = call.site.application.translator
    codes: dict[str, dict[str, Any]] = {}
    for error in sorted(set(_below(CrmError)), key=lambda each: (each.code, each.__module__, each.__name__)):
        entry = codes.setdefault(error.code, {"status": _status(error.status), "texts": []})
        texts = _texts(translator, error)
        if texts not in entry["texts"] and "template" in vars(error):
            entry["texts"].append(texts)
    return Reply({"codes": codes}, "codes.html")


def _below(parent: type[CrmError]) -> Iterator[type[CrmError]]:
    for each in parent.__subclasses__():
        yield each
        yield from _below(each)


def _status(number: int) -> str:
    return f"{number} {HTTPStatus(number).phrase}"


def _texts(translator: Translator, error: type[CrmError]) -> list[tuple[str, str]]:
    """Return language tag and sentence; what is in braces is filled in each time."""
    return [(tag, translator.text(error.domain, locale, error.template)) for locale, tag in TAGS.items()]
