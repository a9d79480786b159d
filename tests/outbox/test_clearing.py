"""Old notices go when nobody needs them any more, and nothing else does."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.conf import settings

from pipeline_crm.outbox import clearing
from pipeline_crm.outbox.actions import read_all
from pipeline_crm.outbox.clearing import clear_mails, clear_old
from pipeline_crm.outbox.digests import ring
from pipeline_crm.outbox.models import Delivery, Mail, Notice
from tests.cast import MONDAY
from tests.outbox.wishes import hears, told

pytestmark = pytest.mark.django_db

DAY = timedelta(days=1)
LATER = MONDAY + 91 * DAY
OFFERED, WARNED = Notice.Kind.OFFERED, Notice.Kind.WARNED


def left() -> list[str]:
    """What is still there, by the names of the events."""
    return sorted(Notice.objects.values_list("event", flat=True))


def test_what_was_read_or_muted_goes_and_what_was_not_stays(sam, sue):
    told(sam.user, OFFERED, "read")
    read_all(of=sam.user_id, now=MONDAY + 89 * DAY)
    hears(sam.user, "never", muted=[(WARNED, "bell")])
    told(sam.user, WARNED, "muted")
    told(sue.user, OFFERED, "unread")
    told(sue.user, OFFERED, "read and young", now=MONDAY + 2 * DAY)
    Notice.objects.filter(event="read and young").update(read_at=MONDAY + 3 * DAY)

    assert (clear_old(now=LATER), left()) == (2, ["read and young", "unread"])
    assert clear_old(now=LATER) == 0


def test_whoever_has_left_reads_nothing_more(sam):
    told(sam.user, OFFERED, "unread")
    sam.user.is_active = False
    sam.user.save()

    assert (clear_old(now=LATER), left()) == (1, [])


def test_what_is_to_be_mailed_waits_until_it_is_out(sam):
    hears(sam.user, "hourly")
    told(sam.user, OFFERED, "mailed")
    read_all(of=sam.user_id, now=MONDAY)

    assert clear_old(now=LATER) == 0
    ring(now=LATER)
    assert Mail.objects.filter(sent_at=LATER).count() == 1
    assert (clear_old(now=LATER), left(), Delivery.objects.count()) == (1, [], 0)


def test_more_than_one_lot_goes_and_no_more_than_is_right_in_one_ring(sam, monkeypatch):
    monkeypatch.setattr(clearing, "LOT", 2)
    monkeypatch.setattr(clearing, "LOTS", 3)
    for number in range(9):
        told(sam.user, OFFERED, f"e:{number}")
    read_all(of=sam.user_id, now=MONDAY)

    assert [clear_old(now=LATER) for _ring in range(3)] == [6, 3, 0]


def test_what_nobody_reads_does_not_stand_before_what_goes(sam, sue, monkeypatch):
    monkeypatch.setattr(clearing, "LOT", 2)
    monkeypatch.setattr(clearing, "LOTS", 1)
    for number in range(3):
        told(sue.user, OFFERED, f"unread:{number}")
    told(sam.user, OFFERED, "read")
    read_all(of=sam.user_id, now=MONDAY)

    assert (clear_old(now=LATER), left()) == (1, ["unread:0", "unread:1", "unread:2"])


def test_beat_rings_for_it_once_a_day():
    ring = settings.CELERY_BEAT_SCHEDULE["clear"]

    assert (ring["task"], ring["schedule"]) == ("pipeline_crm.outbox.tasks.clear", DAY.total_seconds())


def test_a_mail_that_went_out_goes_after_a_quarter_and_is_not_made_again(sam, sue):
    hears(sam.user, "hourly")
    hears(sue.user, "hourly")
    told(sam.user, OFFERED, "mailed")
    ring(now=MONDAY + DAY)
    told(sue.user, OFFERED, "waits")
    Mail.objects.create(user=sue.user, made_at=MONDAY, due_at=LATER)

    assert clear_mails(now=MONDAY + 91 * DAY) == 0
    assert [clear_mails(now=MONDAY + 92 * DAY) for _ring in range(2)] == [1, 0]
    assert [mail.user_id for mail in Mail.objects.all()] == [sue.user_id]
    assert left() == ["mailed", "waits"]
    told(sam.user, OFFERED, "mailed")
    ring(now=MONDAY + 92 * DAY)
    assert not Mail.objects.filter(user=sam.user).exists()
