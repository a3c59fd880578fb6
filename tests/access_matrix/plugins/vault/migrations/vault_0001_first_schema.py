"""First schema."""

import sqlalchemy as sa
from alembic import op

from crmframe.core.storage.types import Id, Instant, JsonText, Money, Scaled

revision = "vault_0001"
down_revision = None


def upgrade() -> None:
    op.create_table(
        "vault_lockers",
        sa.Column("name", sa.String(length=120), nullable=False),
        sa.Column("code", sa.String(length=60), nullable=True),
        sa.Column("combination", sa.String(length=60), nullable=True),
        sa.Column("pin", sa.String(length=60), nullable=True),
        sa.Column("content", sa.Text(), nullable=True),
        sa.Column("shelf", sa.BigInteger(), nullable=True),
        sa.Column("weight", Scaled(3), nullable=True),
        sa.Column("worth", Money(), nullable=True),
        sa.Column("is_full", sa.Boolean(), nullable=True),
        sa.Column("opened_on", sa.Date(), nullable=True),
        sa.Column("closed_at", Instant(), nullable=True),
        sa.Column("color", sa.String(length=80), nullable=True),
        sa.Column("marks", JsonText(), nullable=True),
        sa.Column("customer_id", Id(), nullable=True),
        sa.Column("subject", sa.String(length=100), nullable=True),
        sa.Column("email", sa.String(length=254), nullable=True),
        sa.Column("phone", sa.String(length=40), nullable=True),
        sa.Column("page", sa.String(length=2000), nullable=True),
        sa.Column("data", JsonText(), nullable=True),
        sa.Column("stamp", sa.String(length=60), nullable=True),
        sa.Column(
            "name_key",
            sa.String(length=120).with_variant(sa.String(length=120, collation="C"), "postgresql"),
            nullable=True,
        ),
        sa.Column(
            "code_key",
            sa.String(length=120).with_variant(sa.String(length=120, collation="C"), "postgresql"),
            nullable=True,
        ),
        sa.Column(
            "combination_key",
            sa.String(length=120).with_variant(sa.String(length=120, collation="C"), "postgresql"),
            nullable=True,
        ),
        sa.Column("id", Id(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", Instant(), nullable=False),
        sa.Column("created_by", Id(), nullable=True),
        sa.Column("updated_at", Instant(), nullable=False),
        sa.Column("updated_by", Id(), nullable=True),
        sa.Column("owner_id", Id(), nullable=True),
        sa.Column("team_id", Id(), nullable=True),
        sa.Column("archived_at", Instant(), nullable=True),
        sa.Column("custom", JsonText(), server_default="{}", nullable=False),
        sa.ForeignKeyConstraint(
            ["customer_id"],
            ["core_customers.id"],
            name="fk_vault_lockers_customer_id",
            ondelete="SET NULL",
        ),
        sa.ForeignKeyConstraint(
            ["owner_id"],
            ["core_users.id"],
            name="fk_vault_lockers_owner_id",
            ondelete="SET NULL",
        ),
        sa.ForeignKeyConstraint(
            ["team_id"],
            ["core_teams.id"],
            name="fk_vault_lockers_team_id",
            ondelete="SET NULL",
        ),
        sa.PrimaryKeyConstraint("id", name="pk_vault_lockers"),
        sa.UniqueConstraint("code", name="uq_vault_lockers_code"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_vault_lockers_code_key_id", "vault_lockers", ["code_key", "id"])
    op.create_index("ix_vault_lockers_combination_key_id", "vault_lockers", ["combination_key", "id"])
    op.create_index("ix_vault_lockers_created_at_id", "vault_lockers", ["created_at", "id"])
    op.create_index("ix_vault_lockers_customer_id_id", "vault_lockers", ["customer_id", "id"])
    op.create_index("ix_vault_lockers_name_key_id", "vault_lockers", ["name_key", "id"])
    op.create_index(
        "ix_vault_lockers_owner_id_updated_at_id", "vault_lockers", ["owner_id", "updated_at", "id"]
    )
    op.create_index("ix_vault_lockers_subject_id", "vault_lockers", ["subject", "id"])
    op.create_index("ix_vault_lockers_team_id_id", "vault_lockers", ["team_id", "id"])
    op.create_index("ix_vault_lockers_updated_at_id", "vault_lockers", ["updated_at", "id"])
    op.create_index("ix_vault_lockers_worth_id", "vault_lockers", ["worth", "id"])
    op.create_table(
        "vault_drawers",
        sa.Column("name", sa.String(length=120), nullable=False),
        sa.Column("id", Id(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", Instant(), nullable=False),
        sa.Column("created_by", Id(), nullable=True),
        sa.Column("updated_at", Instant(), nullable=False),
        sa.Column("updated_by", Id(), nullable=True),
        sa.Column("custom", JsonText(), server_default="{}", nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_vault_drawers"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_vault_drawers_created_at_id", "vault_drawers", ["created_at", "id"])
    op.create_index("ix_vault_drawers_updated_at_id", "vault_drawers", ["updated_at", "id"])
    op.create_table(
        "vault_notes",
        sa.Column("locker_id", Id(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("id", Id(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", Instant(), nullable=False),
        sa.Column("created_by", Id(), nullable=True),
        sa.Column("updated_at", Instant(), nullable=False),
        sa.Column("updated_by", Id(), nullable=True),
        sa.ForeignKeyConstraint(
            ["locker_id"],
            ["vault_lockers.id"],
            name="fk_vault_notes_locker_id",
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name="pk_vault_notes"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_vault_notes_created_at_id", "vault_notes", ["created_at", "id"])
    op.create_index("ix_vault_notes_locker_id_id", "vault_notes", ["locker_id", "id"])
    op.create_index("ix_vault_notes_updated_at_id", "vault_notes", ["updated_at", "id"])
