"""Each of the ten questions rings on a history that breaks just its promise, and is silent on a whole one."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

import psycopg2
import pytest
from django.db import connection

from leads.models import Lead
from pipeline_crm.conveyor.sweep import sweep
from pipeline_crm.tiers.models import Rung, Tier
from tests.cast import make_deal, make_lead, make_offer
from tests.laws.ten import TEN, ten

pytestmark = pytest.mark.django_db
# The moment of a commit, and somebody else's lock, are seen only where things are committed.
really = pytest.mark.django_db(transaction=True)
HOUR = timedelta(hours=1)


@pytest.fixture
def told(pipeline, sam, sue, hal, hana) -> dict[str, int]:
    """A lead that lay too long and went from one to the other, an offer that waits for an answer, a deal in work."""
    Rung.objects.all().delete()
    Tier.objects.update(off_hours=True)
    make_deal(sam, hal)
    stale = make_lead(sam)
    sweep(now=stale.due_at)
    make_offer(sue, now=stale.due_at)
    lead = Lead.objects.get(pk=stale.pk)
    return {"lead": lead.pk, "now": lead.due_at - HOUR, "sue": sue.pk, "sam": sam.pk}


def answers(told: dict[str, int]) -> list[str]:
    """The questions that find something."""
    found = ten(now=told["now"], tick=timedelta(minutes=1), shortest=HOUR / 2)
    return [name for name, rows in found.items() if rows]


def past_the_laws(statement: str) -> None:
    """Writes what no act and no law would let through."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SET CONSTRAINTS ALL IMMEDIATE; SET CONSTRAINTS ALL DEFERRED; SET session_replication_role = replica"
        )
        cursor.execute(statement)
        cursor.execute("SET session_replication_role = DEFAULT")


def test_a_whole_history_is_silent(told):
    assert answers(told) == []


BROKEN = {
    "exactly one holder": """UPDATE conveyor_handoff SET receiver_id = (SELECT max(id) FROM tiers_seat WHERE id <> receiver_id)
        WHERE state = 'offered'""",
    "versions without gap or double": "DELETE FROM timeline_movement WHERE record_id = {lead} AND stage = 'lead' AND version = 1",
    "last movement is the seat": """UPDATE leads_lead SET step_id = (SELECT max(id) FROM tiers_step WHERE stage = 'lead')
        WHERE id = {lead}""",
    "load is the open records": "INSERT INTO conveyor_load (seat_id, delta) VALUES ({sue}, 1)",
    "load within capacity": "UPDATE tiers_seat SET capacity = 0 WHERE id = {sue}",
    "each breach acted on once": """UPDATE timeline_movement SET at = (
        SELECT at FROM timeline_movement WHERE record_id = {lead} AND stage = 'lead' AND version = 1) + interval '1 second'
        WHERE record_id = {lead} AND stage = 'lead' AND version = 2""",
    "each due record acted on": "UPDATE leads_lead SET stale_at = stale_at - interval '9 days' WHERE id = {lead}",
    "notices one per event": "DELETE FROM outbox_notice WHERE event LIKE 'lead:{lead}:2:given'",
}

DISMISSED = "UPDATE tiers_seat SET is_open = false WHERE id = {sam}"
WRITTEN_ANEW = "UPDATE timeline_movement SET why = why WHERE to_seat_id = {sam} AND record_id = {lead}"


@pytest.mark.parametrize("question", BROKEN)
def test_a_question_rings_alone(told, question):
    past_the_laws(BROKEN[question].format(**told))

    assert answers(told) == [question]


@really
def test_the_question_of_the_inactive_rings(told):
    """Whoever has left has nothing now, but was given something after the commit by which they left."""
    past_the_laws(DISMISSED.format(**told))
    assert answers(told) == []

    # Written anew after that commit, as a slow sweep would have written it.
    past_the_laws(WRITTEN_ANEW.format(**told))

    assert answers(told) == ["nobody inactive received"]


@really
def test_the_question_of_the_locked_rings(told):
    with somebody_elses_lock(told["lead"]):
        assert answers(told) == ["no deadlock left a record"]


@contextmanager
def somebody_elses_lock(pk: int) -> Iterator[None]:
    """A transaction that ends only when the block does."""
    other = psycopg2.connect(**connection.get_connection_params() | {"cursor_factory": None})
    try:
        other.cursor().execute("SELECT 1 FROM leads_lead WHERE id = %s FOR UPDATE", [pk])
        yield
    finally:
        other.close()


def test_ten_are_ten():
    asked = {*BROKEN, "nobody inactive received", "no deadlock left a record"}

    assert asked == set(TEN)
    assert len(asked) == 10
