"""What somebody has looked at; no entity: nobody writes it, and the journal does not care."""

from __future__ import annotations

import sqlalchemy as sa

from crmframe.core.storage.metadata import METADATA
from crmframe.core.storage.types import Id, Instant

recent = sa.Table(
    "core_recent_records",
    METADATA,
    sa.Column(
        "user_id",
        Id(),
        sa.ForeignKey("core_users.id", ondelete="CASCADE"),
        primary_key=True,
        autoincrement=False,
    ),
    sa.Column("about", sa.String(100), primary_key=True),
    sa.Column("at", Instant, nullable=False),
    sa.Index("ix_core_recent_records_user_id_at", "user_id", "at"),
    info={"plugin": "core"},
)
