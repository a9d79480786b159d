"""The web server as shipped, over one seeded database, and the requests that measure it."""

from __future__ import annotations

import contextlib
import http.client
import os
import socket
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from pipeline_crm.launch import commands, crew, places

SHIPPED = ["--workers", "3", "--preload"]  # as in the Dockerfile: sync workers, gunicorn's own choice
TOKEN = "a" * 32  # a token against forgery that the client made up itself, as a cookie and as a field
READY_WITHIN = 60.0
WALLS_DOWN = "BENCHMARK_WALLS_DOWN"  # in the environment of a site that is measured without them: see `walls`


class Failed(Exception):
    """A request did not answer as it must; the words say which and how."""


class Site:
    """One running web server."""

    def __init__(self, port: int, process: int) -> None:
        self.port, self.process = port, process

    def ask(self, errand: dict[str, Any]) -> float:
        """Seconds that one request takes: a page answers 200, an act 303; anything else fails the measurement."""
        form = errand.get("form")
        headers = {"Host": "localhost", "Cookie": f"{errand['cookie']}; csrftoken={TOKEN}"}
        body = None
        if form is not None:
            body = urlencode({**form, "csrfmiddlewaretoken": TOKEN})
            headers |= {"Content-Type": "application/x-www-form-urlencoded"}
        began = time.perf_counter()
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        connection.request("GET" if form is None else "POST", errand["path"], body, headers)
        answer = connection.getresponse()
        answer.read()
        connection.close()
        taken = time.perf_counter() - began
        if answer.status != (200 if form is None else 303):
            raise Failed(f"{errand['path']} answered {answer.status}")
        return taken

    def memory(self) -> list[float]:
        """The proportional share of memory of each worker, in MB."""
        children = Path(f"/proc/{self.process}/task/{self.process}/children").read_text().split()
        return [_share(int(child)) for child in children]


def _share(process: int) -> float:
    for line in Path(f"/proc/{process}/smaps_rollup").read_text().splitlines():
        if line.startswith("Pss:"):
            return int(line.split()[1]) / 1024
    return 0.0


def environment(database: str) -> dict[str, str]:
    """What a process of the measurements is started with."""
    ours = {"DATABASE_URL": database, "DEBUG": "0", "DEMO": "1", "SECRET_KEY": "k" * 50}
    return os.environ | ours | {"DJANGO_SETTINGS_MODULE": "benchmarks.settings"}


@contextlib.contextmanager
def site(database: str, workers: list[str], **also: str) -> Iterator[Site]:
    """A web server over a database, gone when the block ends; `also` is in its environment."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [
        "benchmarks.wsgi:application" if word == "pipeline_crm.wsgi:application" else word
        for word in commands.gunicorn(port)
    ]
    members = crew.Crew()
    log = Path(tempfile.mkstemp(suffix=".log")[1])
    members.start("web", [*command, *workers], environment=environment(database) | also, cwd=places.ROOT, log=log)
    try:
        _wait(members, port)
        yield Site(port, members.members[0].process.pid)
    except Failed as reason:
        raise Failed(f"{reason}\n{crew.last_words(members.members[0])}") from None
    finally:
        members.stop()
        log.unlink()


def _wait(members: crew.Crew, port: int) -> None:
    until = time.monotonic() + READY_WITHIN
    while time.monotonic() < until and members.fallen() is None:
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
            return
        time.sleep(0.05)
    raise Failed("The web server did not start.")
