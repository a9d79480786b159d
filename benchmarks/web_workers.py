"""Which kind of gunicorn worker serves our pages fastest on this machine.

    .venv/bin/python -m pipeline_crm.launch.postgres run -- .venv/bin/python benchmarks/web_workers.py

Seeds the demo firm into the lent database, signs a scout in, and asks for “my work” and the list of leads, with four
clients at once, from each kind of server in turn. Prints pages a second and the time within which 95 of 100 came.
"""

import http.client
import os
import socket
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))
os.environ |= {"DJANGO_SETTINGS_MODULE": "pipeline_crm.settings", "DEBUG": "1"}

import django  # noqa: E402

from pipeline_crm.launch import commands, crew  # noqa: E402

KINDS = {
    "sync, 2 workers": ["--worker-class", "sync", "--workers", "2"],
    "sync, 3 workers": ["--worker-class", "sync", "--workers", "3"],
    "gthread, 1 worker of 4 threads": ["--worker-class", "gthread", "--workers", "1", "--threads", "4"],
    "gthread, 2 workers of 2 threads": ["--worker-class", "gthread", "--workers", "2", "--threads", "2"],
    "gthread, 2 workers of 4 threads": ["--worker-class", "gthread", "--workers", "2", "--threads", "4"],
}
PAGES = ["/", "/leads/"]
CLIENTS = 4
WARM_UP = 2.0
SECONDS = 8.0


def cookie_of_a_scout() -> str:
    """A session of somebody who works leads, as the browser would send it."""
    django.setup()
    from django.conf import settings
    from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
    from django.contrib.sessions.backends.db import SessionStore
    from django.db import connection

    from pipeline_crm.tiers.models import Seat

    with connection.cursor() as cursor:
        # A throw-away database keeps no statistics by itself.
        cursor.execute("ANALYZE")
    user = Seat.objects.filter(tier__works_lead=True, tier__works_deal=False).earliest("pk").user
    session = SessionStore()
    session[SESSION_KEY] = str(user.pk)
    session[BACKEND_SESSION_KEY] = settings.AUTHENTICATION_BACKENDS[0]
    session[HASH_SESSION_KEY] = user.get_session_auth_hash()
    session.create()
    return f"{settings.SESSION_COOKIE_NAME}={session.session_key}"


def fetch(port: int, path: str, cookie: str) -> float:
    """Seconds that one page takes; anything but a page is an error."""
    began = time.perf_counter()
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    connection.request("GET", path, headers={"Cookie": cookie, "Host": "localhost"})
    answer = connection.getresponse()
    answer.read()
    connection.close()
    if answer.status != 200:
        raise SystemExit(f"{path} answered {answer.status}")
    return time.perf_counter() - began


def load(port: int, cookie: str, seconds: float) -> list[float]:
    """The times of all pages that the clients got in so many seconds."""
    times: list[float] = []
    until = time.perf_counter() + seconds

    def client(first: int) -> None:
        turn = first
        while time.perf_counter() < until:
            times.append(fetch(port, PAGES[turn % len(PAGES)], cookie))
            turn += 1

    threads = [threading.Thread(target=client, args=[first]) for first in range(CLIENTS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return times


def measure(options: list[str], cookie: str) -> tuple[float, float]:
    """Pages a second, and the 95th percentile in milliseconds, of one kind of server."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [*commands.gunicorn(port), *options]
    members = crew.Crew()
    log = Path(tempfile.mkstemp(suffix=".log")[1])
    members.start("web", command, environment=os.environ | {"DEBUG": "0", "DEMO": "1"}, cwd=ROOT, log=log)
    try:
        while True:
            try:
                fetch(port, PAGES[0], cookie)
                break
            except ConnectionError:
                time.sleep(0.1)
        load(port, cookie, WARM_UP)
        times = load(port, cookie, SECONDS)
    finally:
        members.stop()
        log.unlink()
    return len(times) / SECONDS, statistics.quantiles(times, n=20)[-1] * 1000


def main() -> None:
    """Prints one row for each kind."""
    for words in (["migrate", "--verbosity", "0"], ["seed_demo"]):
        subprocess.run(commands.manage(*words), check=True, stdout=subprocess.DEVNULL)
    cookie = cookie_of_a_scout()
    print(f"| {'kind':32} | pages a second | 95 of 100 within |\n|---|---|---|")
    for kind, options in KINDS.items():
        rate, slow = measure(options, cookie)
        print(f"| {kind:32} | {rate:14.0f} | {slow:13.0f} ms |", flush=True)


if __name__ == "__main__":
    main()
