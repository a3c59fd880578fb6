"""Appointments, needs, comments, followers, mentions; the next step of a customer is the earliest of what is planned."""

import sqlalchemy as sa
from alembic import op

from crmframe.core.storage.types import Id, Instant, Money, Scaled

revision = "core_0005"
down_revision = "core_0004"


def upgrade() -> None:
    op.create_table(
        "core_appointments",
        sa.Column("title", sa.String(length=200), nullable=False),
        sa.Column("about", sa.String(length=100), nullable=True),
        sa.Column("start_at", Instant(), nullable=False),
        sa.Column("end_at", Instant(), nullable=True),
        sa.Column("all_day", sa.Boolean(), nullable=False),
        sa.Column("place", sa.String(length=200), nullable=True),
        sa.Column("zone", sa.String(length=64), nullable=False),
        sa.Column("recurrence", sa.String(length=200), nullable=True),
        sa.Column("last_at", Instant(), nullable=True),
        sa.Column("organizer_id", Id(), nullable=True),
        sa.Column("remind_minutes", sa.BigInteger(), nullable=True),
        sa.Column("state", sa.String(length=80), nullable=False),
        sa.Column("outcome", sa.Text(), nullable=True),
        sa.Column("notes", sa.Text(), nullable=True),
        sa.Column(
            "title_key",
            sa.String(length=120).with_variant(sa.String(length=120, collation="C"), "postgresql"),
            nullable=True,
        ),
        sa.Column("id", Id(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", Instant(), nullable=False),
        sa.Column("created_by", Id(), nullable=True),
        sa.Column("updated_at", Instant(), nullable=False),
        sa.Column("updated_by", Id(), nullable=True),
        sa.ForeignKeyConstraint(
            ["organizer_id"],
            ["core_users.id"],
            name="fk_core_appointments_organizer_id",
            ondelete="SET NULL",
        ),
        sa.PrimaryKeyConstraint("id", name="pk_core_appointments"),
        sqlite_autoincrement=True,
    )
    op.create_index(
        "ix_core_appointments_about_start_at_id",
        "core_appointments",
        ["about", "start_at", "id"],
    )
    op.create_index("ix_core_appointments_created_at_id", "core_appointments", ["created_at", "id"])
    op.create_index("ix_core_appointments_last_at_id", "core_appointments", ["last_at", "id"])
    op.create_index(
        "ix_core_appointments_organizer_id_start_at_id",
        "core_appointments",
        ["organizer_id", "start_at", "id"],
    )
    op.create_index(
        "ix_core_appointments_repeating",
        "core_appointments",
        ["start_at", "id"],
        sqlite_where=sa.text("recurrence IS NOT NULL"),
        postgresql_where=sa.text("recurrence IS NOT NULL"),
    )
    op.create_index("ix_core_appointments_start_at_id", "core_appointments", ["start_at", "id"])
    op.create_index("ix_core_appointments_title_key_id", "core_appointments", ["title_key", "id"])
    op.create_index("ix_core_appointments_updated_at_id", "core_appointments", ["updated_at", "id"])
    op.create_table(
        "core_followers",
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
            name="fk_core_followers_user_id",
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name="pk_core_followers"),
        sa.UniqueConstraint("user_id", "about", name="uq_core_followers_user_id_about"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_core_followers_about_id", "core_followers", ["about", "id"])
    op.create_index("ix_core_followers_created_at_id", "core_followers", ["created_at", "id"])
    op.create_index("ix_core_followers_updated_at_id", "core_followers", ["updated_at", "id"])
    op.create_index("ix_core_followers_user_id_id", "core_followers", ["user_id", "id"])
    op.create_table(
        "core_appointment_times",
        sa.Column("appointment_id", Id(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("state", sa.String(length=80), nullable=False),
        sa.Column("start_at", Instant(), nullable=True),
        sa.Column("end_at", Instant(), nullable=True),
        sa.Column("outcome", sa.Text(), nullable=True),
        sa.Column("id", Id(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", Instant(), nullable=False),
        sa.Column("created_by", Id(), nullable=True),
        sa.Column("updated_at", Instant(), nullable=False),
        sa.Column("updated_by", Id(), nullable=True),
        sa.ForeignKeyConstraint(
            ["appointment_id"],
            ["core_appointments.id"],
            name="fk_core_appointment_times_appointment_id",
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name="pk_core_appointment_times"),
        sa.UniqueConstraint("appointment_id", "day", name="uq_core_appointment_times_appointment_id_day"),
        sqlite_autoincrement=True,
    )
    op.create_index(
        "ix_core_appointment_times_appointment_id_id",
        "core_appointment_times",
        ["appointment_id", "id"],
    )
    op.create_index("ix_core_appointment_times_created_at_id", "core_appointment_times", ["created_at", "id"])
    op.create_index("ix_core_appointment_times_day_id", "core_appointment_times", ["day", "id"])
    op.create_index("ix_core_appointment_times_start_at_id", "core_appointment_times", ["start_at", "id"])
    op.create_index("ix_core_appointment_times_updated_at_id", "core_appointment_times", ["updated_at", "id"])
    op.create_table(
        "core_comments",
        sa.Column("activity_id", Id(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("id", Id(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", Instant(), nullable=False),
        sa.Column("created_by", Id(), nullable=True),
        sa.Column("updated_at", Instant(), nullable=False),
        sa.Column("updated_by", Id(), nullable=True),
        sa.ForeignKeyConstraint(
            ["activity_id"],
            ["core_activities.id"],
            name="fk_core_comments_activity_id",
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name="pk_core_comments"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_core_comments_activity_id_id", "core_comments", ["activity_id", "id"])
    op.create_index("ix_core_comments_created_at_id", "core_comments", ["created_at", "id"])
    op.create_index("ix_core_comments_updated_at_id", "core_comments", ["updated_at", "id"])
    op.create_table(
        "core_mentions",
        sa.Column("activity_id", Id(), nullable=False),
        sa.Column("user_id", Id(), nullable=False),
        sa.Column("id", Id(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", Instant(), nullable=False),
        sa.Column("created_by", Id(), nullable=True),
        sa.Column("updated_at", Instant(), nullable=False),
        sa.Column("updated_by", Id(), nullable=True),
        sa.ForeignKeyConstraint(
            ["activity_id"],
            ["core_activities.id"],
            name="fk_core_mentions_activity_id",
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["user_id"],
            ["core_users.id"],
            name="fk_core_mentions_user_id",
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name="pk_core_mentions"),
        sa.UniqueConstraint("activity_id", "user_id", name="uq_core_mentions_activity_id_user_id"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_core_mentions_activity_id_id", "core_mentions", ["activity_id", "id"])
    op.create_index("ix_core_mentions_created_at_id", "core_mentions", ["created_at", "id"])
    op.create_index("ix_core_mentions_updated_at_id", "core_mentions", ["updated_at", "id"])
    op.create_index("ix_core_mentions_user_id_id", "core_mentions", ["user_id", "id"])
    op.create_table(
        "core_needs",
        sa.Column("customer_id", Id(), nullable=False),
        sa.Column("product_id", Id(), nullable=True),
        sa.Column("text", sa.String(length=300), nullable=False),
        sa.Column("urgency", sa.String(length=80), nullable=False),
        sa.Column("state", sa.String(length=80), nullable=False),
        sa.Column("quantity", Scaled(3), nullable=True),
        sa.Column("budget", Money(), nullable=True),
        sa.Column("currency", sa.String(length=3), nullable=True),
        sa.Column(
            "text_key",
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
        sa.ForeignKeyConstraint(
            ["customer_id"],
            ["core_customers.id"],
            name="fk_core_needs_customer_id",
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["owner_id"],
            ["core_users.id"],
            name="fk_core_needs_owner_id",
            ondelete="SET NULL",
        ),
        sa.ForeignKeyConstraint(
            ["product_id"],
            ["core_products.id"],
            name="fk_core_needs_product_id",
            ondelete="SET NULL",
        ),
        sa.ForeignKeyConstraint(
            ["team_id"],
            ["core_teams.id"],
            name="fk_core_needs_team_id",
            ondelete="SET NULL",
        ),
        sa.PrimaryKeyConstraint("id", name="pk_core_needs"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_core_needs_created_at_id", "core_needs", ["created_at", "id"])
    op.create_index("ix_core_needs_customer_id_id", "core_needs", ["customer_id", "id"])
    op.create_index("ix_core_needs_owner_id_created_at_id", "core_needs", ["owner_id", "created_at", "id"])
    op.create_index("ix_core_needs_product_id_id", "core_needs", ["product_id", "id"])
    op.create_index("ix_core_needs_state_id", "core_needs", ["state", "id"])
    op.create_index("ix_core_needs_team_id_id", "core_needs", ["team_id", "id"])
    op.create_index("ix_core_needs_text_key_id", "core_needs", ["text_key", "id"])
    op.create_index("ix_core_needs_updated_at_id", "core_needs", ["updated_at", "id"])
    op.create_table(
        "core_attendees",
        sa.Column("appointment_id", Id(), nullable=False),
        sa.Column("user_id", Id(), nullable=True),
        sa.Column("contact_id", Id(), nullable=True),
        sa.Column("name", sa.String(length=120), nullable=True),
        sa.Column("answer", sa.String(length=80), nullable=False),
        sa.Column("id", Id(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", Instant(), nullable=False),
        sa.Column("created_by", Id(), nullable=True),
        sa.Column("updated_at", Instant(), nullable=False),
        sa.Column("updated_by", Id(), nullable=True),
        sa.ForeignKeyConstraint(
            ["appointment_id"],
            ["core_appointments.id"],
            name="fk_core_attendees_appointment_id",
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["contact_id"],
            ["core_contacts.id"],
            name="fk_core_attendees_contact_id",
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["user_id"],
            ["core_users.id"],
            name="fk_core_attendees_user_id",
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name="pk_core_attendees"),
        sa.UniqueConstraint(
            "appointment_id",
            "contact_id",
            name="uq_core_attendees_appointment_id_contact_id",
        ),
        sa.UniqueConstraint("appointment_id", "user_id", name="uq_core_attendees_appointment_id_user_id"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_core_attendees_appointment_id_id", "core_attendees", ["appointment_id", "id"])
    op.create_index("ix_core_attendees_contact_id_id", "core_attendees", ["contact_id", "id"])
    op.create_index("ix_core_attendees_created_at_id", "core_attendees", ["created_at", "id"])
    op.create_index("ix_core_attendees_updated_at_id", "core_attendees", ["updated_at", "id"])
    op.create_index("ix_core_attendees_user_id_id", "core_attendees", ["user_id", "id"])
    op.drop_index("ix_core_activities_about_id", table_name="core_activities")
    op.drop_index("ix_core_activities_by_id_id", table_name="core_activities")
    op.create_index("ix_core_activities_about_at_id", "core_activities", ["about", "at", "id"])
    op.create_index("ix_core_activities_by_id_at_id", "core_activities", ["by_id", "at", "id"])
    # What the last activity says counts from now on, no longer the latest of all plans; the other sources are new.
    op.execute(
        "UPDATE core_customers SET next_step_at = ("
        "SELECT a.next_step_at FROM core_activities a "
        "WHERE a.about = 'core.customer:' || CAST(core_customers.id AS VARCHAR) ORDER BY a.at DESC, a.id DESC LIMIT 1"
        ") WHERE next_step_at IS NOT NULL"
    )
