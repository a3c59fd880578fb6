"""What every page knows about its reader: language, zone, rights, and how values are shown."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from crmframe.core.contributions import ViewContext
from crmframe.web.formats import Formats, zone_named

if TYPE_CHECKING:
    from crmframe.core.entities.entity import Entity
    from crmframe.core.entities.field import Field
    from crmframe.core.i18n import Translatable, Translator
    from crmframe.core.work import UnitOfWork
    from crmframe.web.respond import Call


@dataclass(frozen=True, slots=True)
class View:
    """A request as its page sees it."""

    call: Call
    work: UnitOfWork
    locale: str
    zone: ZoneInfo
    formats: Formats
    translator: Translator
    labels: dict[tuple[str, str], str] = field(default_factory=dict)

    @property
    def is_signed_in(self) -> bool:
        """Return whether a user stands behind the request."""
        return self.work.actor.id is not None

    def say(self, msgid: str, /, **data: Any) -> str:
        """Return a sentence of the core in the reader's language."""
        return self.translator.translate("core", self.locale, msgid, **data)

    def text(self, domain: str, msgid: str) -> str:
        """Return a label of a plugin in the reader's language; looked up once per page."""
        key = (domain, msgid)
        if key not in self.labels:
            self.labels[key] = self.translator.translate(domain, self.locale, msgid)
        return self.labels[key]

    def label(self, entity: Entity) -> str:
        """Return what one record of an entity is called."""
        return self.text(entity.plugin, entity.label)

    def one(self, entity: Entity) -> str:
        """Return the label as it stands inside a sentence: a new customer."""
        return inside(self.label(entity), self.locale)

    def many(self, entity: Entity) -> str:
        """Return the plural as it stands inside a sentence."""
        return inside(self.plural(entity), self.locale)

    def plural(self, entity: Entity) -> str:
        """Return what several records of an entity are called."""
        return self.text(entity.plugin, entity.plural)

    def field_label(self, field: Field) -> str:
        """Return a field's label; of a field that an admin made, the one in the reader's language."""
        if field.labels:
            own = dict(field.labels)
            return own.get(self.locale) or own.get("en") or field.label
        return self.text(field.plugin, field.label)

    def message(self, error: Translatable) -> str:
        """Return the sentence of an error."""
        return self.translator.message(error, self.locale)

    def may(self, permission: str) -> bool:
        """Return whether the reader holds a permission on at least some records."""
        return self.work.actor.may(permission)

    def context(self, **given: Any) -> ViewContext:
        """Return what a plugin's part of the page is given."""
        return ViewContext(self.work, self.locale, **given)


def view_of(call: Call, work: UnitOfWork) -> View:
    """Return the reader's view of a request."""
    zone = zone_named(work.actor.zone, work.settings.zone)
    translator = call.site.application.translator
    return View(
        call,
        work,
        call.locale,
        zone,
        Formats(call.locale, zone, work.now, work.settings.currency),
        translator,
    )


def inside(label: str, locale: str) -> str:
    """Return a label as it stands inside a sentence; abbreviations keep their capitals."""
    return label if locale != "en" or label[1:2].isupper() else label[:1].lower() + label[1:]
