"""Users, teams and roles: entities of the core, written through the one pipeline.

Nothing secret is kept here: passwords, sessions and tokens lie in ``tables``, which the journal never sees.
"""

from __future__ import annotations

from sqlalchemy.orm import Mapped

from crmframe.core.access.zone import ZoneName
from crmframe.core.base import Base
from crmframe.core.contributions import Choice
from crmframe.core.entities import kinds
from crmframe.core.entities.field import field

declared = field  # RoleField has a field called "field"

LOCALES = (Choice("en", "English"), Choice("zh_Hans", "Simplified Chinese"))
RIGHTS = (
    Choice("hidden", "Hidden", "red"),
    Choice("read", "Read only", "amber"),
    Choice("write", "Read and write", "green"),
)


class User(Base):
    """Somebody who can sign in.

    Attributes:
        is_active: False refuses every session, token and job of theirs at once.
        zone: IANA name for display; empty means the workspace's.
    """

    __title__ = "name"
    __group__ = "administration"
    __icon__ = "user"
    __order__ = ("name",)
    __list__ = ("name", "login", "email", "is_active", "is_admin")
    __bumps_epoch__ = True
    # What the scope "names" shows, which everybody signed in holds; the rest asks for core.user.read on all.
    __open_fields__ = ("name", "is_active")
    # Whoever could write these could make themselves an administrator.
    __admin_fields__ = ("is_admin",)

    login: Mapped[str] = field(kinds.Text(80), "Login name", required=True, unique=True)
    name: Mapped[str] = field(
        kinds.Text(120), "Name", required=True, index=True, data="personal", searchable=True
    )
    email: Mapped[str | None] = field(kinds.Email(), "E-mail", data="personal")
    locale: Mapped[str | None] = field(kinds.Choices(*LOCALES), "Language")
    zone: Mapped[str | None] = field(ZoneName(), "Time zone")
    is_active: Mapped[bool] = field(kinds.Boolean(), "Active", required=True, default=True)
    is_admin: Mapped[bool] = field(kinds.Boolean(), "Administrator", required=True, default=False)


class Team(Base):
    """A group of users; teams form a tree."""

    __group__ = "administration"
    __icon__ = "users"
    __order__ = ("name",)
    __bumps_epoch__ = True
    __open_fields__ = ("name", "parent_id")

    name: Mapped[str] = field(kinds.Text(120), "Name", required=True, index=True, searchable=True)
    parent_id: Mapped[int | None] = field(kinds.Reference("core.team", on_delete="restrict"), "Part of")


class Membership(Base):
    """A user in a team."""

    __group__ = "administration"
    __in_menu__ = False
    __bumps_epoch__ = True

    user_id: Mapped[int] = field(kinds.Reference("core.user", on_delete="cascade"), "User", required=True)
    team_id: Mapped[int] = field(kinds.Reference("core.team", on_delete="cascade"), "Team", required=True)
    is_lead: Mapped[bool] = field(kinds.Boolean(), "Leads the team", required=True, default=False)


class Role(Base):
    """A bundle of permissions that users get.

    Attributes:
        kind: The program's name of a role made at the first run (``manager``); empty for roles of the company's own.
    """

    __group__ = "administration"
    __icon__ = "shield"
    __order__ = ("name",)
    __bumps_epoch__ = True

    name: Mapped[str] = field(kinds.Text(120), "Name", required=True, unique=True, index=True)
    summary: Mapped[str | None] = field(kinds.LongText(), "Summary")
    kind: Mapped[str | None] = field(kinds.Text(40), "Kind", hidden=True)


class RoleGrant(Base):
    """A permission that a role gives, on the records of a scope (own, team, team_tree, parent, all)."""

    __group__ = "administration"
    __in_menu__ = False
    __bumps_epoch__ = True
    __title__ = "permission"

    role_id: Mapped[int] = field(kinds.Reference("core.role", on_delete="cascade"), "Role", required=True)
    permission: Mapped[str] = field(kinds.Text(120), "Permission", required=True)
    scope: Mapped[str] = field(kinds.Text(40), "Scope", required=True)


class RoleField(Base):
    """What a role may do with one field; the most generous of a user's roles counts."""

    __group__ = "administration"
    __in_menu__ = False
    __bumps_epoch__ = True
    __title__ = "field"

    role_id: Mapped[int] = declared(kinds.Reference("core.role", on_delete="cascade"), "Role", required=True)
    entity: Mapped[str] = declared(kinds.Text(80), "Record type", required=True)
    field: Mapped[str] = declared(kinds.Text(120), "Field", required=True)
    right: Mapped[str] = declared(kinds.Choices(*RIGHTS), "Right", required=True)


class UserRole(Base):
    """A role that a user has."""

    __group__ = "administration"
    __in_menu__ = False
    __bumps_epoch__ = True

    user_id: Mapped[int] = field(kinds.Reference("core.user", on_delete="cascade"), "User", required=True)
    role_id: Mapped[int] = field(kinds.Reference("core.role", on_delete="cascade"), "Role", required=True)


ENTITIES = (User, Team, Membership, Role, RoleGrant, RoleField, UserRole)
