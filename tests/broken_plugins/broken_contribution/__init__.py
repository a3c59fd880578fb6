"""Raises while a page is rendered."""

from crmframe.hookspecs import hookimpl


@hookimpl
def notices(context: object) -> list[str]:
    raise SystemExit("while rendering")
