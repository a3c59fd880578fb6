"""What to write to somebody on the day: the workspace's own words, or ours."""

from __future__ import annotations

import re

from crmframe.core.contributions import Setting
from crmframe.core.entities import kinds
from crmframe.core.i18n import Translator
from crmframe.core.occasions.coming import ANNIVERSARY, BIRTHDAY, Occasion
from crmframe.core.work import UnitOfWork

PLACEHOLDER = re.compile(r"\[(name|sender|words)\]")
HELP = "[name] and [sender] stand for the names, [words] for the anniversary. Empty takes our words."
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

    Of the workspace's text only the three placeholders mean anything.
    """
    language = occasion.language or locale
    values = {"name": occasion.title, "sender": work.actor.name, "words": occasion.words}
    own = str(work.setting(f"core.{occasion.kind}_greeting") or "")
    if not own:
        return translator.translate("core", language, OURS[occasion.kind], **values).strip()
    # In one pass: a name that looks like a placeholder is a name.
    return PLACEHOLDER.sub(lambda found: values[found[1]], own).strip()
