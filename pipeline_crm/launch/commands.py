"""The command lines of the processes that make up the site on one machine."""

import sys
from pathlib import Path

from pipeline_crm.launch import places

CELERY = [sys.executable, "-m", "celery", "--app", "pipeline_crm.celery:app"]
SOURCES = ["pipeline_crm", "leads", "deals", "accounts"]


def manage(*words: str) -> list[str]:
    """One of Django's or our own management commands."""
    return [sys.executable, str(places.ROOT / "manage.py"), *words]


def gunicorn(port: int) -> list[str]:
    """The web server without a word on what kind of workers it has."""
    command = [sys.executable, "-m", "gunicorn", "pipeline_crm.wsgi:application", "--bind", f"127.0.0.1:{port}"]
    return [*command, "--no-control-socket", "--log-level", "warning"]


def web(port: int) -> list[str]:
    """The web server of the demo: sync workers; `make bench` compares the kinds on one's own machine."""
    return [*gunicorn(port), "--worker-class", "sync", "--workers", "2"]


def worker() -> list[str]:
    """A worker for one small machine: two threads, no talk with other workers, for there are none."""
    alone = ["--without-gossip", "--without-mingle", "--without-heartbeat"]
    return [*CELERY, "worker", "--pool", "threads", "--concurrency", "2", "--loglevel", "WARNING", *alone]


def beat() -> list[str]:
    """The clock that rings the sweep."""
    return [*CELERY, "beat", "--loglevel", "WARNING", "--pidfile", ""]


def reloading_web(port: int) -> list[str]:
    """Django's own server, which restarts itself when a source changes."""
    return manage("runserver", f"127.0.0.1:{port}")


def reloading(command: list[str]) -> list[str]:
    """The same command, restarted when a Python source changes."""
    line = " ".join(f"'{word}'" for word in command)
    watched = [str(places.ROOT / source) for source in SOURCES]
    return [sys.executable, "-m", "watchfiles", "--filter", "python", line, *watched]


def reloading_pages() -> list[str]:
    """Rebuilds the style sheet whenever a template changes."""
    return [str(Path(places.ROOT) / "ui" / "build.sh"), "watch"]
