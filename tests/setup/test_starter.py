"""Whoever starts the demo wrongly gets one sentence, not a traceback."""

import fcntl
import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from pipeline_crm.launch import places


def start(var: Path, *words: str, **environment: str) -> "subprocess.CompletedProcess[str]":
    """Runs the starter with a var/ of its own, so that a demo on this machine is not touched."""
    return subprocess.run(
        [sys.executable, "-m", "pipeline_crm.launch.demo", *words],
        cwd=places.ROOT,
        env=os.environ | {"VAR_DIR": str(var)} | environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )


def test_a_busy_port_is_one_sentence(tmp_path):
    with socket.socket() as busy:
        busy.bind(("127.0.0.1", 0))
        busy.listen()
        port = busy.getsockname()[1]

        done = start(tmp_path, PORT=str(port))

    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.strip() == (
        f"Port {port} cannot be used (Address already in use); choose another, as in: make demo PORT=8001"
    )


@pytest.mark.parametrize("port", ["http", "0", "70000"])
def test_a_port_that_is_none_is_one_sentence(tmp_path, port):
    done = start(tmp_path, PORT=port)

    assert (done.returncode, done.stderr.strip()) == (1, f"PORT must be a number from 1 to 65535, not “{port}”.")


@pytest.mark.parametrize("word", ["demo", "dev", "reset"])
def test_a_running_demo_is_left_in_peace(tmp_path, word):
    with (tmp_path / "demo.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        lock.write(" at http://localhost:8000/")
        lock.flush()

        done = start(tmp_path, word)

    assert done.returncode == 1
    assert done.stderr.strip() == "The demo is already running at http://localhost:8000/; stop it with Ctrl-C first."


def test_reset_throws_the_demo_away_and_nothing_else(tmp_path):
    for name in ("demo/postgres", "broker/messages", "beat", "media"):
        (tmp_path / name).mkdir(parents=True)

    done = start(tmp_path, "reset")

    assert done.returncode == 0
    assert sorted(path.name for path in tmp_path.iterdir() if path.is_dir()) == ["media"]


def test_an_unknown_word_is_answered_with_the_known_ones(tmp_path):
    done = start(tmp_path, "fly")

    assert (done.returncode, done.stderr.strip()) == (2, "usage: python -m pipeline_crm.launch.demo [demo|dev|reset]")
