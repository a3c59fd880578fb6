"""Terms compose without losing or mixing up their values."""

from __future__ import annotations

import pytest
import sqlalchemy as sa

from crmframe.core.access.term import ALL, NONE, Term

TABLE = sa.table("things", sa.column("id"), sa.column("owner_id"))


def owned_by(user_id: int) -> Term:
    return Term("owner", lambda frm: frm.c.owner_id == sa.bindparam("who"), {"who": user_id})


def numbered(number: int) -> Term:
    return Term("number", lambda frm: frm.c.id == sa.bindparam("number"), {"number": number})


def test_all_and_none_behave_as_true_and_false() -> None:
    term = owned_by(1)

    assert (ALL & term) is term
    assert (term & ALL) is term
    assert (NONE & term) is NONE
    assert (term & NONE) is NONE
    assert (ALL | term) is ALL
    assert (NONE | term) is term
    assert (term | NONE) is term


def test_composed_terms_carry_the_values_of_both() -> None:
    term = owned_by(1) & (numbered(2) | NONE)

    assert term.values == {"who": 1, "number": 2}
    assert term.shape == "(owner and number)"
    assert str(term.build(TABLE)) == "things.owner_id = :who AND things.id = :number"


def test_equal_shapes_are_not_repeated() -> None:
    assert (owned_by(1) & owned_by(1)).shape == "owner"
    assert (owned_by(1) | owned_by(1)).shape == "owner"


def test_equal_shapes_build_equal_sql_whatever_the_values() -> None:
    first, second = owned_by(1) | numbered(2), owned_by(3) | numbered(4)

    assert first.shape == second.shape
    assert str(first.build(TABLE)) == str(second.build(TABLE))


def test_one_name_with_two_values_is_refused() -> None:
    other = Term("other", lambda frm: frm.c.id == sa.bindparam("who"), {"who": 2})

    with pytest.raises(ValueError, match="'who'"):
        owned_by(1) & other


def test_equal_shapes_with_different_values_are_refused() -> None:
    with pytest.raises(ValueError, match="'who'"):
        owned_by(1) | owned_by(2)
