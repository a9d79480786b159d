"""Processes that live together die together, however their starter dies."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from pipeline_crm.launch import crew, places

# A member that leaves a child of its own behind when it is asked to end.
LEAVES_A_CHILD = (
    "import subprocess, sys; child = subprocess.Popen(['sleep', '600']); print(child.pid, flush=True); child.wait()"
)
STARTER = """
import os, sys, time
from pathlib import Path
from pipeline_crm.launch.crew import Crew
members = Crew()
members.start("sleeper", ["sleep", "600"], environment=os.environ, cwd=Path("/"), log=None)
print(members.members[0].process.pid, flush=True)
time.sleep(600)
"""


@pytest.fixture
def members() -> Iterator[crew.Crew]:
    """A crew that the test need not stop."""
    found = crew.Crew()
    yield found
    found.stop()


def start(members: crew.Crew, *command: str, log: Path) -> crew.Member:
    members.start("one", command, environment=os.environ, cwd=places.ROOT, log=log)
    return members.members[-1]


def soon(happens: Callable[[], bool]) -> bool:
    """Whether something comes true within ten seconds."""
    until = time.monotonic() + 10
    while not happens() and time.monotonic() < until:
        time.sleep(0.01)
    return happens()


def alive(pid: int) -> bool:
    """Whether a process runs; one that has ended and waits to be counted does not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


def test_a_member_that_ends_is_noticed_with_its_last_words(members, tmp_path):
    start(members, sys.executable, "-c", "print('no room'); raise SystemExit(3)", log=tmp_path / "log")

    assert soon(lambda: members.fallen() is not None)

    fallen = members.fallen()
    assert (fallen.name, fallen.process.returncode, crew.last_words(fallen)) == ("one", 3, "    no room")


def test_while_all_live_nobody_has_fallen(members, tmp_path):
    start(members, "sleep", "600", log=tmp_path / "log")

    assert members.fallen() is None


def test_stopping_leaves_no_grandchild(members, tmp_path):
    log = tmp_path / "log"
    member = start(members, sys.executable, "-c", LEAVES_A_CHILD, log=log)
    assert soon(lambda: log.read_text().endswith("\n"))
    grandchild = int(log.read_text())

    members.stop()

    assert soon(lambda: not alive(grandchild))
    assert member.process.returncode == -signal.SIGTERM


def test_a_member_that_will_not_end_is_killed(members, tmp_path, monkeypatch):
    monkeypatch.setattr(crew, "PATIENCE", 0.2)
    log = tmp_path / "log"
    stubborn = (
        "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('here', flush=True); time.sleep(600)"
    )
    member = start(members, sys.executable, "-c", stubborn, log=log)
    assert soon(lambda: log.read_text() == "here\n")

    members.stop()

    assert member.process.returncode == -signal.SIGKILL


def test_members_do_not_outlive_a_starter_that_was_killed():
    with subprocess.Popen(
        [sys.executable, "-c", STARTER], cwd=places.ROOT, stdout=subprocess.PIPE, text=True
    ) as starter:
        member = int(starter.stdout.readline())
        assert alive(member)

        starter.kill()
        starter.wait()

    assert soon(lambda: not alive(member))
