"""A file at a record."""

from __future__ import annotations

from sqlalchemy.orm import Mapped

from crmframe.core.base import Base
from crmframe.core.entities import kinds
from crmframe.core.entities.field import field


class Attachment(Base):
    """A file at a record; the bytes lie in the store of files, once for all records that have the same.

    Attributes:
        size: In bytes.
        media_type: By the content, never by what was said of it.
        digest: SHA-256 of the content, in hexadecimal: its name in the store.
    """

    __title__ = "name"
    __icon__ = "file-text"
    __in_menu__ = False
    __access_through__ = ("about",)
    __list__ = ("name", "about", "size", "media_type", "created_by", "created_at")
    __order__ = ("-created_at",)

    about: Mapped[str] = field(kinds.AnyReference(on_delete="cascade"), "Of", required=True, index=True)
    name: Mapped[str] = field(kinds.Text(200), required=True, data="personal")
    size: Mapped[int | None] = field(kinds.Integer(min=0), written_by=("upload",))
    media_type: Mapped[str | None] = field(kinds.Text(100), "Type", written_by=("upload",))
    digest: Mapped[str | None] = field(kinds.Text(64), "Hash", index=True, written_by=("upload",))
