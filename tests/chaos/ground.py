"""The ground of the fire: a PostgreSQL and a Redis of its own that can be shot, and the environment of its processes."""

from __future__ import annotations

import base64
import contextlib
import os
import secrets
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import redis

from pipeline_crm.launch import places, tether
from pipeline_crm.launch.postgres import Cluster

TICK = 2  # seconds between two rings of beat


class Postgres(Cluster):
    """A server that keeps the moment of each commit and no careless promise: what it has committed, it keeps."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder, lasting=False)
        self.crashes = 0

    def _command(self) -> list[str]:
        # The machine itself does not fall here, so nobody waits for its disk; the server's own crash loses nothing.
        firm = {
            "track_commit_timestamp": "on",
            "synchronous_commit": "on",
            "full_page_writes": "on",
            "autovacuum": "on",
            "shared_buffers": "512MB",
            "max_wal_size": "2GB",
        }
        return super()._command() + [word for name, value in firm.items() for word in ("-c", f"{name}={value}")]

    def crash(self) -> None:
        """Stops the server at once (`pg_ctl -m immediate`) and starts it over what it has left."""
        assert self.process is not None
        self.process.send_signal(signal.SIGQUIT)
        self.process.wait(20)
        self.crashes += 1
        self.start()

    @property
    def deadlocks(self) -> int:
        """How often the server had to break one, by its own log."""
        log = self.folder.parent / f"{self.folder.name}.log"
        return log.read_text(errors="replace").count("deadlock detected")


class Redis:
    """A redis-server with the options of docker-compose.yml."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.folder, self.socket = folder, folder / "redis.sock"
        self.process: subprocess.Popen[bytes] | None = None
        self.kills = self.flushes = 0

    @property
    def url(self) -> str:
        """The broker's address for Celery."""
        return f"redis+socket://{self.socket}"

    def start(self) -> None:
        """Starts the server and waits until it answers."""
        program = shutil.which("redis-server")
        assert program, "needs redis-server: apt-get install redis-server"
        command = [program, "--port", "0", "--unixsocket", str(self.socket), "--dir", str(self.folder)]
        command += ["--appendonly", "yes", "--maxmemory-policy", "noeviction", "--save", ""]
        with (self.folder / "log").open("ab") as log:
            self.process = subprocess.Popen(
                command, stdout=log, stderr=log, preexec_fn=tether.to_parent(signal.SIGTERM)
            )
        until = time.monotonic() + 10
        while time.monotonic() < until:
            with contextlib.suppress(redis.ConnectionError), self.client() as client:
                client.ping()
                return
            time.sleep(0.02)
        raise AssertionError("redis-server did not answer within 10 s")

    def client(self) -> redis.Redis:
        """A connection of one's own."""
        return redis.Redis(unix_socket_path=str(self.socket))

    def crash(self) -> None:
        """Kills the server and starts it over its append-only file."""
        self.stop(signal.SIGKILL)
        self.kills += 1
        self.start()

    def flush(self) -> None:
        """Forgets every message."""
        with self.client() as client:
            client.flushall()
        self.flushes += 1

    def stop(self, how: signal.Signals = signal.SIGTERM) -> None:
        """Ends the server."""
        if self.process is not None and self.process.poll() is None:
            self.process.send_signal(how)
            self.process.wait(10)


class Ground:
    """A folder, a database and a broker; gone when the block ends."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.postgres, self.redis = Postgres(folder / "postgres"), Redis(folder / "redis")

    @property
    def environment(self) -> dict[str, str]:
        """What the processes of the site need to know; the settings are those that are shipped."""
        return {
            "PATH": os.environ["PATH"],
            "PYTHONPATH": str(places.ROOT),
            "DJANGO_SETTINGS_MODULE": "pipeline_crm.settings",
            "SECRET_KEY": secrets.token_urlsafe(48),
            "DATA_KEYS": base64.urlsafe_b64encode(secrets.token_bytes(32)).decode(),
            "ALLOWED_HOSTS": "localhost",
            "MAIL_URL": "memory:",
            "MAIL_FROM": "fire@localhost",
            # What the fire itself looks at, it looks at as the owner of the tables; Celery is started without this.
            "DATABASE_URL": f"{self.postgres.url}&options=-c%20role%3Dnone",
            "REDIS_URL": self.redis.url,
            "SWEEP_SECONDS": str(TICK),
            "VAR_DIR": str(self.folder / "var"),
            "LOG_LEVEL": "ERROR",
        }


@contextlib.contextmanager
def ground() -> Iterator[Ground]:
    """Lends a ground; its servers are ended, and its files are gone, when the block ends."""
    folder = Path(tempfile.mkdtemp(prefix="fire-"))
    ours = Ground(folder)
    try:
        ours.postgres.start()
        ours.redis.start()
        yield ours
    finally:
        ours.redis.stop()
        ours.postgres.stop()
        shutil.rmtree(folder, ignore_errors=True)
