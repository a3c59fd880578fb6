"""The many customers beside the few whose story is told: names, people, follow-ups and purchases, made by lot.

They come into the database in batches, one for each owner and day of the last weeks, and for each month before: every
batch is one unit of work whose records say themselves when things happened.
"""

from __future__ import annotations

import csv
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from random import Random
from typing import Any
from zlib import crc32

from crmframe.core import records
from crmframe.core.demo.steps import DAYS_OF_HISTORY, FOLDER, Step, office_day, rows_of
from crmframe.core.work import UnitOfWork

Row = tuple[str, Mapping[str, Any]]
"""The code of a customer, and what happened with it."""

SEED = 20261123
MONTH = 30
LAST_WEEKS = 60
MORNING, EVENING = timedelta(0), timedelta(hours=9)
FIRST_CODE = 2001
GRADES, GRADE_WEIGHTS = ("a", "b", "c", "d"), (1, 3, 5, 3)
STAGES, STAGE_WEIGHTS = (
    ("prospect", "qualified", "customer", "dormant", "former"),
    (34, 24, 30, 9, 3),
)
FIRST_BORN, BORN_WITHIN = date(1962, 1, 1), 38 * 365
BUYING = ("customer", "dormant", "former")
SIZES = {"11-50": (11, 50), "51-200": (51, 200), "201-1000": (201, 1000), "1001-5000": (1001, 4000)}
SOURCES = ("website", "referral", "exhibition", "advertisement", "phone", "social", "partner", "search")
WORTH = {"CNY": 1.0, "USD": 0.14, "EUR": 0.13, "GBP": 0.11}


@dataclass
class Newcomer:
    """A customer as it comes into the database, with its people.

    Attributes:
        values: Of the customer; ``code`` is how everything else finds it.
        owner: Login name.
        days_ago: When it came.
    """

    values: dict[str, Any]
    owner: str
    days_ago: int
    contacts: list[dict[str, Any]] = field(default_factory=list)


class Words:
    """The words that names are put together from: lists of (text, more) by kind and language."""

    def __init__(self) -> None:
        self.places = list(rows_of("places.csv"))
        self._words: Mapping[tuple[str, str], list[tuple[str, str]]] = defaultdict(list)
        with (FOLDER / "words.csv").open(encoding="utf-8", newline="") as file:
            for row in csv.DictReader(file):
                self._words[row["kind"], row["language"]].append((row["text"], row["more"]))

    def pick(self, random: Random, kind: str, language: str) -> tuple[str, str]:
        """Return a word; where a language has none of its own, the English one."""
        return random.choice(self._words.get((kind, language)) or self._words[kind, "en"])


def newcomers(count: int, random: Random) -> list[Newcomer]:
    """Return *count* customers with different names, oldest first."""
    words, names = Words(), set[str]()
    found: list[Newcomer] = []
    days = sorted((random.randint(2, DAYS_OF_HISTORY - 12) for _ in range(count)), reverse=True)
    while len(found) < count:
        newcomer = _newcomer(words, random, f"C-{FIRST_CODE + len(found)}", days[len(found)])
        if newcomer.values["name"] not in names and not _stutters(newcomer.values["name"]):
            names.add(newcomer.values["name"])
            found.append(newcomer)
    return found


