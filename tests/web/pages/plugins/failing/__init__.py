"""A plugin whose parts of pages fail: the rest of each page has to stand."""

from crmframe.api import Panel, Widget, hookimpl


def broken(context):
    raise RuntimeError("a secret of the panel")


@hookimpl
def panels():
    return [Panel("failing.panel", "core.customer", "Broken panel", broken, "failing/none.html")]


@hookimpl
def widgets():
    return [Widget("failing.widget", "Broken tile", broken, "failing/none.html")]


@hookimpl
def timeline(context):
    raise RuntimeError("a secret of the timeline")
