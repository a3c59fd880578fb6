"""Puts a site together: the routes of the core, of the entities' pages and of every plugin."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import TYPE_CHECKING

import structlog

from crmframe.core.access.loading import ActorCache
from crmframe.core.access.passwords import Hasher
from crmframe.core.jobs.engine import load_engine
from crmframe.core.jobs.worker import Worker
from crmframe.kernel.state import read_generation
from crmframe.web import api, auth, health, pages
from crmframe.web.files import OWN_FOLDER, Files
from crmframe.web.host import Host
from crmframe.web.router import Router, plugin_mount
from crmframe.web.secret import stored_secret
from crmframe.web.site import Site

if TYPE_CHECKING:
    from crmframe.application import Application
    from crmframe.kernel.loader import LoadedPlugin

STOP_SECONDS = 10.0
log = structlog.get_logger("crmframe.web")


def build_host(build_application: Callable[[], Application], *, workers: bool = False) -> Host:
    """Return the ASGI app that serves what *build_application* makes, again after each change of the plugins.

    Args:
        workers: Whether events are delivered and jobs are run in this process.
    """

    def build() -> Site:
        site = build_site(build_application())
        if workers:
            start_workers(site)
        return site

    return Host(build, lambda site: read_generation(site.application.database.engine))


def build_site(application: Application, *, hasher: Hasher | None = None) -> Site:
    """Return one application with its routes."""
    router = Router()
    site = Site(
        application=application,
        router=router,
        renderer=pages.renderer(application),
        actors=ActorCache(),
        hasher=hasher or Hasher(),
        secret=application.settings.secret or stored_secret(application.settings.folder),
        locale=application.settings.locale,
        generation=read_generation(application.database.engine),
    )
    for module in (auth, health, api):
        module.add_routes(router)
    for methods, path, served in pages.page_routes(application):
        router.add(methods, path, served)
    router.mount("/static/core", Files("/static/core", OWN_FOLDER))
    for plugin in application.plugins.loaded:
        _add_plugin(site, plugin)
    return site


def _add_plugin(site: Site, plugin: LoadedPlugin) -> None:
    name, folder = plugin.name, plugin.manifest.path / "static"
    if name != "core" and folder.is_dir():
        site.router.mount(f"/static/{name}", Files(f"/static/{name}", folder))
    routes = plugin.declared.get("routes", ())
    if not routes:
        return
    try:
        site.router.mount(f"/p/{name}", plugin_mount(name, routes))
    except TypeError as error:
        # One plugin's mistake leaves its own pages out, nobody else's.
        log.exception("routes left out", plugin=name)
        site.excluded[name] = str(error)


def start_workers(site: Site) -> None:
    """Deliver events and run jobs of the site's application, until the site is closed."""
    settings = site.application.settings
    engine = load_engine(site.application, settings.job_engine)
    worker, stop = Worker(site.application, threads=settings.workers, engine=engine), threading.Event()
    thread = threading.Thread(target=worker.run_forever, args=(stop,), name="crmframe-workers", daemon=True)

    def stop_workers() -> None:
        stop.set()
        worker.wake()
        thread.join(STOP_SECONDS)

    site.application.on_commit(worker.wake)
    site.stop = stop_workers
    thread.start()
