"""A user's own second factor: setting it up with a code, recovery codes, switching it off."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pyotp
import segno
from markupsafe import Markup

from crmframe.core.access.accounts import has_second_factor, remove_second_factor
from crmframe.core.access.loading import SECOND_FACTOR
from crmframe.core.access.second_factor import (
    Vault,
    WrongCode,
    begin,
    confirm,
    new_recovery_codes,
    pending_secret,
    recovery_codes_left,
    require_code,
)
from crmframe.core.errors import CrmError, PermissionDenied, TooManyAttempts
from crmframe.web.errors import SECOND_FACTOR_PAGE, NoSuchPage
from crmframe.web.pages.view import View, view_of
from crmframe.web.respond import Call, Reply

if TYPE_CHECKING:
    from crmframe.core.work import UnitOfWork

NOBODY = 0


def show_second_factor(call: Call, work: UnitOfWork) -> Reply:
    """Show whether there is one; while it is being set up, the picture that the app reads."""
    return _page(view_of(call, work))


def change_second_factor(call: Call, work: UnitOfWork) -> Reply:
    """Start, confirm, make new recovery codes, or switch off, as the path says.

    Raises:
        NoSuchPage: The path says something else.
    """
    view, verb = view_of(call, work), call.path["verb"]
    if verb not in STEPS or work.actor.id is None:
        raise NoSuchPage(path=call.url)
    try:
        codes = STEPS[verb](view, work.actor.id)
    except (WrongCode, TooManyAttempts) as error:
        return _page(view, error=error)
    if not codes:
        return Reply(location=SECOND_FACTOR_PAGE)
    # The snapshot of this request does not hold what was just written.
    work.connection.rollback()
    return _page(view_of(call, work), codes=codes)


def _start(view: View, user_id: int) -> list[str]:
    with view.work.database.write() as connection:
        begin(connection, user_id, _vault(view))
    return []


def _confirm(view: View, user_id: int) -> list[str]:
    work, code = view.work, view.call.form.get("code", "")
    with work.database.write() as connection:
        return confirm(connection, user_id, code, _vault(view), work.now)


def _renew(view: View, user_id: int) -> list[str]:
    _require_code(view, user_id)
    with view.work.database.write() as connection:
        return new_recovery_codes(connection, user_id)


def _switch_off(view: View, user_id: int) -> list[str]:
    if _is_required(view.work):
        raise PermissionDenied(permission=SECOND_FACTOR)
    _require_code(view, user_id)
    with view.work.database.write() as connection:
        remove_second_factor(connection, user_id)
    return []


STEPS = {"start": _start, "confirm": _confirm, "codes": _renew, "off": _switch_off}


def _require_code(view: View, user_id: int) -> None:
    work, call = view.work, view.call
    code = call.form.get("code", "")
    require_code(work.database, user_id, code, address=call.address, vault=_vault(view), now=work.now)


def _vault(view: View) -> Vault:
    return Vault(view.call.site.secret)


def _page(view: View, *, codes: list[str] | None = None, error: CrmError | None = None) -> Reply:
    work = view.work
    user_id = work.actor.id or NOBODY
    secret = pending_secret(work.connection, user_id, _vault(view))
    data: dict[str, Any] = {
        "view": view,
        "is_on": has_second_factor(work.connection, user_id),
        "is_asked": bool(work.actor.must_add_second_factor),
        "may_switch_off": not _is_required(work),
        "left": recovery_codes_left(work.connection, user_id),
        "secret": " ".join(secret[i : i + 4] for i in range(0, len(secret), 4)),
        "picture": _picture(view, secret) if secret else "",
        "codes": codes or [],
        "error": error,
    }
    return Reply(data, "second_factor.html", error.status if error else 200)


def _is_required(work: UnitOfWork) -> bool:
    required = work.setting(SECOND_FACTOR)
    return required == "all" or (required == "admins" and work.actor.is_admin)


def _picture(view: View, secret: str) -> Markup:
    """Return the QR code as SVG without styles or scripts: the page's policy allows neither."""
    company = view.work.setting("core.company_name") or "crmframe"
    address = pyotp.TOTP(secret).provisioning_uri(name=view.work.actor.name, issuer_name=company)
    drawn = segno.make(address, error="m").svg_inline(scale=4, border=3, light="#fff", dark="#000")
    return Markup(drawn)  # noqa: S704 - drawn here, from squares
