"""Implements a hook as a generator."""

from collections.abc import Iterator

from crmframe.hookspecs import hookimpl


@hookimpl
def notices(context: object) -> Iterator[str]:
    yield "one"
