"""Secrets and counters of signing in: plain tables, outside the journal.

They have no foreign key to the user: ids are never reused, so a leftover row names nobody else, and a deleted
user who is restored gets the old password back. A password in the journal would come back with an undo.
"""

from __future__ import annotations

import sqlalchemy as sa

from crmframe.core.storage.metadata import METADATA
from crmframe.core.storage.types import Id, Instant, JsonText

INFO = {"plugin": "core"}

credential = sa.Table(
    "core_credential",
    METADATA,
    sa.Column("user_id", Id(), primary_key=True, autoincrement=False),
    sa.Column("password_hash", sa.String(255), nullable=False),
    sa.Column("changed_at", Instant, nullable=False),
    sa.Column("must_change", sa.Boolean, nullable=False),
    info=INFO,
)

session = sa.Table(
    "core_session",
    METADATA,
    sa.Column("id", Id(), primary_key=True),
    sa.Column("secret_hash", sa.String(64), nullable=False, unique=True),
    sa.Column("user_id", Id(), nullable=False, index=True),
    sa.Column("created_at", Instant, nullable=False),
    sa.Column("seen_at", Instant, nullable=False),
    sa.Column("expires_at", Instant, nullable=False, index=True),
    sa.Column("address", sa.String(64), nullable=False),
    sa.Column("agent", sa.String(255), nullable=False),
    info=INFO,
    sqlite_autoincrement=True,
)

token = sa.Table(
    "core_token",
    METADATA,
    sa.Column("id", Id(), primary_key=True),
    sa.Column("secret_hash", sa.String(64), nullable=False, unique=True),
    sa.Column("user_id", Id(), nullable=False, index=True),
    sa.Column("name", sa.String(120), nullable=False),
    # Patterns of permissions; null narrows nothing.
    sa.Column("scopes", JsonText),
    sa.Column("created_at", Instant, nullable=False),
    sa.Column("expires_at", Instant),
    sa.Column("last_used_at", Instant),
    sa.Column("revoked_at", Instant),
    info=INFO,
    sqlite_autoincrement=True,
)

login_attempt = sa.Table(
    "core_login_attempt",
    METADATA,
    sa.Column("id", Id(), primary_key=True),
    # Hashes: a password typed into the wrong box must not lie here in clear.
    sa.Column("account", sa.String(64), nullable=False),
    sa.Column("address", sa.String(64), nullable=False),
    sa.Column("at", Instant, nullable=False),
    sa.Column("succeeded", sa.Boolean, nullable=False),
    sa.Index("ix_core_login_attempt_account_at", "account", "at"),
    sa.Index("ix_core_login_attempt_address_at", "address", "at"),
    sa.Index("ix_core_login_attempt_at", "at"),
    info=INFO,
    sqlite_autoincrement=True,
)

link = sa.Table(
    "core_account_link",
    METADATA,
    sa.Column("id", Id(), primary_key=True),
    sa.Column("kind", sa.String(20), nullable=False),
    sa.Column("secret_hash", sa.String(64), nullable=False, unique=True),
    sa.Column("user_id", Id(), nullable=False, index=True),
    sa.Column("created_at", Instant, nullable=False),
    sa.Column("expires_at", Instant, nullable=False, index=True),
    sa.Column("used_at", Instant),
    info=INFO,
    sqlite_autoincrement=True,
)

second_factor = sa.Table(
    "core_second_factor",
    METADATA,
    sa.Column("user_id", Id(), primary_key=True, autoincrement=False),
    # Sealed with a key that follows from the installation's secret: a copy of the database opens nothing.
    sa.Column("sealed", sa.String(255), nullable=False),
    sa.Column("confirmed_at", Instant),
    # The last period of 30 seconds of which a code was taken: none counts twice.
    sa.Column("last_counter", sa.BigInteger, nullable=False),
    info=INFO,
)

recovery_code = sa.Table(
    "core_recovery_code",
    METADATA,
    sa.Column("user_id", Id(), primary_key=True, autoincrement=False),
    sa.Column("code_hash", sa.String(64), primary_key=True),
    info=INFO,
)
