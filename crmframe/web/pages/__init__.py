"""Stand-in until the pages land: sign-in form and error page without any design, so that the server runs."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from html import escape
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from crmframe.application import Application
    from crmframe.core.work import UnitOfWork
    from crmframe.web.endpoint import Endpoint
    from crmframe.web.respond import Call
    from crmframe.web.site import Renderer


class PlainRenderer:
    """Shows what it is given."""

    def page(self, call: Call, work: UnitOfWork | None, template: str, data: Mapping[str, Any]) -> str:
        """Return the form for ``login.html``, a list of the variables for every other template."""
        if template == "login.html":
            fields = (
                f'<input name="name" value="{escape(data["name"])}"><input name="password" type="password">'
            )
            hidden = f'<input name="next" type="hidden" value="{escape(data["next"])}">'
            error = escape(str(data["error"] or ""))
            return (
                f'<!doctype html><p>{error}</p><form method="post">{fields}{hidden}<button>OK</button></form>'
            )
        shown = "".join(f"<dt>{escape(key)}</dt><dd>{escape(str(value))}</dd>" for key, value in data.items())
        return f"<!doctype html><title>{escape(template)}</title><dl>{shown}</dl>"

    def error(self, call: Call | None, locale: str, problem: Mapping[str, Any]) -> str:
        """Return title, sentence and number."""
        parts = (problem["title"], problem["detail"], problem["instance"])
        return "<!doctype html>" + "".join(f"<p>{escape(str(part))}</p>" for part in parts)


def renderer(application: Application) -> Renderer:
    """Return what turns data into pages."""
    return PlainRenderer()


def page_routes(application: Application) -> Iterable[tuple[str, str, Endpoint]]:
    """Return methods, path and endpoint of every page of the core."""
    return ()
