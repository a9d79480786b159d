"""Exactly one notice per person and event, and per channel; a muted one makes no sound and is not forgotten."""

from __future__ import annotations

from itertools import product

import pytest
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext

from pipeline_crm.outbox.actions import Choice, choose, tell, tell_many
from pipeline_crm.outbox.models import Channel, Delivery, Notice
from tests.cast import MONDAY
from tests.outbox.wishes import hears, told
from tests.races.test_races import at_once

OFFERED = Notice.Kind.OFFERED


@pytest.mark.django_db
def test_an_event_is_told_once_however_often_it_is_said(sam, sue):
    for _time in range(3):
        tell([sam.user_id, sam.user_id, sue.user_id], kind=OFFERED, stage="deal", record_id=7, event="e:1", now=MONDAY)

    assert sorted(Notice.objects.values_list("user_id", "kind", "stage", "record_id", "event")) == sorted(
        (who.user_id, "offered", "deal", 7, "e:1") for who in (sam, sue)
    )


@pytest.mark.django_db
def test_many_rows_are_told_in_one_statement_and_counted(sam, sue):
    hears(sam.user, "hourly")
    rows = [(who.user_id, OFFERED, "deal", each, f"e:{each}") for who in (sam, sue) for each in range(500)]

    costs, new = [], []
    for some in (rows[:1], rows, rows):
        with CaptureQueriesContext(connection) as counted:
            new.append(tell_many(some, now=MONDAY))
        costs.append(len(counted))

    assert (costs, new) == ([1, 1, 1], [1, 999, 0])
    assert (Notice.objects.count(), Delivery.objects.count()) == (1000, 500)


@pytest.mark.django_db
def test_nothing_to_tell_asks_nothing(django_assert_num_queries):
    with django_assert_num_queries(0):
        assert tell_many([], now=MONDAY) == 0


# Each cell: what was muted, whether there is a digest → whether the bell rings, whether a mail will hold it.
CELLS = {
    (muted, rhythm): ("bell" not in muted, rhythm != "never" and "email" not in muted)
    for muted, rhythm in product(
        [(), ("bell",), ("email",), ("bell", "email")],
        ["never", "hourly", "daily"],
    )
}
assert set(CELLS.values()) == {(True, False), (True, True), (False, False), (False, True)}


@pytest.mark.django_db
@pytest.mark.parametrize(("cell", "heard"), CELLS.items())
@pytest.mark.parametrize("kind", [OFFERED, Notice.Kind.POOL_STUCK, Notice.Kind.FULL])
def test_each_kind_is_muted_by_each_channel_alone(sam, sue, kind, cell, heard):
    muted, rhythm = cell
    hears(sam.user, rhythm, muted=[(kind, channel) for channel in muted])
    hears(sue.user, rhythm)

    for who in (sam, sue):
        told(who.user, kind, "e:1")
        told(who.user, Notice.Kind.WARNED, "e:2")

    assert heard_of(sam, kind) == heard
    # Another kind, and the same kind at a colleague's, are as they were.
    assert heard_of(sam, Notice.Kind.WARNED) == heard_of(sue, kind) == (True, rhythm != "never")
    assert Notice.objects.filter(user=sam.user).count() == 2


def heard_of(who, kind):
    """Whether the bell rings for a kind, and whether a mail is to hold it."""
    return (
        Notice.objects.unread_by(who.user_id).filter(kind=kind).exists(),
        Delivery.objects.filter(notice__user=who.user, notice__kind=kind).exists(),
    )


@pytest.mark.django_db
@pytest.mark.parametrize("kind", Notice.OF_MANY)
@pytest.mark.parametrize("stage", ["", "lead"])
def test_what_is_about_many_names_no_record(sam, kind, stage):
    assert tell_many([(sam.user_id, kind, stage, None, "e:1")], now=MONDAY) == 1


@pytest.mark.django_db
@pytest.mark.parametrize("kind", [kind for kind in Notice.Kind if kind not in Notice.OF_MANY])
@pytest.mark.parametrize(("stage", "record"), [("", None), ("lead", None), ("", 1)])
def test_what_is_about_one_record_names_it(sam, kind, stage, record):
    with pytest.raises(IntegrityError, match="a_notice_names_its_record"):
        tell_many([(sam.user_id, kind, stage, record, "e:1")], now=MONDAY)


@pytest.mark.django_db(transaction=True)
def test_two_who_tell_the_same_events_at_once_tell_each_once(sam, sue, hal):
    """In opposite orders, which would make a ring of two that wait for each other."""
    hears(sam.user, "hourly")
    rows = [(who.user_id, OFFERED, "deal", each, f"e:{each}") for who in (sam, sue, hal) for each in range(300)]

    results = at_once(lambda: tell_many(rows, now=MONDAY), lambda: tell_many(rows[::-1], now=MONDAY))

    assert sum(results) == 900
    assert (Notice.objects.count(), Delivery.objects.count()) == (900, 300)


@pytest.mark.django_db
def test_what_is_rolled_back_was_never_told(sam):
    hears(sam.user, "hourly")
    with transaction.atomic():
        told(sam.user, OFFERED, "e:1")
        transaction.set_rollback(True)

    assert (Notice.objects.count(), Delivery.objects.count()) == (0, 0)


@pytest.mark.django_db
def test_a_choice_of_some_kinds_leaves_the_others(sam):
    everything = [(kind, Channel.BELL) for kind in Notice.Kind]
    hears(sam.user, "never", muted=everything)

    choose(Choice("never", 8, None, asked=[OFFERED], muted=[]), by=sam.user, now=MONDAY)

    assert set(sam.user.mutes.values_list("kind", flat=True)) == set(Notice.Kind.values) - {"offered"}
