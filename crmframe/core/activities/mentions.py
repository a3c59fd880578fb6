"""Who is mentioned in what was written: ``@`` and the name of a user, also in the middle of a Chinese sentence."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import sqlalchemy as sa

from crmframe.core import records
from crmframe.core.entities.maintained import Consequence
from crmframe.core.storage.dialect import in_set
from crmframe.core.work import Acting, UnitOfWork

SIGNS = "@＠"


def mentioned(text: str, users: Mapping[int, str]) -> set[int]:
    """Return the users whose names stand behind an ``@`` in *text*; of several names that fit, the longest counts."""
    names = defaultdict(list)
    for user, name in users.items():
        if name.strip():
            names[name.strip().casefold()].append(user)
    found: set[int] = set()
    folded = text.casefold()
    for place in _signs(folded):
        fitting = [name for name in names if _stands_at(folded, place + 1, name)]
        if fitting:
            found.update(names[max(fitting, key=len)])
    return found


def _signs(text: str) -> Iterator[int]:
    """Yield where an ``@`` begins a mention: not within an e-mail address."""
    for place, letter in enumerate(text):
        if letter in SIGNS and (place == 0 or not _is_latin(text[place - 1])):
            yield place


def _stands_at(text: str, place: int, name: str) -> bool:
    end = place + len(name)
    if not text.startswith(name, place):
        return False
    # Latin words end where a letter or digit no longer follows; Chinese has no spaces to go by.
    return not (_is_latin(name[-1]) and end < len(text) and _is_latin(text[end]))


def _is_latin(letter: str) -> bool:
    return letter < "\u2e80" and (letter.isalnum() or letter in "._-")


def note_mentions(work: UnitOfWork, ids: Sequence[int]) -> None:
    """Keep a record of who is mentioned in activities: those that no longer are go, new ones come."""
    texts = _texts(work, ids)
    if not texts:
        return
    users = _users(work) if any(sign in text for text in texts.values() for sign in SIGNS) else {}
    wanted = {(each, user) for each, text in texts.items() for user in mentioned(text, users)}
    table = work.registry.entity("core.mention").table
    statement = sa.select(table.c.id, table.c.activity_id, table.c.user_id)
    rows = work.rows(statement.where(in_set(table.c.activity_id, "ids")), {"ids": list(texts)})
    known = {(row.activity_id, row.user_id): row.id for row in rows}
    with work.acting_as(Acting("core.activity", "mention", "core")):
        gone = [known[pair] for pair in sorted(known.keys() - wanted)]
        if gone:
            records.delete_many(work, "core.mention", gone)
        new = [{"activity_id": one, "user_id": user} for one, user in sorted(wanted - known.keys())]
        if new:
            records.create_many(work, "core.mention", new)


def _texts(work: UnitOfWork, ids: Sequence[int]) -> dict[int, str]:
    """Return the texts of those activities that mention somebody, or may have done so before."""
    table: Any = work.registry.entity("core.activity").table
    mentions: Any = work.registry.entity("core.mention").table
    had = sa.exists().where(mentions.c.activity_id == table.c.id)
    signs = sa.or_(*(table.c.text.contains(sign) for sign in SIGNS))
    statement = sa.select(table.c.id, table.c.text).where(in_set(table.c.id, "ids"), sa.or_(signs, had))
    return {row.id: row.text for row in work.rows(statement, {"ids": list(ids)})}


def _users(work: UnitOfWork) -> dict[int, str]:
    table = work.registry.entity("core.user").table
    statement = sa.select(table.c.id, table.c.name).where(table.c.is_active.is_(True))
    return {row.id: row.name for row in work.rows(statement)}


CONSEQUENCES = (Consequence("core.activity", ("text",), note_mentions),)
