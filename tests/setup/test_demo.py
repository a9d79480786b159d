"""`make demo` from an empty folder to a page in which somebody is signed in; afterwards nothing is left running."""

import http.cookiejar
import os
import re
import signal
import socket
import subprocess
import sys
import time
import urllib.parse
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from pipeline_crm.launch import places
from tests.setup.test_crew import alive, soon

# Most of it is the seeding of two months of history; other tests run beside it.
GREETED_WITHIN = 600.0


class Visitor:
    """A browser without a window."""

    def __init__(self, address: str) -> None:
        self.address = address
        jar = urllib.request.HTTPCookieProcessor(http.cookiejar.CookieJar())
        self.opener = urllib.request.build_opener(jar)

    def get(self, path: str) -> str:
        with self.opener.open(self.address + path) as answer:
            return answer.read().decode()

    def sign_in(self, name: str, password: str) -> str:
        """The page that comes after signing in."""
        token = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', self.get("auth/login/"))[1]
        words = {"csrfmiddlewaretoken": token, "login": name, "password": password}
        with self.opener.open(self.address + "auth/login/", urllib.parse.urlencode(words).encode()) as answer:
            return answer.read().decode()


def start(var: Path, port: int, output: Path) -> "subprocess.Popen[bytes]":
    environment = os.environ | {"VAR_DIR": str(var), "PORT": str(port)}
    with output.open("wb") as file:
        command = [sys.executable, "-m", "pipeline_crm.launch.demo"]
        return subprocess.Popen(command, cwd=places.ROOT, env=environment, stdout=file, stderr=file)


def greeted(starter: "subprocess.Popen[bytes]", output: Path) -> str:
    """What the starter has printed when it is through."""
    until = time.monotonic() + GREETED_WITHIN
    while "Ctrl-C stops everything" not in output.read_text() and time.monotonic() < until:
        assert starter.poll() is None, output.read_text()
        time.sleep(0.1)
    # The table of people follows at once, in the same breath.
    return output.read_text()


def family(pid: int) -> set[int]:
    """The processes that a process has started, and those that they have."""
    children = {int(word) for word in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()}
    return children.union(*(family(child) for child in children)) if children else set()


@pytest.fixture
def port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return free.getsockname()[1]


@pytest.fixture
def demo(tmp_path: Path, port: int) -> Iterator["subprocess.Popen[bytes]"]:
    """A demo that is on its way up."""
    starter = start(tmp_path / "var", port, tmp_path / "output")
    yield starter
    starter.terminate()
    starter.wait(60)


def test_the_demo_comes_up_signs_somebody_in_and_goes_without_a_trace(demo, tmp_path, port):
    printed = greeted(demo, tmp_path / "output")
    crew = family(demo.pid)

    visitor = Visitor(f"http://localhost:{port}/")
    page = visitor.sign_in("grace", "conveyor")
    # A stranger's record is a plain “no such page”, without the words of a debugger.
    with pytest.raises(urllib.error.HTTPError, match="404") as refusal:
        visitor.get("leads/999999999/")

    assert f"http://localhost:{port}/" in printed
    assert re.search(r"\bgrace\b.*\bconveyor\b", printed)
    assert "Grace" in page
    assert "DEBUG" not in refusal.value.read().decode()
    # The database, the web server, the worker and beat, and what each has started itself.
    assert len(crew) > 4

    demo.send_signal(signal.SIGINT)

    assert demo.wait(30) == 0
    assert soon(lambda: not any(alive(pid) for pid in crew))
