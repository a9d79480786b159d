"""The processes of docker-compose.yml, started as it starts them, are found well by the health checks that it names."""

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from pipeline_crm.launch import crew, places
from tests.setup import production

SERVICES = yaml.safe_load((places.ROOT / "docker-compose.yml").read_text())["services"]
PATIENCE = 30.0


@pytest.fixture
def members() -> Iterator[crew.Crew]:
    """A crew that the test need not stop."""
    found = crew.Crew()
    yield found
    found.stop()


@pytest.fixture
def environment(tmp_path, redis_server) -> dict[str, str]:
    """What the containers would find, with this test's own database, Redis and port in it."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = str(free.getsockname()[1])
    # The commands of the virtual environment come first, as they do in the image.
    path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
    ours = {"PATH": path, "HOSTNAME": socket.gethostname(), "VAR_DIR": str(tmp_path), "PORT": port}
    servers = {"REDIS_URL": redis_server.replace("unix:", "redis+socket:"), "DATABASE_URL": os.environ["DATABASE_URL"]}
    return production.SETTINGS | ours | servers


def command(name: str, environment: dict[str, str]) -> list[str]:
    return [word.replace("0.0.0.0:8000", f"127.0.0.1:{environment['PORT']}") for word in SERVICES[name]["command"]]


def health_check(name: str, environment: dict[str, str]) -> "subprocess.CompletedProcess[str]":
    kind, *words = SERVICES[name]["healthcheck"]["test"]
    # Compose writes a dollar twice.
    words = words if kind == "CMD" else ["sh", "-c", words[0].replace("$$", "$")]
    return subprocess.run(words, cwd=places.ROOT, env=environment, capture_output=True, text=True, check=False)


@pytest.mark.redis
@pytest.mark.parametrize("name", ["web", "worker", "beat"])
def test_a_process_is_ill_before_it_starts_and_well_afterwards(name, members, environment, tmp_path):
    before = health_check(name, environment)

    members.start(name, command(name, environment), environment=environment, cwd=places.ROOT, log=tmp_path / "log")
    until = time.monotonic() + PATIENCE
    while health_check(name, environment).returncode and members.fallen() is None and time.monotonic() < until:
        time.sleep(0.2)
    after = health_check(name, environment)

    assert before.returncode != 0
    assert after.returncode == 0, (tmp_path / "log").read_text() + after.stdout + after.stderr
