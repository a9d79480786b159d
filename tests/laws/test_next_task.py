"""A record knows when its next task is due, whoever writes the tasks, and nobody else can tell it otherwise."""

from datetime import timedelta

import pytest
from django.db import connection

from deals import actions as hunting
from deals.models import Deal
from leads.models import Lead
from pipeline_crm.conveyor import actions as belt
from pipeline_crm.timeline.models import Task
from tests.cast import BRIEF, MONDAY, make_contacted, make_lead
from tests.laws.checker import broken

NOON, EVENING = MONDAY + timedelta(hours=3), MONDAY + timedelta(hours=9)
UNKNOWN = "lead: a record does not know when its next task is due"


def task_for(lead: Lead, due_at=NOON) -> Task:
    return belt.set_task(Lead, lead.pk, title="Send the plan", due_at=due_at, by=lead.seat.user, now=MONDAY)


def next_of(item):
    return type(item).objects.get(pk=item.pk).next_task_at


def test_the_first_of_the_tasks_that_are_not_done(sam):
    lead = make_lead(sam)
    told = [next_of(lead)]

    evening = task_for(lead, EVENING)
    told.append(next_of(lead))
    noon = task_for(lead, NOON)
    told.append(next_of(lead))
    for task in (noon, evening):
        belt.finish_task(Lead, lead.pk, task_id=task.pk, by=sam.user, now=MONDAY)
        told.append(next_of(lead))

    assert told == [None, EVENING, NOON, EVENING, None]


def test_tasks_written_in_bulk_tell_each_of_their_records(sam):
    leads = [make_lead(sam) for _ in range(3)]
    for lead in leads:
        task_for(lead)

    Task.objects.filter(record_id__in=[lead.pk for lead in leads[:2]]).update(due_at=EVENING)
    Task.objects.filter(record_id=leads[2].pk).delete()

    assert [next_of(lead) for lead in leads] == [EVENING, EVENING, None]


def test_a_task_that_travels_tells_both_records(sam, hal):
    lead = make_contacted(sam)
    task_for(lead)

    hunting.offer_from_lead(lead.pk, brief=BRIEF, by=sam.user, now=MONDAY)

    assert (next_of(lead), Deal.objects.get(lead=lead).next_task_at) == (None, NOON)


def test_a_record_saved_as_it_was_read_does_not_forget_its_task(sam):
    lead = make_lead(sam)
    read_before = Lead.objects.get(pk=lead.pk)
    task_for(lead)

    read_before.save()
    Lead.objects.filter(pk=lead.pk).update(next_task_at=None)

    assert next_of(lead) == NOON


def test_a_task_is_no_move(sam):
    lead = make_lead(sam)
    version = Lead.objects.get(pk=lead.pk).version

    task_for(lead)

    assert Lead.objects.get(pk=lead.pk).version == version


@pytest.mark.parametrize("silent", ["a_task_is_set_for_its_record", "a_task_changes_for_its_record"])
def test_the_alarm_rings_when_tasks_keep_silent(sam, silent):
    with connection.cursor() as cursor:
        cursor.execute("SELECT tgname FROM pg_trigger WHERE tgname LIKE %s", [f"pgtrigger_{silent}%"])
        [[name]] = cursor.fetchall()
        cursor.execute(f"ALTER TABLE timeline_task DISABLE TRIGGER {name}")
    done, left = make_lead(sam), make_lead(sam)

    task = task_for(done)
    belt.finish_task(Lead, done.pk, task_id=task.pk, by=sam.user, now=MONDAY)
    task_for(left)

    assert broken() == {UNKNOWN: [left.pk if silent == "a_task_is_set_for_its_record" else done.pk]}


def test_the_alarm_rings_when_a_record_believes_whoever_saves_it(sam):
    with connection.cursor() as cursor:
        cursor.execute("SELECT tgname FROM pg_trigger WHERE tgname LIKE 'pgtrigger_a_lead_is_told_of_its_tasks%'")
        [[name]] = cursor.fetchall()
        cursor.execute(f"ALTER TABLE leads_lead DISABLE TRIGGER {name}")
    lead = make_lead(sam)
    task_for(lead)

    Lead.objects.filter(pk=lead.pk).update(next_task_at=None)

    assert broken() == {UNKNOWN: [lead.pk]}
