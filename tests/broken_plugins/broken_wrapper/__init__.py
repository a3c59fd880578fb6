"""Wraps other plugins."""

from collections.abc import Iterator

from crmframe.hookspecs import hookimpl


@hookimpl(wrapper=True)
def notices(context: object) -> Iterator[None]:
    yield
