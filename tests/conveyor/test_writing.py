"""What an act writes: the record as far as it has changed, with its movement, in few statements."""

from __future__ import annotations

from contextlib import nullcontext
from datetime import timedelta

import pytest
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext

from leads import actions as scouting
from leads.models import Lead
from pipeline_crm.bulk import insert_rows
from pipeline_crm.conveyor import actions as belt
from pipeline_crm.conveyor.moves import hold, keep, shift
from pipeline_crm.conveyor.writing import update
from pipeline_crm.timeline.models import Cause, Entry, Movement
from tests.cast import MONDAY, make_contacted, make_lead
from tests.counting import Questions
from tests.laws.checker import broken

LATER = MONDAY + timedelta(hours=1)


def test_what_an_act_has_not_changed_is_not_written_back(sam):
    lead = make_lead(sam)
    item = hold(Lead, lead.pk, by=None, now=MONDAY)
    belt.set_task(Lead, lead.pk, title="Call again", due_at=LATER, by=sam.user, now=MONDAY)

    shift(item, "contact")
    movement = keep(item, cause=Cause.CONTACTED, by=sam.user, now=MONDAY)

    kept = Lead.objects.get(pk=lead.pk)
    assert (kept.state, kept.version, kept.next_task_at) == ("contacted", 2, LATER)
    assert Movement.objects.get(record_id=lead.pk, version=2) == movement
    assert broken() == {}


def test_a_record_that_has_not_changed_is_not_written_at_all(sam):
    item = hold(Lead, make_lead(sam).pk, by=None, now=MONDAY)

    with CaptureQueriesContext(connection) as asked:
        update(item)

    assert len(asked) == 0


def test_what_was_not_read_is_not_written(sam):
    lead = make_lead(sam, comment="Likes oak.")
    item = Lead.objects.defer("comment", "campaign").get(pk=lead.pk)

    item.hops, item.campaign = 1, "Spring"
    update(item)

    kept = Lead.objects.get(pk=lead.pk)
    assert (kept.hops, kept.comment, kept.campaign) == (1, "Likes oak.", "Spring")


def test_json_is_written_by_its_column_whatever_it_is(sam):
    lead = make_lead(sam)
    told = {"client_id": lead.client_id, "pipeline_id": lead.pipeline_id, "stage": "lead", "record_id": lead.pk}
    told |= {"kind": "note", "at": MONDAY, "text": "", "outcome": ""}

    for details in (["a", "a"], [[1], [1]], [{"a": None}, "b"], [None, None], [{}, None]):
        rows = [{**told, "details": each} for each in details]
        with nullcontext() if None not in details else pytest.raises(IntegrityError), transaction.atomic():
            insert_rows(Entry, rows)

    assert [entry.details for entry in Entry.objects.filter(kind="note").order_by("id")] == [
        "a", "a", [1], [1], {"a": None}, "b",
    ]  # fmt: skip


def statements(act):
    act()  # what a process keeps in memory is there afterwards
    with Questions() as asked:
        act()
    return len(asked)


@pytest.mark.parametrize("held", [2, 12])
def test_an_act_asks_no_more_of_the_database_however_many_records_there_are(browse, sam, hal, held):
    fresh, warm = [make_lead(sam).pk for _ in range(held)], [make_contacted(sam).pk for _ in range(held)]
    browser, told = browse(sam), {"kind": "call", "outcome": "reached", "text": "Hello."}

    touched = statements(lambda: browser.post(f"/leads/{fresh.pop()}/touch/", told))
    offered = statements(lambda: browser.post(f"/deals/from-lead/{warm.pop()}/", {"summary": "Wants two rooms."}))

    assert Lead.objects.filter(state="qualified").count() == 2
    # Two of each tell the database with whose eyes it reads.
    assert (touched, offered) == (12, 19)


def test_a_lead_is_touched_and_contacted_in_one_move(sam):
    lead = make_lead(sam)

    scouting.log_touch(lead.pk, kind="meeting", text="Met.", by=sam.user, now=MONDAY)

    assert list(Movement.objects.filter(record_id=lead.pk).values_list("cause", flat=True)) == ["captured", "contacted"]
