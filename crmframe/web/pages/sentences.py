"""What was done, as a sentence in the reader's language."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from crmframe.web.pages.view import View

VERBS = {
    "create": "{entity} created.",
    "update": "{entity} changed.",
    "delete": "{entity} deleted.",
    "restore": "{entity} restored.",
    "archive": "{entity} archived.",
    "unarchive": "{entity} taken out of the archive.",
    "hand_over": "Handed over.",
}
ACCESS = {
    "core.user_role": "Roles saved.",
    "core.membership": "Teams saved.",
    "core.role_grant": "Permissions saved.",
}
SEVERAL = {
    "create": "{number} {entities} created.",
    "update": "{number} {entities} changed.",
    "delete": "{number} {entities} deleted.",
    "restore": "{number} {entities} restored.",
    "archive": "{number} {entities} archived.",
    "unarchive": "{number} {entities} taken out of the archive.",
}
DEEDS = {
    "create": "created {entity}",
    "update": "changed {entity}",
    "delete": "deleted {entity}",
    "restore": "restored {entity}",
    "archive": "archived {entity}",
    "unarchive": "took {entity} out of the archive",
    "hand_over": "handed over what a {entity} held",
    "import": "imported {entity}",
    "upsert": "imported {entity}",
}
DOORS = {
    "web": "in the browser",
    "api": "through the API",
    "cli": "on the command line",
    "import": "by an import",
    "job": "by a job",
    "event": "by a reaction",
    "system": "by the system",
}


def done_sentence(view: View, verb: str, number: int = 1) -> str:
    """Return what an operation did to *number* records, for the one who just did it."""
    name, action = _parts(verb)
    if verb == "core.undo":
        return view.say("Undone.")
    entity = view.work.registry.entities.get(name)
    if entity is None:
        return view.say("Done.")
    if name in ACCESS:
        return view.say(ACCESS[name])
    if action in SEVERAL and number > 1:
        shown = view.formats.number(number)
        return view.say(SEVERAL[action], number=shown, entities=view.many(entity))
    if action in VERBS:
        return view.say(VERBS[action], entity=view.label(entity))
    return view.say("{entity}: {action}.", entity=view.label(entity), action=_action(view, name, action))


def deed(view: View, verb: str) -> str:
    """Return what an operation did, to be put behind the name of who did it."""
    name, action = _parts(verb)
    if verb == "core.undo":
        return view.say("undid an operation")
    entity = view.work.registry.entities.get(name)
    if entity is None:
        return view.say("changed data")
    label = view.one(entity)
    if action in DEEDS:
        return view.say(DEEDS[action], entity=label)
    return view.say("used “{action}” on {entity}", entity=label, action=_action(view, name, action))


def door(view: View, name: str) -> str:
    """Return through which door an operation came."""
    return view.say(DOORS.get(name, name))


def who(view: View, actor_name: str) -> str:
    """Return who did it; work without a person is the system's."""
    return view.say("The system") if actor_name.startswith("system:") else actor_name


def _parts(verb: str) -> tuple[str, str]:
    name, _, action = verb.rpartition(".")
    return name, action


def _action(view: View, entity: str, name: str) -> str:
    action = view.work.registry.actions.get(entity, {}).get(name)
    plugin = view.work.registry.action_owner.get((entity, name), "core")
    return view.text(plugin, action.label) if action else name
