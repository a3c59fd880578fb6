"""Column types that no other test reaches."""

from __future__ import annotations

import base64

import pytest
from sqlalchemy.dialects import sqlite

from crmframe.core.storage.types import EncryptedText

DIALECT = sqlite.dialect()


def give_keys(monkeypatch: pytest.MonkeyPatch, **keys: bytes) -> None:
    shown = ",".join(f"{name[1:]}:{base64.b64encode(key * 32).decode()}" for name, key in keys.items())
    monkeypatch.setenv("CRMFRAME_ENCRYPTION_KEYS", shown)


def test_encrypted_text_comes_back_after_a_new_key_was_added(monkeypatch: pytest.MonkeyPatch) -> None:
    kind = EncryptedText("things.secret")
    give_keys(monkeypatch, k1=b"a")
    sealed = kind.process_bind_param("密码", DIALECT)
    give_keys(monkeypatch, k1=b"a", k2=b"b")

    assert sealed is not None
    assert "密码" not in sealed
    assert kind.process_result_value(sealed, DIALECT) == "密码"


def test_text_of_another_key_or_another_column_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    give_keys(monkeypatch, k1=b"a")
    sealed = EncryptedText("things.secret").process_bind_param("x", DIALECT)

    with pytest.raises(ValueError, match="not configured"):
        EncryptedText("things.other").process_result_value(sealed, DIALECT)
    give_keys(monkeypatch, k1=b"b")
    with pytest.raises(ValueError, match="not configured"):
        EncryptedText("things.secret").process_result_value(sealed, DIALECT)
    give_keys(monkeypatch, k2=b"a")
    with pytest.raises(ValueError, match="not configured"):
        EncryptedText("things.secret").process_result_value(sealed, DIALECT)
