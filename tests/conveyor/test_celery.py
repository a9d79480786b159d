"""The sweep is rung by real processes: beat, a broker, a worker; and a message lost or doubled changes nothing."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from django.db import connection
from django.utils import timezone

from leads.models import Lead
from pipeline_crm.launch import crew, places
from pipeline_crm.tiers.models import Rung
from pipeline_crm.timeline.models import Movement
from tests.cast import make_lead

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.redis]
PATIENCE = 40.0


@pytest.fixture
def members() -> Iterator[crew.Crew]:
    """A crew that the test need not stop."""
    found = crew.Crew()
    yield found
    found.stop()


@pytest.fixture(params=["redis", "filesystem"])
def environment(request, tmp_path) -> dict[str, str]:
    """The test's own database and a broker of its own, by the one setting that chooses it."""
    database = urlsplit(os.environ["DATABASE_URL"])._replace(path=f"/{connection.settings_dict['NAME']}")
    ours = {
        "DEBUG": "1",
        "DATABASE_URL": database.geturl(),
        "VAR_DIR": str(tmp_path),
        "SWEEP_SECONDS": "1",
        "PATH": os.environ["PATH"],
    }
    if request.param == "redis":
        ours["REDIS_URL"] = request.getfixturevalue("redis_server").replace("unix:", "redis+socket:")
    return ours


def start(members: crew.Crew, name: str, environment: dict[str, str], folder: Path, *words: str) -> None:
    """Starts a Celery process of the project as `make demo` does."""
    command = [sys.executable, "-m", "celery", "--app", "pipeline_crm.celery:app", *words, "--loglevel", "WARNING"]
    members.start(name, command, environment=environment, cwd=places.ROOT, log=folder / f"{name}.log")


def eventually(holds: Callable[[], bool]) -> bool:
    """Whether something comes true while processes are at work."""
    until = time.monotonic() + PATIENCE
    while time.monotonic() < until:
        if holds():
            return True
        time.sleep(0.1)
    return False


def test_beat_rings_the_worker_and_the_stale_lead_moves_once(members, environment, tmp_path, sam, sue):
    Rung.objects.all().delete()
    lead = make_lead(sam, now=timezone.now() - timedelta(days=14))

    # Two workers and two beats: whatever is rung twice is done once.
    for number in (1, 2):
        start(
            members,
            f"worker{number}",
            environment,
            tmp_path,
            "worker",
            "--pool",
            "solo",
            "--hostname",
            f"w{number}@test",
        )
        start(
            members,
            f"beat{number}",
            environment,
            tmp_path,
            "beat",
            "--pidfile",
            "",
            "--schedule",
            str(tmp_path / f"beat{number}"),
        )
    moved = eventually(lambda: Lead.objects.get(pk=lead.pk).seat == sue)

    assert moved, "".join(log.read_text() for log in tmp_path.glob("*.log"))
    assert members.fallen() is None
    assert list(Movement.objects.filter(stage="lead", record_id=lead.pk).values_list("version", "cause")) == [
        (1, "captured"),
        (2, "stale"),
    ]
