"""``crmframe why``: the rule that allows or forbids."""

from __future__ import annotations

import click

from crmframe.cli.console import Console, json_option, pass_console
from crmframe.cli.people import entity_of, record_of, user_id
from crmframe.core.access.explain import explain


@click.command("why")
@click.argument("user", metavar="USER")
@click.argument("verb", metavar="VERB")
@click.argument("record", metavar="RECORD")
@json_option
@pass_console
def why(console: Console, user: str, verb: str, record: str) -> None:
    """Explain why a user may do something, or not.

    For example: crmframe why lisi update sales.deal:7. RECORD may also be a record type alone.
    """
    registry = console.application.registry
    if ":" in record or "/" in record:
        entity, record_id = record_of(registry, record)
    else:
        entity, record_id = entity_of(registry, record), None
    with console.work(write=False) as work:
        found = explain(work, user_id(work.connection, user), verb, entity, record_id)
        data = [
            {**each.data, "entity": console.text(entity.label, entity.plugin)} for each in found.sentences
        ]
    sentences = [
        " ".join(console.text(each.template, **words).split()).replace(" .", ".")
        for each, words in zip(found.sentences, data, strict=True)
    ]
    if console.as_json:
        console.data({"allowed": found.allowed, "sentences": sentences})
        return
    for sentence in sentences:
        click.echo(sentence)
