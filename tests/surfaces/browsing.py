"""What a browser would send for the form of a page."""

from __future__ import annotations

from html.parser import HTMLParser
from typing import Any


class _Forms(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.forms: list[dict[str, list[str]]] = []
        self._form: dict[str, list[str]] | None = None
        self._select: dict[str, Any] | None = None
        self._area: str | None = None

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if tag == "form":
            self._form = {}
            self.forms.append(self._form)
        elif self._form is not None and not (given.get("form") or "disabled" in given):
            self._control(tag, given)

    def _control(self, tag: str, given: dict[str, str]) -> None:
        assert self._form is not None
        if tag == "input" and given.get("name") and given.get("type") not in ("submit", "button", "file"):
            if given.get("type") not in ("checkbox", "radio") or "checked" in given:
                self._form.setdefault(given["name"], []).append(given.get("value", "on"))
        elif tag == "select":
            self._select = {"name": given.get("name", ""), "values": [], "first": None}
        elif tag == "option" and self._select is not None:
            if self._select["first"] is None:
                self._select["first"] = given.get("value", "")
            if "selected" in given:
                self._select["values"].append(given.get("value", ""))
        elif tag == "textarea":
            self._area = given.get("name", "")
            self._form.setdefault(self._area, []).append("")

    def handle_endtag(self, tag: str) -> None:
        if tag == "form":
            self._form = None
        elif tag == "select" and self._select is not None and self._form is not None:
            chosen = self._select["values"] or [self._select["first"] or ""]
            self._form.setdefault(self._select["name"], []).extend(chosen)
            self._select = None
        elif tag == "textarea":
            self._area = None

    def handle_data(self, data: str) -> None:
        if self._area is not None and self._form is not None:
            self._form[self._area][-1] += data


def form_with(page: str, name: str) -> dict[str, list[str]]:
    """Return the values of the form that has a control called *name*, as they would be sent untouched."""
    parser = _Forms()
    parser.feed(page)
    [found] = [form for form in parser.forms if name in form]
    return found
