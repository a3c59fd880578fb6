"""What to write to somebody on the day: the workspace's own words, or ours."""

from __future__ import annotations

from crmframe.core.contributions import Setting
from crmframe.core.entities import kinds
from crmframe.core.i18n import Translator
from crmframe.core.occasions.coming import ANNIVERSARY, BIRTHDAY, Occasion
from crmframe.core.work import UnitOfWork

HELP = "{name} and {sender} stand for the names, {words} for the anniversary. Empty takes our words."
EARLIER = "core.occasion_days_before"
SETTINGS = (
    Setting(
        EARLIER,
        "Also told so many days before",
        kinds.Integer(min=0, max=60),
        default=0,
        help="Owners are told in the morning of a birthday or anniversary, and so many days before; 0: on the day only.",
        group="Activities",
    ),
    Setting(
        "core.birthday_greeting",
        "Birthday greeting",
        kinds.LongText(),
        default="",
        help=HELP,
        group="Activities",
    ),
    Setting(
        "core.anniversary_greeting",
        "Greeting for an anniversary",
        kinds.LongText(),
        default="",
        help=HELP,
        group="Activities",
    ),
)
OURS = {
    BIRTHDAY: "Dear {name}, happy birthday! I wish you health, joy and success in the year to come. {sender}",
    ANNIVERSARY: "Dear {name}, congratulations on your anniversary: {words}! I look forward to many more years. {sender}",
}


def greeting(work: UnitOfWork, translator: Translator, occasion: Occasion, locale: str) -> str:
    """Return a proposal in the language of whom it is for; *locale* is taken where none is known.

    Braces in the workspace's text that name nothing stay as they are.
    """
    language = occasion.language or locale
    own = work.setting(f"core.{occasion.kind}_greeting")
    text = str(own or translator.text("core", language, OURS[occasion.kind]))
    names = {"{name}": occasion.title, "{sender}": work.actor.name, "{words}": occasion.words}
    for word, value in names.items():
        text = text.replace(word, value)
    return text.strip()
