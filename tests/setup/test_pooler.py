"""Behind a pooler that lends connections by the transaction nothing of one person is left for the next."""

from __future__ import annotations

import contextlib
import shutil
import subprocess
import tempfile
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from random import Random
from typing import Any

import psycopg2
import pytest
from django.db import ProgrammingError, connection
from psycopg2.extensions import make_dsn

from leads.models import Lead
from pipeline_crm.access.identity import acting_as, system_scope
from pipeline_crm.launch import tether
from pipeline_crm.launch.postgres import SYSTEM_ACCOUNT, _account
from pipeline_crm.tiers.models import Pipeline, Seat
from tests.cast import make_lead
from tests.conftest import do_without

pytestmark = pytest.mark.django_db(transaction=True)
PORT = 6432  # of a socket in a folder of its own
SETTINGS = """
[databases]
{name} = {server}
[pgbouncer]
listen_addr =
unix_socket_dir = {folder}
listen_port = {port}
auth_type = any
pool_mode = transaction
default_pool_size = {size}
server_lifetime = 3600
"""
REFUSED = "Nobody has said who asks for clients"


@contextlib.contextmanager
def pooled(size: int) -> Iterator[None]:
    """Inside, Django's connections go through a PgBouncer that has so many of the server's to lend."""
    program = (
        shutil.which("pgbouncer") or shutil.which("pgbouncer", path="/usr/sbin") or do_without("pgbouncer", "pgbouncer")
    )
    given = connection.get_connection_params()
    server = make_dsn(
        **{name: given[name] for name in ("host", "port", "user", "password", "dbname") if given.get(name)}
    )
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        words = SETTINGS.format(name=given["dbname"], server=server, folder=folder, port=PORT, size=size)
        (folder / "pgbouncer.ini").write_text(words)
        account = _account()  # it refuses to run as root, as PostgreSQL does
        if account:
            shutil.chown(folder, SYSTEM_ACCOUNT)
        process = subprocess.Popen(
            [program, "-q", str(folder / "pgbouncer.ini")],
            stderr=subprocess.PIPE,
            text=True,
            preexec_fn=tether.to_parent(15),
            **account,
        )
        try:
            assert process.stderr is not None
            wait_for(process, folder)
            with redirected(folder):
                yield
        finally:
            process.terminate()
            process.wait(10)
            process.stderr.close()


def wait_for(process: subprocess.Popen[str], folder: Path) -> None:
    """Returns when the pooler answers."""
    for _try in range(500):
        if process.poll() is not None:
            pytest.fail(process.stderr.read() if process.stderr else "pgbouncer ended")
        if (folder / f".s.PGSQL.{PORT}").exists():
            return
        threading.Event().wait(0.02)
    pytest.fail("pgbouncer did not answer within 10 s")


@contextlib.contextmanager
def redirected(folder: Path) -> Iterator[None]:
    """Django's settings as they are with DATABASE_POOLER=1; what a connection is at first, the server alone says."""
    known = connection.settings_dict
    before = {name: known[name] for name in ("HOST", "PORT", "OPTIONS", "DISABLE_SERVER_SIDE_CURSORS")}
    connection.close()
    known.update(HOST=str(folder), PORT=str(PORT), OPTIONS={}, DISABLE_SERVER_SIDE_CURSORS=True)
    try:
        yield
    finally:
        connection.close()
        known.update(before)


def seen_by(user_id: int | None) -> tuple[int, list[int]]:
    """On which connection of the server somebody was served, and the leads that they were shown; no rule is asked."""
    with acting_as(user_id):
        return backend(), sorted(Lead.objects.values_list("pk", flat=True))


def backend() -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        return int(cursor.fetchone()[0])


def shown_to_nobody() -> list[int] | str:
    """What a connection is shown that does not say who asks: the same that somebody has just had."""
    try:
        return sorted(Lead.objects.values_list("pk", flat=True))
    except ProgrammingError as why:
        return str(why).partition("\n")[0]


