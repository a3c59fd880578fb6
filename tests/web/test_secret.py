from __future__ import annotations

from crmframe.web.secret import stored_secret
from tests.web.people import at_once


def test_the_secret_is_made_once_and_readable_by_its_owner_only(tmp_path):
    made = at_once(8, lambda _: stored_secret(tmp_path / "data"))

    assert len(set(made)) == 1
    assert len(made[0]) >= 64
    assert stored_secret(tmp_path / "data") == made[0]
    assert (tmp_path / "data" / "secret").stat().st_mode & 0o777 == 0o600
    assert [path.name for path in (tmp_path / "data").iterdir()] == ["secret"]


def test_two_installations_have_two_secrets(tmp_path):
    assert stored_secret(tmp_path / "a") != stored_secret(tmp_path / "b")
