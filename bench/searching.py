"""Search: how fast the index is fed, and what somebody who types waits for, rights and joins included."""

from __future__ import annotations

import random
import time
from collections.abc import Iterator, Sequence

from bench.base import GIVEN, SURNAMES, WORDS, Base
from bench.figures import Figure, duration
from crmframe.core.access.loading import actor_of_user
from crmframe.core.search.feeding import Feeder
from crmframe.core.search.searching import search

ROUNDS = 60
BOUNDS = {"sqlite": 0.015, "postgresql": 0.025}


def searching(base: Base) -> Iterator[Figure]:
    """Feed the index with everything, then type as a salesperson who sees own records, and as an administrator."""
    start = time.perf_counter()
    count = Feeder(base.application).drain()
    if count:
        seconds = time.perf_counter() - start
        yield Figure("search: records indexed", "-", f"{count / seconds:,.0f}/s", None, "", None)
    bound = BOUNDS[base.application.database.dialect]
    for who, user in (("seller", base.seller_id), ("everything visible", None)):
        for kind, texts in typed().items():
            times = sorted(_seconds(base, user, text) for text in texts)
            yield duration(f"search as {who}: {kind}, p50", times[len(times) // 2], bound)
            yield duration(f"search as {who}: {kind}, p95", times[int(len(times) * 0.95)], bound)


def typed() -> dict[str, Sequence[str]]:
    """Return what people type, by kind."""
    chance = random.Random(3)
    two = [chance.choice(SURNAMES) + chance.choice(GIVEN) for _ in range(ROUNDS)]
    return {
        "two characters": two,
        "three characters": [name + chance.choice(GIVEN) for name in two],
        "one character": [chance.choice(SURNAMES) for _ in range(ROUNDS)],
        "a word of every second name": ["公司", "贸易", "有限公司"] * (ROUNDS // 3),
        "pinyin": ["wangwei", "lifang", "zhangmin", "chenjing"] * (ROUNDS // 4),
        "initials": ["wwmy", "lfxy", "zmqm", "cjgy"] * (ROUNDS // 4),
        "three letters": [chance.choice(WORDS)[:3] for _ in range(ROUNDS)],
        "last four digits": [f"{chance.randrange(10_000):04}" for _ in range(ROUNDS)],
        "an e-mail address": [f"c{chance.randrange(10_000)}@example.com" for _ in range(ROUNDS)],
        "nothing like it": ["qxqxqx", "龘龘", "zzzz9"] * (ROUNDS // 3),
    }


def _seconds(base: Base, user: int | None, text: str) -> float:
    with base.application.work(write=False) as work:
        actor = None if user is None else actor_of_user(work.connection, user)
    with base.application.work(actor, write=False) as work:
        start = time.perf_counter()
        search(work, text)
        return time.perf_counter() - start
