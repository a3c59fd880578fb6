"""The pages of the core, and those derived from every entity."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from crmframe.core.files.attachments import MOST_BYTES
from crmframe.core.mail.account_letters import WELCOME
from crmframe.web.endpoint import Endpoint
from crmframe.web.errors import PASSWORD_PAGE, SECOND_FACTOR_PAGE
from crmframe.web.pages import (
    account,
    agenda,
    board,
    choosing,
    codes,
    detail,
    editing,
    export,
    files,
    finding,
    first_run,
    follow_up,
    handing,
    histories,
    home,
    invitations,
    keeping,
    lists,
    mails,
    notifications,
    occasions,
    plugins,
    printing,
    roles,
    running,
    samples,
    second_factor,
    settings,
    several,
    sharing,
    similar,
    views,
    welcome,
)
from crmframe.web.rendering import PageRenderer

if TYPE_CHECKING:
    from crmframe.application import Application
    from crmframe.web.endpoint import Handler
    from crmframe.web.site import Renderer


def renderer(application: Application) -> Renderer:
    """Return what turns data into pages."""
    return PageRenderer(application)


def page_routes(application: Application) -> Iterable[tuple[str, str, Endpoint]]:
    """Return methods, path and endpoint of every page of the core."""
    return ROUTES


def form(handler: Handler) -> Endpoint:
    """Return a handler that writes in a transaction of its own, so that a refused form can be shown again."""
    return Endpoint(handler, write=False)


ROUTES: tuple[tuple[str, str, Endpoint], ...] = (
    ("GET", "/", Endpoint(home.show_first)),
    ("GET", "/home", Endpoint(home.show_home)),
    ("GET", "/home/hand", Endpoint(keeping.show_at_hand)),
    ("POST", "/account/language", Endpoint(home.choose_language, public=True, write=False)),
    ("GET", account.ACCOUNT, Endpoint(account.show_account)),
    ("POST", "/account/tokens", form(account.add_token)),
    ("POST", "/account/tokens/{id:int}/end", Endpoint(account.end_token)),
    ("POST", "/account/sessions/{id:int}/end", Endpoint(account.end_one)),
    ("POST", "/account/sessions/end", Endpoint(account.end_others)),
    ("GET", PASSWORD_PAGE, Endpoint(roles.show_own_password)),
    ("POST", PASSWORD_PAGE, form(roles.save_own_password)),
    ("GET", SECOND_FACTOR_PAGE, Endpoint(second_factor.show_second_factor)),
    ("POST", SECOND_FACTOR_PAGE + "/{verb}", form(second_factor.change_second_factor)),
    ("GET", WELCOME, Endpoint(welcome.show_welcome, public=True)),
    ("POST", WELCOME, Endpoint(welcome.accept, public=True, write=False)),
    ("GET", welcome.FORGOTTEN, Endpoint(welcome.show_forgotten, public=True)),
    ("POST", welcome.FORGOTTEN, Endpoint(welcome.ask, public=True, write=False)),
    ("GET", invitations.PAGE, Endpoint(invitations.show_invite)),
    ("POST", invitations.PAGE, form(invitations.invite)),
    ("POST", "/admin/users/{id:int}/link", form(invitations.help_out)),
    ("GET", "/docs/errors", Endpoint(codes.show_codes, public=True)),
    ("GET", finding.PAGE, Endpoint(finding.show_results)),
    ("GET", "/search/suggestions", Endpoint(finding.show_suggestions)),
    ("GET", "/journal", Endpoint(histories.show_journal)),
    ("GET", "/journal/{id:int}", Endpoint(histories.show_operation)),
    ("POST", "/undo/{id:int}", form(histories.undo)),
    ("GET", "/admin/roles", Endpoint(roles.show_roles)),
    ("GET", "/admin/roles/{id:int}", Endpoint(roles.show_role)),
    ("POST", "/admin/roles/{id:int}", form(roles.save_role)),
    ("GET", "/admin/users", Endpoint(roles.show_roles)),
    ("GET", "/admin/users/{id:int}", Endpoint(roles.show_access)),
    ("POST", "/admin/users/{id:int}", form(roles.save_access)),
    ("GET", "/admin/users/{id:int}/handover", Endpoint(handing.show_holdings)),
    ("POST", "/admin/users/{id:int}/handover", form(handing.hand_over)),
    ("GET", "/admin/choices", Endpoint(choosing.show_lists)),
    ("GET", "/admin/choices/{entity}/{field}", Endpoint(choosing.show_list)),
    ("POST", "/admin/choices/{entity}/{field}", form(choosing.save_list)),
    ("GET", "/admin/plugins", Endpoint(plugins.show_plugins)),
    ("GET", "/admin/plugins/{name}", Endpoint(plugins.show_plan)),
    ("POST", "/admin/plugins/{name}", form(plugins.switch)),
    ("GET", "/admin/jobs", Endpoint(running.show_jobs)),
    ("POST", "/admin/jobs/{id:int}/{verb}", Endpoint(running.change_job)),
    ("GET", notifications.PAGE, Endpoint(notifications.show_notifications)),
    ("POST", "/notifications/read", Endpoint(notifications.read_all)),
    ("POST", "/notifications/{id:int}/open", Endpoint(notifications.open_notification)),
    ("GET", notifications.CHOICES, Endpoint(notifications.show_choices)),
    ("POST", notifications.CHOICES, Endpoint(notifications.save_choices)),
    ("GET", mails.PAGE, Endpoint(mails.show_mails)),
    ("POST", "/admin/mail/{id:int}/again", Endpoint(mails.try_again)),
    ("GET", settings.PAGE, Endpoint(settings.show_settings)),
    ("POST", settings.PAGE, form(settings.save_settings)),
    ("GET", first_run.PAGE, Endpoint(first_run.show_setup)),
    ("POST", first_run.PAGE, form(first_run.set_up)),
    ("GET", samples.PAGE, Endpoint(samples.show_sample)),
    ("POST", "/admin/sample/{verb}", Endpoint(samples.change_sample)),
    ("POST", "/admin/events/{id:int}/{verb}", Endpoint(running.change_letter)),
    ("GET", agenda.AGENDA, Endpoint(agenda.show_agenda)),
    ("GET", agenda.REPORT, Endpoint(agenda.show_report)),
    ("GET", "/occasions", Endpoint(occasions.show_occasions)),
    ("GET", "/{slug}/quiet", Endpoint(agenda.show_quiet)),
    ("GET", "/{slug}", Endpoint(lists.show_list)),
    ("GET", "/{slug}/condition", Endpoint(lists.show_condition)),
    ("GET", "/{slug}/options", Endpoint(lists.show_options)),
    ("GET", "/{slug}/export", Endpoint(export.export)),
    ("POST", "/{slug}/several", form(several.change_several)),
    ("GET", "/{slug}/several/{id:int}", Endpoint(several.show_job)),
    ("GET", "/{slug}/views/new", Endpoint(views.show_new)),
    ("POST", "/{slug}/views/new", form(views.save)),
    ("GET", "/{slug}/views/{id:int}", Endpoint(views.show_view)),
    ("POST", "/{slug}/views/{id:int}", form(views.change_view)),
    ("GET", "/{slug}/board", Endpoint(board.show_board)),
    ("GET", "/{slug}/new", Endpoint(editing.show_new)),
    ("POST", "/{slug}/new", form(editing.create)),
    ("POST", "/{slug}/similar", form(similar.show_similar)),
    ("GET", "/{slug}/{id:int}", Endpoint(detail.show)),
    ("GET", "/{slug}/{id:int}/print", Endpoint(printing.show)),
    ("GET", "/{slug}/{id:int}/pdf", Endpoint(printing.show_pdf)),
    ("GET", "/{slug}/{id:int}/edit", Endpoint(editing.show_edit)),
    ("POST", "/{slug}/{id:int}/edit", form(editing.update)),
    ("POST", "/{slug}/{id:int}/set", form(editing.set_value)),
    ("GET", "/{slug}/{id:int}/delete", Endpoint(editing.show_delete)),
    ("POST", "/{slug}/{id:int}/delete", form(editing.put_away)),
    ("POST", "/{slug}/{id:int}/archive", form(editing.put_away)),
    ("POST", "/{slug}/{id:int}/unarchive", form(editing.put_away)),
    ("POST", "/{slug}/{id:int}/favorite", form(keeping.toggle_favorite)),
    ("GET", "/{slug}/{id:int}/tags", Endpoint(keeping.show_tags)),
    ("POST", "/{slug}/{id:int}/tags", form(keeping.change_tags)),
    ("GET", "/{slug}/{id:int}/share", Endpoint(sharing.show_shares)),
    ("POST", "/{slug}/{id:int}/share", form(sharing.share)),
    ("GET", "/{slug}/{id:int}/history", Endpoint(histories.show_history)),
    ("GET", "/{slug}/{id:int}/file", Endpoint(files.hand_out)),
    ("POST", "/{slug}/{id:int}/files", Endpoint(files.add_file, write=False, limit=MOST_BYTES)),
    ("POST", "/{slug}/{id:int}/activity", form(editing.add_activity)),
    ("POST", "/{slug}/{id:int}/comment", form(follow_up.comment)),
    ("POST", "/{slug}/{id:int}/follow", form(follow_up.follow)),
    ("GET", "/{slug}/{id:int}/log", Endpoint(follow_up.show)),
    ("POST", "/{slug}/{id:int}/log", form(follow_up.save)),
    ("GET", "/{slug}/{id:int}/{verb}", Endpoint(editing.show_action)),
    ("POST", "/{slug}/{id:int}/{verb}", form(editing.run_action)),
)
