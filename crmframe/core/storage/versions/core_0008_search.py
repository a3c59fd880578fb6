"""The search index, and what it has yet to hear of."""

import sqlalchemy as sa
from alembic import op

from crmframe.core.storage.types import Id, JsonText

revision = "core_0008"
down_revision = "core_0007"

SQLITE_INDEX = (
    "CREATE VIRTUAL TABLE core_search_index USING fts5(doc, content='core_search_document', content_rowid='id', "
    "tokenize='ascii', detail=none, columnsize=0, prefix='2 3')"
)
POSTGRESQL_INDEX = (
    "CREATE INDEX ix_core_search_document_tokens ON core_search_document "
    "USING gin (array_to_tsvector(string_to_array(doc, ' ')))"
)


def upgrade() -> None:
    op.create_table(
        "core_search_pending",
        sa.Column("id", Id(), nullable=False),
        sa.Column("lane", sa.Integer(), nullable=False),
        sa.Column("entity", sa.String(length=80), nullable=False),
        sa.Column("first_id", Id(), nullable=False),
        sa.Column("last_id", Id(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_core_search_pending"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_core_search_pending_lane", "core_search_pending", ["lane", "id"])
    op.create_table(
        "core_search_scope",
        sa.Column("id", Id(), nullable=False),
        sa.Column("entity", sa.String(length=80), nullable=False),
        sa.Column("fields", JsonText(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_core_search_scope"),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "core_search_document",
        sa.Column("id", Id(), autoincrement=False, nullable=False),
        sa.Column("doc", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_core_search_document"),
    )
    is_sqlite = op.get_bind().dialect.name == "sqlite"
    op.execute(SQLITE_INDEX if is_sqlite else POSTGRESQL_INDEX)