def _stutters(name: str) -> bool:
    """Return whether a brand says the same twice, as "Stonestone" does."""
    brand = name.split(maxsplit=1)[0].lower()
    return len(brand) % 2 == 0 and brand[: len(brand) // 2] == brand[len(brand) // 2 :]


def crowd(now: datetime, count: int) -> Iterable[Step]:
    """Yield the steps of *count* customers: what each owner wrote down in each month."""
    random = Random(SEED)  # noqa: S311 - the same crowd every time is what is wanted
    texts, products = list(rows_of("texts.csv")), [r for r in rows_of("products.csv") if r["price"]]
    batches: dict[tuple[int, str], list[Newcomer]] = defaultdict(list)
    for newcomer in newcomers(count, random):
        batches[_written(newcomer.days_ago), newcomer.owner].append(newcomer)
    past = _Past(now, random)
    for (days_ago, owner), batch in batches.items():
        yield office_day(now, days_ago) + MORNING, owner, _with(_bring, batch)
        for newcomer in batch:
            past.note_activities(newcomer, texts)
            past.note_purchases(newcomer, products)
    yield from past.steps()


def _written(days_ago: int) -> int:
    """Return how many days ago something that old came into the database."""
    return days_ago if days_ago <= LAST_WEEKS else days_ago // MONTH * MONTH


def _newcomer(words: Words, random: Random, code: str, days_ago: int) -> Newcomer:
    place = random.choice(words.places)
    language = place["language"]
    named = language if language in ("zh_Hans", "de") else "en"
    first, second = words.pick(random, "first", named), words.pick(random, "second", named)
    trade, suffix = words.pick(random, "trade", named), words.pick(random, "suffix", named)
    brand = first[0] + second[0]
    name = (
        f"{place['city']}{brand}{trade[0]}{suffix[0]}"
        if named == "zh_Hans"
        else f"{brand} {trade[0]} {suffix[0]}"
    )
    domain = f"{_ascii((first[1] or first[0]) + (second[1] or second[0]))}-{code[2:]}.example"
    size = random.choice(tuple(SIZES))
    currency = place["currency"]
    employees = random.randint(*SIZES[size])
    values = {
        "code": code,
        "name": name,
        "kind": "company",
        "industry": trade[1],
        "country": place["country"],
        "region": place["region"],
        "city": place["city"],
        "size": size,
        "employees": employees,
        "revenue": str(round(employees * random.randint(300, 900) * WORTH[currency]) * 1000),
        "currency": currency,
        "founded": random.randint(1955, 2022),
        "grade": random.choices(GRADES, GRADE_WEIGHTS)[0],
        "lifecycle_stage": random.choices(STAGES, STAGE_WEIGHTS)[0],
        "source": random.choice(SOURCES),
        "phone": place["phone"] + "".join(random.choices("0123456789", k=int(place["digits"]))),
        "email": f"info@{domain}",
        "website": f"https://www.{domain}",
        "language": language,
    }
    newcomer = Newcomer(values, place["owner"], days_ago)
    for _ in range(random.choices((1, 2, 3), weights=(55, 35, 10))[0]):
        newcomer.contacts.append(_contact(words, random, named, domain))
    return newcomer


def _contact(words: Words, random: Random, language: str, domain: str) -> dict[str, Any]:
    spoken = "zh_Hans" if language == "zh_Hans" else "en"
    family, given = words.pick(random, "family", spoken), words.pick(random, "given", spoken)
    job, role = words.pick(random, "job", spoken)
    name = f"{family[0]}{given[0]}" if spoken == "zh_Hans" else f"{given[0]} {family[0]}"
    address = (
        f"{_ascii(family[1] + given[1])}"
        if spoken == "zh_Hans"
        else f"{_ascii(given[0])}.{_ascii(family[0])}"
    )
    email = f"{address}@{domain}"
    found = {"name": name, "job_title": job, "role": role, "language": spoken, "email": email}
    return {**found, **_born(email, spoken)}


def _born(email: str, language: str) -> dict[str, Any]:
    """Return the birthday of every other person; every third Chinese one keeps it by the lunar calendar."""
    number = crc32(email.encode())
    if number % 2:
        return {}
    day = FIRST_BORN + timedelta(days=number // 2 % BORN_WITHIN)
    return {
        "birthday": day.isoformat(),
        "birthday_is_lunar": (language == "zh_Hans" and number % 3 == 0) or None,
    }


def _ascii(text: str) -> str:
    """Return what may stand in an address: ``Größe & Söhne`` gives ``grosse-sohne``."""
    plain = text.lower().translate(_PLAIN)
    return "".join(each for each in plain if each.isascii() and each.isalnum())


_PLAIN = str.maketrans(
    {"ä": "a", "ö": "o", "ü": "u", "ß": "ss", "é": "e", "í": "i", "ë": "e", "ø": "o", "å": "a", "ñ": "n"}
)


def _bring(work: UnitOfWork, batch: Sequence[Newcomer]) -> None:
    """Create the customers of a batch and their people: two statements for all of them."""
    ids = records.create_many(work, "core.customer", [each.values for each in batch])
    people = [
        {**person, "customer_id": customer}
        for customer, each in zip(ids, batch, strict=True)
        for person in each.contacts
    ]
    records.create_many(work, "core.contact", people)


class _Past:
    """What happened with the crowd, by owner and by the day on which it was written down."""

    def __init__(self, now: datetime, random: Random) -> None:
        self.now, self.random = now, random
        self._activities: dict[tuple[int, str], list[Row]] = defaultdict(list)
        self._purchases: dict[tuple[int, str], list[Row]] = defaultdict(list)

    def note_activities(self, each: Newcomer, texts: Sequence[Mapping[str, str]]) -> None:
        """Make up calls and visits; nobody called those who are dormant for four months."""
        quiet = 120 if each.values["lifecycle_stage"] in ("dormant", "former") else 1
        language = "zh_Hans" if each.values["language"] == "zh_Hans" else "en"
        own = [text for text in texts if text["language"] == language]
        oldest = _written(each.days_ago) - 1
        for _ in range(self.random.randint(1, 6) if oldest > quiet else 0):
            days_ago, text = self.random.randint(quiet, oldest), self.random.choice(own)
            values = {"kind": text["kind"], "text": text["text"], "at": self._moment(days_ago)}
            self._activities[_written(days_ago), each.owner].append((each.values["code"], values))

    def note_purchases(self, each: Newcomer, products: Sequence[Mapping[str, str]]) -> None:
        """Make up what those who buy have bought."""
        bought = self.random.randint(1, 3) if each.values["lifecycle_stage"] in BUYING else 0
        oldest = _written(each.days_ago) - 1
        for number in range(bought if oldest > MONTH else 0):
            days_ago = self.random.randint(1, oldest)
            product, quantity = self.random.choice(products), self.random.choice((1, 1, 2, 4, 10))
            currency = each.values["currency"]
            values = {
                "product": product["code"],
                "quantity": quantity,
                "amount": f"{float(product['price']) * WORTH[currency] * quantity:.2f}",
                "currency": currency,
                "source": "erp",
                "external_reference": f"SO-{each.values['code'][2:]}-{number + 1}",
                "at": self._moment(days_ago),
            }
            self._purchases[_written(days_ago), each.owner].append((each.values["code"], values))

    def steps(self) -> Iterable[Step]:
        """Yield what was noted, each evening's together."""
        for write, noted in ((_note, self._activities), (_buy, self._purchases)):
            for (days_ago, owner), rows in noted.items():
                yield office_day(self.now, days_ago) + EVENING, owner, _with(write, rows)

    def _moment(self, days_ago: int) -> datetime:
        """Return a moment between morning and evening of that day."""
        return office_day(self.now, days_ago) + timedelta(minutes=self.random.randint(30, 530))


def _with(write: Callable[[UnitOfWork, Any], None], rows: Any) -> Callable[[UnitOfWork], None]:
    return lambda work: write(work, rows)


def _note(work: UnitOfWork, rows: Sequence[tuple[str, Mapping[str, Any]]]) -> None:
    ids = _ids(work, "core.customer", [code for code, _ in rows])
    notes = [{**values, "about": f"core.customer:{ids[code]}"} for code, values in rows]
    records.create_many(work, "core.activity", notes)


def _buy(work: UnitOfWork, rows: Sequence[tuple[str, Mapping[str, Any]]]) -> None:
    ids = _ids(work, "core.customer", [code for code, _ in rows])
    products = _ids(work, "core.product", [values["product"] for _, values in rows])
    bought = []
    for code, values in rows:
        rest = {name: value for name, value in values.items() if name != "product"}
        bought.append({**rest, "customer_id": ids[code], "product_id": products[values["product"]]})
    records.create_many(work, "core.purchase", bought)


def _ids(work: UnitOfWork, entity: str, codes: Sequence[str]) -> Mapping[str, int]:
    return records.find_by(work, work.schema.entity(entity), "code", sorted(set(codes)))
