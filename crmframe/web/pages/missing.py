"""What has to be there first: shown instead of an empty list or board, and of a form that could not be saved."""

from __future__ import annotations

from dataclasses import replace

from crmframe.core.contributions import Prerequisite
from crmframe.core.entities.entity import Entity
from crmframe.web.pages.view import View


def missing_for(view: View, entity: Entity) -> list[Prerequisite]:
    """Return what plugins miss before the first record of *entity*; buttons are those that the reader may use."""
    found = view.work.hooks.contribute("prerequisites", view.context(entity=entity))
    return [_allowed(view, each) for _, each in found if isinstance(each, Prerequisite)]


def _allowed(view: View, given: Prerequisite) -> Prerequisite:
    buttons = [each for each in given.buttons if not each.permission or view.may(each.permission)]
    return replace(given, buttons=buttons)
