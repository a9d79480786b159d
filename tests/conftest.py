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
def _quick(django_test_environment: None) -> Iterator[None]:
    """Libraries waste no time; between two tests the tables are emptied, and the journal with them."""
    from tests.quick import empty_by_rows, keep_history_managers, tell_of_pages_only

    with pytest.MonkeyPatch.context() as patch:
        empty_by_rows(patch)
        keep_history_managers(patch)
        tell_of_pages_only(patch)
        yield


@pytest.fixture(scope="session")
def django_db_modify_db_settings(
    request: pytest.FixtureRequest, django_db_modify_db_settings: None, django_db_blocker: Any
) -> Iterator[None]:
    """Migrations run quickly, and once for all processes of a run."""
    from tests.template import change_in_place, forget_past_models, lend_template

    with pytest.MonkeyPatch.context() as patch:
        change_in_place(patch)
        forget_past_models(patch)
        if helper := getattr(request.config, "workerinput", None):
            with django_db_blocker.unblock():
                lend_template(helper["testrunuid"])
        yield


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup: None, django_db_blocker: Any) -> None:
    """What migrations say of the database itself is not copied with what lies in it."""
    from tests.template import say_again_of_the_database

    with django_db_blocker.unblock():
        say_again_of_the_database()


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
