"""Digests are rung by real processes, and go to a real mail server; whoever dies in between doubles nothing."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from django.utils import timezone

from pipeline_crm.launch import crew
from pipeline_crm.outbox.models import Digest, Mail, Notice
from tests.conveyor.test_celery import environment, eventually, members, start
from tests.outbox.post_office import PostOffice, open_office
from tests.outbox.wishes import hears, told

__all__ = ["environment", "members"]

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.redis]


@pytest.fixture
def office() -> Iterator[PostOffice]:
    """A mail server."""
    with open_office() as found:
        yield found


@pytest.fixture
def due(sam, sue) -> None:
    """Two people with two notices each, whose hour has come."""
    for who in (sam, sue):
        hears(who.user, "hourly", now=timezone.now() - timedelta(hours=2))
        told(who.user, Notice.Kind.OFFERED, "e:1")
        told(who.user, Notice.Kind.WARNED, "e:2")


def start_bell(members: crew.Crew, name: str, surroundings: dict[str, str], folder: Path) -> None:
    """Beat, on a schedule of its own."""
    start(members, name, surroundings, folder, "beat", "--pidfile", "", "--schedule", str(folder / f"{name}-schedule"))


def start_worker(members: crew.Crew, name: str, surroundings: dict[str, str], folder: Path) -> None:
    """A worker of one process."""
    start(members, name, surroundings, folder, "worker", "--pool", "solo", "--hostname", f"{name}@test")


def test_two_beats_and_two_workers_send_one_mail_each(members, environment, tmp_path, due, office):
    surroundings = environment | {"DIGEST_SECONDS": "1", "MAIL_URL": office.url}
    for number in (1, 2):
        start_worker(members, f"worker{number}", surroundings, tmp_path)
        start_bell(members, f"beat{number}", surroundings, tmp_path)

    sent = eventually(lambda: Mail.objects.filter(sent_at__isnull=False).count() == 2)
    # The hour comes again for everybody, and the bell rings on.
    Digest.objects.update(due_at=timezone.now())
    again = eventually(lambda: not Digest.objects.filter(due_at__lte=timezone.now()).exists())

    assert (sent, again) == (True, True), "".join(log.read_text() for log in tmp_path.glob("*.log"))
    assert members.fallen() is None
    assert sorted((letter["To"], letter["Subject"]) for letter in office.letters) == [
        ("sam@firm.example", "2 new notices in Pipeline"),
        ("sue@firm.example", "2 new notices in Pipeline"),
    ]


@pytest.mark.parametrize("environment", ["filesystem"], indirect=True)
def test_a_worker_killed_between_sending_and_writing_it_down_leads_to_the_same_message(
    members, environment, tmp_path, due, office
):
    surroundings = environment | {"DIGEST_SECONDS": "1", "MAIL_URL": office.url}
    office.dumb.set()
    start_bell(members, "beat", surroundings, tmp_path)
    start_worker(members, "first", surroundings, tmp_path)
    taken = eventually(lambda: len(office.taken) == 1)
    worker = next(member for member in members.members if member.name == "first")
    os.killpg(worker.process.pid, signal.SIGKILL)
    worker.process.wait()
    members.members.remove(worker)
    office.dumb.clear()

    start_worker(members, "second", surroundings, tmp_path)
    sent = eventually(lambda: Mail.objects.filter(sent_at__isnull=False).count() == 2)

    assert (taken, sent) == (True, True), "".join(log.read_text() for log in tmp_path.glob("*.log"))
    assert len(office.taken) == 3
    first, *rest = office.letters
    second = next(letter for letter in rest if letter["To"] == first["To"])
    assert {name: first[name] for name in WORDS} == {name: second[name] for name in WORDS}
    assert parts(first) == parts(second)
    assert len({letter["Message-ID"] for letter in office.letters}) == 2


WORDS = ("Message-ID", "Date", "Subject", "From", "To")


def parts(letter) -> list[str]:
    """The texts of a letter."""
    return [part.get_payload(decode=True).decode() for part in letter.walk() if not part.is_multipart()]


@pytest.mark.parametrize("environment", ["filesystem"], indirect=True)
def test_at_home_each_mail_is_a_file_to_look_at(members, environment, tmp_path, due):
    start_bell(members, "beat", environment | {"DIGEST_SECONDS": "1"}, tmp_path)
    start_worker(members, "worker", environment | {"DIGEST_SECONDS": "1"}, tmp_path)

    sent = eventually(lambda: Mail.objects.filter(sent_at__isnull=False).count() == 2)

    files = [path.read_text() for path in (tmp_path / "demo" / "mail").iterdir()]
    assert sent
    assert sorted(text.count("Message-ID: ") for text in files) in ([1, 1], [2])
    assert "http://localhost:8000/notices/" in files[0]
