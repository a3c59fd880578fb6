"""Which passwords are refused, and how they are kept."""

from __future__ import annotations

import pytest

from crmframe.core.access.passwords import (
    Hasher,
    common_passwords,
    half_of,
    is_common,
    is_sequence,
    require_good_password,
)
from crmframe.core.errors import InvalidInput


@pytest.mark.parametrize(
    ("password", "code"),
    [
        ("short", "too_short"),
        ("x" * 1025, "too_long"),
        ("Password1234", "common"),
        ("P4ssw0rd2026!", "common"),
        ("passwordpassword", "common"),
        ("abcdefghijklm", "common"),
        ("098765432109", "common"),
        ("aaaaaaaaaaaa", "common"),
        ("woaini1314520", "common"),
        ("in Anna's garden", "contains_name"),
    ],
)
def test_a_weak_password_is_refused_with_its_reason(password: str, code: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        require_good_password(password, "anna", "Li")

    assert [problem.code for problem in refused.value.problems] == [code]
    assert refused.value.problems[0].field == "password"


@pytest.mark.parametrize(
    "password",
    ["blue tractor 9 lanterns", "Grüne-Wiese-am-Fluss", "明月几时有把酒问青天不知", "li likes lists"],
)
def test_a_good_password_is_taken(password: str) -> None:
    require_good_password(password, "anna", "Li")


def test_the_list_is_ours_and_folded() -> None:
    words = common_passwords()

    assert 200 <= len(words) <= 400
    assert all(word == word.casefold().strip() for word in words)
    assert all(is_common(word) for word in words)


def test_repetitions_and_sequences_are_recognized() -> None:
    assert half_of("secretsecret") == "secret"
    assert half_of("secret") == "secret"
    assert is_sequence("23456789012")
    assert not is_sequence("2468")
    assert not is_sequence("")


def test_a_hash_fits_its_password_only() -> None:
    hasher = Hasher(fast=True)
    kept = hasher.hash("blue tractor 9 lanterns")

    assert kept.startswith("$argon2id$")
    assert hasher.matches(kept, "blue tractor 9 lanterns")
    assert not hasher.matches(kept, "blue tractor 9 lantern")
    assert not hasher.matches(None, "nobody has this password")
    assert not hasher.matches("garbage", "blue tractor 9 lanterns")
    assert not hasher.matches(kept, "\ud800")


def test_an_endless_password_is_neither_kept_nor_taken() -> None:
    hasher = Hasher(fast=True)

    assert not hasher.matches(hasher.hash("x" * 1024), "x" * 1025)


def test_other_parameters_make_a_hash_outdated() -> None:
    kept = Hasher(fast=True).hash("blue tractor 9 lanterns")

    assert not Hasher(fast=True).is_outdated(kept)
    assert Hasher().is_outdated(kept)
