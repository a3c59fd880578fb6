"""The secret that signs the tokens of forms: made at the first start, when nobody configured one."""

from __future__ import annotations

import os
import secrets
from pathlib import Path

from crmframe.core.storage.private import private_folder

NAME = "secret"


def stored_secret(folder: Path) -> str:
    """Return the secret in *folder*; two processes that start at once end up with the same one."""
    path = folder / NAME
    if not path.exists():
        private_folder(folder)
        own = folder / f".{NAME}-{os.getpid()}-{secrets.token_hex(4)}"
        own.touch(mode=0o600)
        own.write_text(secrets.token_urlsafe(48), encoding="ascii")
        try:
            path.hardlink_to(own)
        except FileExistsError:
            pass  # another process was faster: its secret counts
        finally:
            own.unlink()
    return path.read_text(encoding="ascii")
