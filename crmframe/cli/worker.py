"""``crmframe worker``: events and jobs, in a process of their own."""

from __future__ import annotations

import signal
import threading

import click

from crmframe.application import Application
from crmframe.cli.console import Console, json_option, pass_console
from crmframe.core.jobs.engine import JobEngine, load_engine
from crmframe.core.jobs.worker import Worker
from crmframe.kernel.state import read_generation
from crmframe.logs import configure_logs

LOOK_SECONDS = 1.0


@click.command("worker")
@click.option("--once", is_flag=True, help="Do what is due, then end.")
@click.option("--threads", default=2, show_default=True, type=click.IntRange(1, 64), help="Jobs at a time.")
@json_option
@pass_console
def worker(console: Console, *, once: bool, threads: int) -> None:
    """Deliver events and run jobs until SIGTERM; takes up plugins that are enabled meanwhile."""
    configure_logs()
    application = console.prepared()
    if once:
        done = Worker(application, engine=engine_of(application)).run_once()
        if console.as_json:
            console.data({"events": done.events, "jobs": done.jobs})
        console.say("{events} reactions to events, {jobs} jobs.", events=done.events, jobs=done.jobs)
        return
    ending = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda _number, _frame: ending.set())
    while not ending.is_set():
        serve_generation(application, threads, ending)
        if not ending.is_set():
            settings = application.settings
            console.close()
            application = Application(settings)
            console.replace_application(application)


def serve_generation(application: Application, threads: int, ending: threading.Event) -> None:
    """Work until *ending* is set or plugins were enabled or disabled."""
    generation = read_generation(application.database.engine)
    stop = threading.Event()
    running = Worker(application, threads=threads, engine=engine_of(application))
    application.on_commit(running.wake)
    thread = threading.Thread(target=running.run_forever, args=(stop,), name="crmframe-worker")
    thread.start()
    while not ending.wait(LOOK_SECONDS) and read_generation(application.database.engine) == generation:
        pass
    stop.set()
    running.wake()
    thread.join()


def engine_of(application: Application) -> JobEngine | None:
    """Return the engine for jobs that the settings name; None runs them in threads."""
    return load_engine(application, application.settings.job_engine)
