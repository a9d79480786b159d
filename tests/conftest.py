"""What every test may ask for: a redis-server and a browser of its own; the people stand in tests/cast.py."""

import importlib.util
import os
import shutil
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NoReturn

import pytest
import redis
from hypothesis import HealthCheck, settings

from pipeline_crm.launch import places, tether

# A busy machine is no defect: nothing is judged by the clock.
settings.register_profile("ours", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("ours")

pytest_plugins = ["tests.cast"] if importlib.util.find_spec("tests.cast") else []

CHROMIUM_NAMES = ("chromium", "chromium-browser", "google-chrome")
CHROMIUM_FLAGS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


def do_without(program: str, package: str) -> NoReturn:
    """Skips the test with a line that tells how to get the program; where CI runs, doing without is a failure."""
    words = f"needs {program}: apt-get install {package}"
    if os.environ.get("CI") == "true":
        pytest.fail(words, pytrace=False)
    pytest.skip(words)


@pytest.fixture(scope="session", autouse=True)
def _every_icon_is_in_the_sprite() -> Iterator[None]:
    """Whatever page a test opens: an icon that nobody cut for it fails the test, instead of leaving a hole."""
    from pipeline_crm.conveyor.templatetags import belt

    listed, draw = set((places.ROOT / "ui" / "icons.txt").read_text().split()), belt.drawn_icon

    def drawn(name: str, classes: str) -> str:
        assert name in listed, f"ui/icons.txt does not name the icon {name}"
        return draw(name, classes)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(belt, "drawn_icon", drawn)
        yield


@pytest.fixture(scope="session", autouse=True)
def _the_journal_is_emptied_between_tests() -> Iterator[None]:
    """Nobody empties the journal but the tests, between two of them, as only who owns the whole server can."""
    from django.db import connections
    from django.db.backends.postgresql.operations import DatabaseOperations

    empty = DatabaseOperations.execute_sql_flush

    def emptied(self: DatabaseOperations, sql_list: list[str]) -> None:
        with connections["default"].cursor() as cursor:
            cursor.execute("SET session_replication_role = replica")
            try:
                empty(self, sql_list)
            finally:
                cursor.execute("SET session_replication_role = DEFAULT")

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(DatabaseOperations, "execute_sql_flush", emptied)
        yield


@pytest.fixture(scope="session")
def redis_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a redis-server that belongs to this process of the tests, on a socket of its own."""
    program = shutil.which("redis-server") or do_without("redis-server", "redis-server")
    folder = tmp_path_factory.mktemp("redis")
    socket = folder / "redis.sock"
    command = [
        program,
        "--port",
        "0",
        "--unixsocket",
        str(socket),
        "--dir",
        str(folder),
        "--save",
        "",
        "--appendonly",
        "no",
    ]
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(command, stdout=log, stderr=log, preexec_fn=tether.to_parent(15))
    try:
        wait_for_redis(socket, process)
        yield f"unix://{socket}"
    finally:
        process.terminate()
        process.wait(10)


def wait_for_redis(socket: Path, process: "subprocess.Popen[bytes]") -> None:
    """Returns when the server on the socket answers and is the one that we started."""
    until = time.monotonic() + 10
    while time.monotonic() < until:
        try:
            with redis.Redis(unix_socket_path=str(socket)) as client:
                assert client.info("server")["process_id"] == process.pid
                return
        except redis.ConnectionError:
            time.sleep(0.02)
    pytest.fail("redis-server did not answer within 10 s")


@pytest.fixture(scope="session")
def browser_type_launch_args(browser_type_launch_args: dict[str, Any]) -> dict[str, Any]:
    """Tells pytest-playwright to drive Debian's Chromium instead of a download of its own."""
    found = next(filter(None, map(shutil.which, CHROMIUM_NAMES)), None)
    chromium = found or do_without("Chromium", "chromium")
    return browser_type_launch_args | {"executable_path": chromium, "args": CHROMIUM_FLAGS}
