"""Templates: one Jinja environment per application, with the texts, icons and formats of each reader."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from functools import partial
from http import HTTPStatus
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import jinja2
import structlog
from markupsafe import Markup, escape

from crmframe.core.access.actor import anonymous_actor
from crmframe.core.access.sessions import actor_from_session
from crmframe.core.storage.private import private_folder
from crmframe.web.auth import local_path
from crmframe.web.files import OWN_FOLDER
from crmframe.web.formats import TAGS
from crmframe.web.pages.shell import shell_of
from crmframe.web.pages.view import View, view_of

if TYPE_CHECKING:
    from crmframe.application import Application
    from crmframe.core.work import UnitOfWork
    from crmframe.web.respond import Call

FOLDER = Path(__file__).parent / "templates"
ICONS = OWN_FOLDER / "vendor" / "icons"
log = structlog.get_logger("crmframe.web")
_INSIDE = re.compile(r"<svg[^>]*>(.*)</svg>", re.DOTALL)


class PageRenderer:
    """Turns data into pages; a plugin's templates may extend ``layout.html``."""

    def __init__(self, application: Application) -> None:
        self.application = application
        # Dependents before what they depend on; the core's own names stay the core's.
        running = reversed(application.plugins.loaded)
        folders = [FOLDER, *(each.manifest.path / "templates" for each in running)]
        self.environment = jinja2.Environment(
            loader=jinja2.FileSystemLoader(folders),
            autoescape=True,
            trim_blocks=True,
            lstrip_blocks=True,
            undefined=jinja2.StrictUndefined,
            bytecode_cache=_cache(application.settings.folder / "cache" / "templates"),
        )
        self.environment.globals.update(icon=Icons(), asset=Assets())

    def page(self, call: Call, work: UnitOfWork | None, template: str, data: Mapping[str, Any]) -> str:
        """Return a page; ``work`` is None once its transaction has ended."""
        if work is None:
            return self._after_commit(call, template, data)
        view = data.get("view") or view_of(call, work)
        names = self._names(view, template)
        shell = shell_of(view) if view.is_signed_in else None
        return self.environment.get_template(template).render(
            {**names, "shell": shell, "render": partial(self.part, view), **data, "view": view}
        )

    def part(self, view: View, template: str, data: Mapping[str, Any]) -> Markup:
        """Return a panel or widget of a plugin."""
        names = self._names(view, template)
        text = self.environment.get_template(template).render({**names, "view": view, **data})
        return Markup(text)  # noqa: S704 - a template with autoescape made it

    def error(self, call: Call | None, locale: str, problem: Mapping[str, Any]) -> str:
        """Return the page of a problem; without *call*, or when its frame fails, it needs no database."""
        if call is not None:
            try:
                return self._after_commit(
                    call, "error.html", {"problem": problem, "back": _back(call, problem["status"])}
                )
            except Exception:  # the page of an error must not fail itself
                log.exception("no frame around an error", path=call.url)
        say = partial(self.application.translator.translate, "core", locale)
        names = {"_": say, "lang": TAGS[locale], "shell": None, "view": None, "csrf_token": ""}
        return self.environment.get_template("error.html").render({**names, "problem": problem, "back": ""})

    def _after_commit(self, call: Call, template: str, data: Mapping[str, Any]) -> str:
        """Render with the rights of whoever asked, in a transaction of its own: it shows what was just written."""
        application = call.site.application
        with application.database.read() as connection:
            actor = (
                actor_from_session(connection, call.session, application.clock()) if call.session else None
            )
        with application.work(actor or anonymous_actor(), door="web", write=False) as work:
            return self.page(call, work, template, data)

    def _names(self, view: View, template: str) -> dict[str, Any]:
        domain = template.partition("/")[0] if "/" in template else "core"
        return {
            "_": partial(view.translator.translate, domain, view.locale),
            "lang": TAGS[view.locale],
            "csrf_token": view.call.csrf_token,
            "message": view.message,
        }


def _back(call: Call, status: int) -> str:
    """Return the page of this site that the reader came from, else the list that the path belongs to."""
    came = urlsplit(call.headers.get("referer", ""))
    if came.netloc and came.netloc == call.headers.get("host"):
        path = local_path(came._replace(scheme="", netloc="", fragment="").geturl())
        if came.path not in (call.url, "/login"):
            return path
    slug, _, rest = call.url.lstrip("/").partition("/")
    is_elsewhere = rest or status == HTTPStatus.BAD_REQUEST
    return f"/{slug}" if is_elsewhere and slug in call.site.application.registry.by_slug else ""


def _cache(folder: Path) -> jinja2.BytecodeCache | None:
    """Return where compiled templates are kept, so that the first pages after a start are fast, too."""
    try:
        private_folder(folder)
    except OSError:
        return None  # a folder that cannot be written only costs time
    return jinja2.FileSystemBytecodeCache(str(folder))


class Icons:
    """Icons by name, written into the page: no request, and they take the color of the text."""

    def __init__(self) -> None:
        self._found: dict[str, str] = {}
        self._made: dict[tuple[str, str], Markup] = {}

    def __call__(self, name: str, css: str = "") -> Markup:
        """Return an icon that says nothing to a screen reader; a circle when there is none of that name."""
        made = self._made.get((name, css))
        if made is None:
            made = self._made[name, css] = self._icon(name, css)
        return made

    def _icon(self, name: str, css: str) -> Markup:
        if name not in self._found:
            self._found[name] = _inside(ICONS / f"{name}.svg") if re.fullmatch(r"[a-z0-9-]+", name) else ""
        inside = self._found[name] or '<circle cx="12" cy="12" r="9"/>'
        start = f'<svg class="i {escape(css)}" viewBox="0 0 24 24" aria-hidden="true">'
        return Markup(f"{start}{inside}</svg>")  # noqa: S704 - our own files


def _inside(path: Path) -> str:
    found = _INSIDE.search(path.read_text(encoding="utf-8")) if path.is_file() else None
    return " ".join(found[1].split()) if found else ""


class Assets:
    """Addresses of static files that change with their content, so that browsers keep them for ever."""

    def __init__(self) -> None:
        self._hashes: dict[str, str] = {}

    def __call__(self, name: str) -> str:
        """Return the address of a file of the core."""
        if name not in self._hashes:
            path = OWN_FOLDER / name
            self._hashes[name] = (
                hashlib.sha256(path.read_bytes()).hexdigest()[:12] if path.is_file() else "none"
            )
        return f"/static/core/{name}?v={self._hashes[name]}"
