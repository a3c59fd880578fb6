"""Everyday things."""

import sqlalchemy as sa
from alembic import op

from crmframe.core.storage.types import Id, Instant

revision = "core_0003"
down_revision = "core_0002"


def upgrade() -> None:
    op.create_table(
        "core_absences",
        sa.Column("user_id", Id(), nullable=False),
        sa.Column("starts_on", sa.Date(), nullable=False),
        sa.Column("ends_on", sa.Date(), nullable=False),
        sa.Column("deputy_id", Id(), nullable=True),
        sa.Column("note", sa.String(length=200), nullable=True),
        sa.Column("id", Id(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", Instant(), nullable=False),
        sa.Column("created_by", Id(), nullable=True),
        sa.Column("updated_at", Instant(), nullable=False),
        sa.Column("updated_by", Id(), nullable=True),
        sa.ForeignKeyConstraint(
            ["deputy_id"],
            ["core_users.id"],
            name="fk_core_absences_deputy_id",
            ondelete="SET NULL",
        ),
        sa.ForeignKeyConstraint(
            ["user_id"],
            ["core_users.id"],
            name="fk_core_absences_user_id",
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name="pk_core_absences"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_core_absences_created_at_id", "core_absences", ["created_at", "id"])
    op.create_index("ix_core_absences_deputy_id_id", "core_absences", ["deputy_id", "id"])
    op.create_index("ix_core_absences_ends_on_id", "core_absences", ["ends_on", "id"])
    op.create_index("ix_core_absences_starts_on_id", "core_absences", ["starts_on", "id"])
    op.create_index("ix_core_absences_updated_at_id", "core_absences", ["updated_at", "id"])
    op.create_index("ix_core_absences_user_id_id", "core_absences", ["user_id", "id"])
    op.create_table(
        "core_favorites",
        sa.Column("user_id", Id(), nullable=False),
        sa.Column("about", sa.String(length=100), nullable=False),
        sa.Column("id", Id(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", Instant(), nullable=False),
        sa.Column("created_by", Id(), nullable=True),
        sa.Column("updated_at", Instant(), nullable=False),
        sa.Column("updated_by", Id(), nullable=True),
        sa.ForeignKeyConstraint(
            ["user_id"],
            ["core_users.id"],
            name="fk_core_favorites_user_id",
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name="pk_core_favorites"),
        sa.UniqueConstraint("user_id", "about", name="uq_core_favorites_user_id_about"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_core_favorites_about_id", "core_favorites", ["about", "id"])
    op.create_index("ix_core_favorites_created_at_id", "core_favorites", ["created_at", "id"])
    op.create_index("ix_core_favorites_updated_at_id", "core_favorites", ["updated_at", "id"])
    op.create_index("ix_core_favorites_user_id_id", "core_favorites", ["user_id", "id"])
    op.create_table(
        "core_recent_records",
        sa.Column("user_id", Id(), autoincrement=False, nullable=False),
        sa.Column("about", sa.String(length=100), nullable=False),
        sa.Column("at", Instant(), nullable=False),
        sa.ForeignKeyConstraint(
            ["user_id"],
            ["core_users.id"],
            name="fk_core_recent_records_user_id",
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("user_id", "about", name="pk_core_recent_records"),
    )
    op.create_index("ix_core_recent_records_user_id_at", "core_recent_records", ["user_id", "at"])
    op.create_table(
        "core_saved_views",
        sa.Column("name", sa.String(length=120), nullable=False),
        sa.Column("entity", sa.String(length=80), nullable=False),
        sa.Column("visibility", sa.String(length=80), nullable=False),
        sa.Column("display", sa.String(length=80), nullable=False),
        sa.Column("query", sa.String(length=4000), nullable=True),
        sa.Column("position", sa.BigInteger(), nullable=False),
        sa.Column("id", Id(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", Instant(), nullable=False),
        sa.Column("created_by", Id(), nullable=True),
        sa.Column("updated_at", Instant(), nullable=False),
        sa.Column("updated_by", Id(), nullable=True),
        sa.Column("owner_id", Id(), nullable=True),
        sa.Column("team_id", Id(), nullable=True),
        sa.ForeignKeyConstraint(
            ["owner_id"],
            ["core_users.id"],
            name="fk_core_saved_views_owner_id",
            ondelete="SET NULL",
        ),
        sa.ForeignKeyConstraint(
            ["team_id"],
            ["core_teams.id"],
            name="fk_core_saved_views_team_id",
            ondelete="SET NULL",
        ),
        sa.PrimaryKeyConstraint("id", name="pk_core_saved_views"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_core_saved_views_created_at_id", "core_saved_views", ["created_at", "id"])
    op.create_index("ix_core_saved_views_entity_position", "core_saved_views", ["entity", "position", "id"])
    op.create_index(
        "ix_core_saved_views_owner_id_position_id",
        "core_saved_views",
        ["owner_id", "position", "id"],
    )
    op.create_index("ix_core_saved_views_team_id_id", "core_saved_views", ["team_id", "id"])
    op.create_index("ix_core_saved_views_updated_at_id", "core_saved_views", ["updated_at", "id"])
    op.create_table(
        "core_shares",
        sa.Column("about", sa.String(length=100), nullable=False),
        sa.Column("user_id", Id(), nullable=True),
        sa.Column("team_id", Id(), nullable=True),
        sa.Column("right", sa.String(length=80), nullable=False),
        sa.Column("until", sa.Date(), nullable=True),
        sa.Column("entity", sa.String(length=80), nullable=True),
        sa.Column("record_id", sa.BigInteger(), nullable=True),
        sa.Column("id", Id(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", Instant(), nullable=False),
        sa.Column("created_by", Id(), nullable=True),
        sa.Column("updated_at", Instant(), nullable=False),
        sa.Column("updated_by", Id(), nullable=True),
        sa.ForeignKeyConstraint(
            ["team_id"],
            ["core_teams.id"],
            name="fk_core_shares_team_id",
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["user_id"],
            ["core_users.id"],
            name="fk_core_shares_user_id",
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name="pk_core_shares"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_core_shares_about_id", "core_shares", ["about", "id"])
    op.create_index("ix_core_shares_created_at_id", "core_shares", ["created_at", "id"])
    op.create_index("ix_core_shares_of_team", "core_shares", ["team_id", "entity", "record_id"])
    op.create_index("ix_core_shares_of_user", "core_shares", ["user_id", "entity", "record_id"])
    op.create_index("ix_core_shares_team_id_id", "core_shares", ["team_id", "id"])
    op.create_index("ix_core_shares_updated_at_id", "core_shares", ["updated_at", "id"])
    op.create_index("ix_core_shares_user_id_id", "core_shares", ["user_id", "id"])
    op.create_table(
        "core_default_views",
        sa.Column("user_id", Id(), nullable=False),
        sa.Column("entity", sa.String(length=80), nullable=False),
        sa.Column("view_id", Id(), nullable=False),
        sa.Column("id", Id(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", Instant(), nullable=False),
        sa.Column("created_by", Id(), nullable=True),
        sa.Column("updated_at", Instant(), nullable=False),
        sa.Column("updated_by", Id(), nullable=True),
        sa.ForeignKeyConstraint(
            ["user_id"],
            ["core_users.id"],
            name="fk_core_default_views_user_id",
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["view_id"],
            ["core_saved_views.id"],
            name="fk_core_default_views_view_id",
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name="pk_core_default_views"),
        sa.UniqueConstraint("user_id", "entity", name="uq_core_default_views_user_id_entity"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_core_default_views_created_at_id", "core_default_views", ["created_at", "id"])
    op.create_index("ix_core_default_views_updated_at_id", "core_default_views", ["updated_at", "id"])
    op.create_index("ix_core_default_views_user_id_id", "core_default_views", ["user_id", "id"])
    op.create_index("ix_core_default_views_view_id_id", "core_default_views", ["view_id", "id"])
