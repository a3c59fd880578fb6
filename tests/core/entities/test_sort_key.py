"""The order of names."""

from __future__ import annotations

import re
import subprocess
import sys

import pytest
import sqlalchemy as sa
from hypothesis import given, settings
from hypothesis import strategies as st

from crmframe.core.entities import sort_key as module
from crmframe.core.entities.sort_key import MAX_LENGTH, sort_key


@pytest.mark.parametrize(
    "names",
    [
        ["Item 2", "item 9a", "Item 10", "Item 0100"],
        ["Äpfel", "apple", "Apricot", "Éclair", "zebra"],
        ["安徽", "北京", "重庆", "上海", "厦门"],
        ["张三", "张四", "章二"],
        ["Baden", "北京", "Beijing", "Bern"],
        ["解放", "谢天"],
        ["straße 2", "Strasse 10"],
        ["Ａ１", "a2"],
        ["orion", "Ørsted", "Oscar", "oslo"],
    ],
)
def test_names_sort_as_people_expect(names: list[str]) -> None:
    assert sorted(set(names), key=sort_key) == names


def test_surnames_are_read_as_surnames() -> None:
    assert sort_key("单田芳").startswith("shan4")
    assert sort_key("单位名称测试").startswith("dan1")
    assert sort_key("曾国藩").startswith("zeng1")
    assert sort_key("重庆银行").startswith("chong2")
    assert "hang2" in sort_key("重庆银行")


@settings(max_examples=200)
@given(st.text(max_size=300))
def test_any_text_has_a_short_key_that_can_be_stored(text: str) -> None:
    key = sort_key(text)

    assert len(key) <= MAX_LENGTH
    assert key == sort_key(text)
    if "\0" not in text and not any("\ud800" <= c <= "\udfff" for c in text):
        key.encode()


@settings(max_examples=200)
@given(st.integers(0, 10**30), st.integers(0, 10**30))
def test_numbers_in_names_sort_by_value(first: int, second: int) -> None:
    assert (sort_key(f"No {first}!") < sort_key(f"No {second}!")) == (first < second)


def test_both_databases_order_keys_by_bytes(database_url: str) -> None:
    names = ["Item 2", "Item 10", "张三", "Äpfel", "zebra", "ΩMEGA", "Ünal", "_x", "安", "𠀀"]
    collation = "C" if database_url.startswith("postgres") else None
    table = sa.Table("keys", sa.MetaData(), sa.Column("key", sa.String(MAX_LENGTH, collation=collation)))
    engine = sa.create_engine(database_url, poolclass=sa.NullPool)
    with engine.begin() as connection:
        table.create(connection)
        connection.execute(sa.insert(table), [{"key": sort_key(name)} for name in names])
        found = list(connection.scalars(sa.select(table.c.key).order_by(table.c.key)))
    engine.dispose()

    assert found == sorted(map(sort_key, names), key=lambda key: key.encode())


def test_pinyin_is_loaded_only_for_chinese() -> None:
    program = (
        "import sys; from crmframe.core.entities.sort_key import sort_key; sort_key('Müller 10');"
        "assert 'pypinyin' not in sys.modules; sort_key('张'); assert 'pypinyin' in sys.modules"
    )

    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0


PLAIN_AND_WORDS = st.lists(
    st.sampled_from([*"单曾解王李重庆长江银行贸易有限公司abcXYZ 0129", "重庆", "银行", "长孙", "单于"]),
    max_size=14,
).map("".join)


@given(text=PLAIN_AND_WORDS)
def test_short_way_of_plain_text_gives_the_key_of_the_long_one(text: str) -> None:
    short = sort_key(text)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "_PLAIN", re.compile("(?!)"))
        patch.setattr(module, "_WORD_STARTS", frozenset(text))
        assert sort_key(text) == short
