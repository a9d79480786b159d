"""Runs the whole house on one machine: `python -m pipeline_crm.launch.demo [demo|dev|reset]`."""

import contextlib
import fcntl
import os
import secrets
import shutil
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator

from pipeline_crm.launch import commands, crew, places
from pipeline_crm.launch.postgres import Cluster, NotStarted

LOCK = places.VAR / "demo.lock"
ANSWERS_WITHIN = 60.0
GLANCE = 0.1


class Refused(Exception):
    """The demo cannot start or go on; the words are one sentence for the person at the keyboard."""


def main(words: list[str]) -> int:
    """Runs one of the three and returns the exit code."""
    acts: dict[str, Callable[[], None]] = {"demo": demo, "dev": dev, "reset": reset}
    act = acts.get(" ".join(words) or "demo")
    if act is None:
        print(f"usage: python -m pipeline_crm.launch.demo [{'|'.join(acts)}]", file=sys.stderr)
        return 2
    crew.listen()
    try:
        act()
    except crew.Asked:
        print("\nStopped.")
    except (Refused, NotStarted) as reason:
        print(f"\n{reason}", file=sys.stderr)
        return 1
    return 0


def demo() -> None:
    """The demo firm in a browser, until somebody presses Ctrl-C."""
    port = _port()
    with _only_one(port), _database() as base:
        site = base | {"DEMO": "1", "DEBUG": "0"}
        with _crew() as members:
            members.start("web", commands.web(port), environment=site, cwd=places.ROOT, log=places.DEMO / "web.log")
            members.start(
                "worker", commands.worker(), environment=site, cwd=places.ROOT, log=places.DEMO / "worker.log"
            )
            members.start("beat", commands.beat(), environment=site, cwd=places.ROOT, log=places.DEMO / "beat.log")
            with _step("Web, worker and beat: running, the first page answers."):
                _wait_for_the_page(members, port)
            _greet(port, base)
            _watch(members)


def dev() -> None:
    """The same firm with every process restarting itself when its sources change."""
    port = _port()
    with _only_one(port), _database() as base, _crew() as members:
        members.start("web", commands.reloading_web(port), environment=base, cwd=places.ROOT, log=None)
        for name, command in (("worker", commands.worker()), ("beat", commands.beat())):
            members.start(name, commands.reloading(command), environment=base, cwd=places.ROOT, log=None)
        members.start("pages", commands.reloading_pages(), environment=base, cwd=places.ROOT, log=None)
        with _step("Web, worker, beat and pages: running, the first page answers."):
            _wait_for_the_page(members, port)
        _greet(port, base)
        _watch(members)


def reset() -> None:
    """Throws the demo's data away."""
    with _only_one(0):
        for folder in (places.DEMO, places.VAR / "broker", places.VAR / "beat"):
            shutil.rmtree(folder, ignore_errors=True)
    print("The demo's data is gone; the next `make demo` starts afresh.")


def _port() -> int:
    text = os.environ.get("PORT") or "8000"
    if not text.isdecimal() or not 0 < int(text) < 65536:
        raise Refused(f"PORT must be a number from 1 to 65535, not “{text}”.")
    return int(text)


@contextlib.contextmanager
def _only_one(port: int) -> Iterator[None]:
    """Holds the demo's lock, which the system takes back when we die, however we die."""
    LOCK.parent.mkdir(parents=True, exist_ok=True)
    with LOCK.open("a+") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            file.seek(0)
            raise Refused(f"The demo is already running{file.read()}; stop it with Ctrl-C first.") from None
        if port:
            _refuse_a_busy(port)
        file.truncate(0)
        file.write(f" at http://localhost:{port}/" if port else "")
        file.flush()
        yield


def _refuse_a_busy(port: int) -> None:
    with socket.socket() as probe:
        # As the web server does it: a port that only rests after a connection is not busy.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError as error:
            why = error.strerror or str(error)
            raise Refused(f"Port {port} cannot be used ({why}); choose another, as in: make demo PORT=8001") from None


@contextlib.contextmanager
def _database() -> Iterator[dict[str, str]]:
    """The demo's database with its tables and its firm; yields the environment for whoever works with it."""
    cluster = Cluster(places.demo_cluster(), lasting=True)
    # Whatever the environment says outside, the demo must not write there, nor with settings of somebody else.
    ours = {"DATABASE_URL": cluster.url, "SECRET_KEY": _secret_key(), "DJANGO_SETTINGS_MODULE": "pipeline_crm.settings"}
    base = os.environ | ours | {"DEBUG": "1"}
    try:
        with _step("PostgreSQL: running."):
            cluster.start()
        with _step("Tables: up to date."):
            _manage(base, "migrate", "--verbosity", "0")
        with _step("Demo firm: seated."):
            _manage(base, "seed_demo")
        yield base
    finally:
        crew.deafen()
        cluster.stop()


@contextlib.contextmanager
def _crew() -> Iterator[crew.Crew]:
    members = crew.Crew()
    try:
        yield members
    finally:
        crew.deafen()
        members.stop()


def _secret_key() -> str:
    """A key of this demo's own, kept, so that people stay signed in over a restart."""
    file = places.DEMO / "secret-key"
    if not file.exists():
        file.parent.mkdir(parents=True, exist_ok=True)
        file.touch(mode=0o600)
        file.write_text(secrets.token_urlsafe(50))
    return file.read_text()


def _manage(environment: dict[str, str], *words: str) -> str:
    done = subprocess.run(
        commands.manage(*words),
        env=environment,
        cwd=places.ROOT,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
    )
    if done.returncode:
        raise Refused(f"{done.stdout}{done.stderr}\n`manage.py {words[0]}` did not succeed.")
    return done.stdout


@contextlib.contextmanager
def _step(words: str) -> Iterator[None]:
    began = time.monotonic()
    if sys.stdout.isatty():
        # The same line is written over when the step is done.
        print(f"      …    {words.partition(':')[0]}", end="\r", flush=True)
    yield
    print(f"{time.monotonic() - began:6.1f} s  {words}", flush=True)


def _wait_for_the_page(members: crew.Crew, port: int) -> None:
    until = time.monotonic() + ANSWERS_WITHIN
    while time.monotonic() < until:
        _refuse_a_fallen(members)
        # Leads to the sign-in page, so templates, database and style sheet have all been touched.
        with (
            contextlib.suppress(urllib.error.URLError, ConnectionError, TimeoutError),
            urllib.request.urlopen(f"http://127.0.0.1:{port}/", timeout=10),
        ):
            return
        time.sleep(GLANCE)
    raise Refused(f"The first page did not answer within {ANSWERS_WITHIN:.0f} s; see {places.DEMO}/web.log")


def _greet(port: int, base: dict[str, str]) -> None:
    people = _manage(base, "demo_people")
    print(
        f"\n  http://localhost:{port}/   Ctrl-C stops everything; `make reset` throws the data away.\n\n{people}",
        flush=True,
    )


def _watch(members: crew.Crew) -> None:
    while True:
        _refuse_a_fallen(members)
        time.sleep(GLANCE)


def _refuse_a_fallen(members: crew.Crew) -> None:
    member = members.fallen()
    if member is not None:
        words = crew.last_words(member)
        raise Refused(f"{words}\nThe {member.name} process ended by itself (exit code {member.process.returncode}).")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