@pytest.fixture
def leads(pipeline: Pipeline, sam: Seat, sue: Seat) -> dict[int, list[int]]:
    """By person, the leads that are theirs."""
    return {seat.user_id: sorted(make_lead(seat).pk for _each in range(2)) for seat in (sam, sue)}


def test_two_people_take_turns_on_one_connection(leads: dict[int, list[int]]) -> None:
    first, second = leads
    with pooled(1):
        told = [seen_by(who) for who in (first, second, first, None, second)]
        nobody = shown_to_nobody()
        with system_scope("a test"):
            house = Lead.objects.count()
        after = shown_to_nobody()

    assert len({pid for pid, _rows in told}) == 1
    assert [rows for _pid, rows in told] == [leads[first], leads[second], leads[first], [], leads[second]]
    assert (nobody, house, after) == (REFUSED, 4, REFUSED)


def test_many_at_once_on_two_connections_each_see_their_own(leads: dict[int, list[int]]) -> None:
    first, second = leads
    wrong: list[Any] = []
    ways: dict[str, tuple[Callable[[], Any], Any]] = {
        "first": (lambda: seen_by(first)[1], leads[first]),
        "second": (lambda: seen_by(second)[1], leads[second]),
        "stranger": (lambda: seen_by(None)[1], []),
        "nobody": (shown_to_nobody, REFUSED),
    }

    def work(seed: int) -> None:
        dice = Random(seed)
        try:
            for _turn in range(40):
                name = dice.choice(list(ways))
                ask, expected = ways[name]
                if (told := ask()) != expected:
                    wrong.append((name, told))
        except Exception as error:
            wrong.append(error)
        finally:
            connection.close()

    with pooled(2):
        hands = [threading.Thread(target=work, args=(seed,)) for seed in range(6)]
        for hand in hands:
            hand.start()
        for hand in hands:
            hand.join(60)

    assert wrong == []


def test_what_breaks_in_the_middle_leaves_nothing(leads: dict[int, list[int]]) -> None:
    first, _second = leads
    with pooled(1):
        with contextlib.suppress(RuntimeError), acting_as(first):
            seen_by(first)
            raise RuntimeError
        broken = shown_to_nobody()
        with contextlib.suppress(ProgrammingError), acting_as(first), connection.cursor() as cursor:
            cursor.execute("SELECT nothing")
        failed = shown_to_nobody()
        gone = somebody_goes_away(first)

    assert (broken, failed, gone) == (REFUSED, REFUSED, REFUSED)


def somebody_goes_away(user_id: int) -> list[int] | str:
    """A client of the pooler is cut off inside its transaction; what the next one is shown."""
    given = connection.get_connection_params()
    with (
        contextlib.closing(
            psycopg2.connect(dbname=given["dbname"], user=given["user"], host=given["host"], port=PORT)
        ) as one,
        one.cursor() as cursor,
    ):
        cursor.execute("SELECT crm_be(%s, now()), set_config('role', 'crm_web', true)", [user_id])
    return shown_to_nobody()


def test_pages_go_through_it(leads: dict[int, list[int]], sam: Seat, sue: Seat, browse: Any) -> None:
    browsers = {seat.user_id: browse(seat) for seat in (sam, sue)}
    with pooled(1):
        codes = {
            who: [browser.get(f"/leads/{pk}/").status_code for pks in leads.values() for pk in pks]
            for who, browser in browsers.items()
        }
        nobody = shown_to_nobody()

    first, second = leads
    assert codes == {first: [200, 200, 404, 404], second: [404, 404, 200, 200]}
    assert nobody == REFUSED


def test_the_alarm_rings_when_an_identity_is_put_on_for_the_session(leads: dict[int, list[int]]) -> None:
    """A careless build: `false` where `true` keeps an identity to its transaction."""
    first, _second = leads
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_get_functiondef('crm_be(bigint, timestamptz)'::regprocedure)")
        careful = cursor.fetchone()[0]
        cursor.execute(careful.replace(", true)", ", false)"))
    try:
        with pooled(1):
            seen_by(first)
            told = shown_to_nobody()
    finally:
        with connection.cursor() as cursor:
            cursor.execute(careful)

    assert told == leads[first]
