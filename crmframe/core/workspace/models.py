"""Settings as records: journaled, undone and synchronized like everything else."""

from __future__ import annotations

from typing import Any

from sqlalchemy.orm import Mapped

from crmframe.core.base import Base
from crmframe.core.entities import kinds
from crmframe.core.entities.field import field


class Setting(Base):
    """The value of a declared setting; one that has no record has its default.

    Attributes:
        value: JSON of the declared kind; null stands for the default too.
    """

    __title__ = "key"
    __group__ = "administration"
    __in_menu__ = False
    __order__ = ("key",)
    __bumps_epoch__ = True
    # Whoever could write settings could lower what protects everybody.
    __admin_fields__ = ("value",)

    key: Mapped[str] = field(kinds.Text(120), required=True, unique=True, index=True)
    value: Mapped[Any | None] = field(kinds.Json())
