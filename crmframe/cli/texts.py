"""Sentences in the reader's language, also where no application could be opened."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from crmframe.core.i18n import Translatable, Translator
from crmframe.kernel.manifest import core_manifest

if TYPE_CHECKING:
    from crmframe.cli.console import Console


def text(console: Console, template: str, domain: str, data: Mapping[str, Any]) -> str:
    """Return *template* translated, then filled."""
    return translator(console).translate(domain, console.locale, template, **data)


def message(console: Console, error: Translatable) -> str:
    """Return the sentence of an error or of a problem."""
    return translator(console).message(error, console.locale)


def translator(console: Console) -> Translator:
    """Return the application's translator, or one for the core alone."""
    application = console.opened
    return application.translator if application is not None else Translator({"core": core_manifest().locale})
