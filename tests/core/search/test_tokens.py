"""What a record is found by: every part of a Chinese name, how it is spelled, numbers by their ends, words by their beginnings."""

from __future__ import annotations

import csv
import random
from pathlib import Path

import pytest
from pypinyin import lazy_pinyin

from crmframe.core.entities.field import Field
from crmframe.core.entities.kinds import Email, LongText, Phone, Text
from crmframe.core.entities.kinds_base import Kind
from crmframe.core.search.asking import asked
from crmframe.core.search.tokens import tokens_of


def document(value: str, kind: Kind | None = None) -> str:
    return " ".join(sorted(set(tokens_of(Field("name", kind or Text(200)), value))))


def finds(query: str, value: str, kind: Kind | None = None) -> bool:
    what = asked(query)
    return what is not None and what.fits(document(value, kind))


@pytest.mark.parametrize(
    ("query", "value"),
    [
        ("华为", "深圳华为技术有限公司"),
        ("为", "深圳华为技术有限公司"),
        ("华为 技术", "深圳华为技术有限公司"),
        ("huawei", "深圳华为技术有限公司"),
        ("huaw", "深圳华为技术有限公司"),
        ("hwjs", "深圳华为技术有限公司"),
        ("hua wei", "深圳华为技术有限公司"),
        ("shenzhenhuaweijishuyouxian", "深圳华为技术有限公司"),
        ("shan", "单雄信"),
        ("danxiong", "单雄信"),
        ("zengguofan", "曾国藩"),
        ("cgf", "曾国藩"),
        ("chongqingyinhang", "重庆银行"),
        ("zqyh", "重庆银行"),
        ("lv", "吕布"),
        ("lü", "吕布"),
        ("lubu", "吕布"),
        ("müller", "Müller GmbH"),
        ("mueller", "Müller GmbH"),
        ("muller", "Müller GmbH"),
        ("MÜLLER", "Mueller GmbH"),
        ("strasse", "Große Straße 7"),
        ("hauptstraße", "HAUPTSTRASSE 7"),
        ("emile", "Émile Zola"),
        ("ab-1234", "AB-1234/5"),
        ("ab1234", "AB-1234/5"),
        ("AB 1234", "ab1234"),
        ("000720", "000720"),
        ("0007", "000720"),
        ("cl集", "TCL集团"),
        ("иван", "Иван Петров"),
        ("한국", "한국전력"),
        ("カタ", "カタカナ株式会社"),
        ("สวัสดี", "สวัสดีครับ"),
    ],
)
def test_name_is_found(query: str, value: str) -> None:
    assert finds(query, value)


@pytest.mark.parametrize(
    "query",
    [
        "13800138000",
        "138 0013 8000",
        "+86 138 0013 8000",
        "008613800138000",
        "8000",
        "00138000",
        "138-0013",
        "86138",
    ],
)
def test_chinese_mobile_is_found_by_its_ends_however_it_is_written(query: str) -> None:
    assert finds(query, "+8613800138000", Phone())


@pytest.mark.parametrize(
    "query", ["(030) 1234-5678", "03012345678", "+49 (0)30 12345678", "12345678", "5678"]
)
def test_number_with_a_dialed_zero_is_found(query: str) -> None:
    assert finds(query, "+493012345678", Phone())


@pytest.mark.parametrize(
    "query", ["Ann.Lee@Example.com", "ann.lee@", "ann", "lee", "annlee", "@example.com", "example.com"]
)
def test_address_is_found_whole_by_what_is_before_the_at_and_by_its_domain(query: str) -> None:
    assert finds(query, "ann.lee@example.com", Email())


@pytest.mark.parametrize(
    ("query", "value"),
    [("技为", "深圳华为技术"), ("uawei", "深圳华为技术"), ("soft", "Microsoft"), ("com", "")],
)
def test_other_words_find_nothing(query: str, value: str) -> None:
    assert not finds(query, value)


@pytest.mark.parametrize(
    "query",
    ["", "   ", "!!!", '"', "'", "*", "- OR", "\x00", "\ud800", "𠀀" * 5, "a" * 10_000, "华" * 10_000],
)
def test_any_query_is_words_or_nothing(query: str) -> None:
    what = asked(query)

    assert what is None or (what.fts5() and what.tsquery() and what.fits("nothing of it") is False)


def test_long_text_costs_no_more_than_its_beginning() -> None:
    assert len(document("报价 " * 100_000 + "quotation", LongText())) < 100


def test_names_stay_small_in_the_index_whatever_they_hold() -> None:
    assert len(document("单曾行重长乐朝都厦藏" * 20).split(" ")) < 1_000


@pytest.mark.realdata
def test_thousand_companies_are_found_by_every_part_and_spelling(data_folder: Path) -> None:
    file = data_folder / "companies" / "cn-a-shares.csv"
    with file.open(encoding="utf-8") as lines:
        names = sorted({row["name"] for row in csv.DictReader(lines)})
    chosen = random.Random(7).sample(names, 1000)
    documents = {name: set(document(name).split(" ")) for name in chosen}

    missed = [
        (part, name) for name in chosen for part in parts_of(name) if not finds_in(part, documents[name])
    ]

    assert missed == []


def parts_of(name: str) -> set[str]:
    """Every substring of one to four characters, what they spell, and their initials, by the library's own phrases."""
    parts = set()
    spelled = lazy_pinyin(name)
    is_chinese = len(spelled) == len(name) and all("\u4e00" <= c <= "\u9fff" for c in name)
    for start in range(len(name)):
        for length in range(1, 5):
            part = name[start : start + length]
            if part.strip(" *") == part and part:
                parts.add(part)
            if is_chinese:
                parts.add("".join(spelled[start : start + length]))
                parts.add("".join(each[0] for each in spelled[start : start + length]))
    return parts


def finds_in(query: str, tokens: set[str]) -> bool:
    what = asked(query)
    return what is not None and what.fits(" ".join(sorted(tokens)))
