"""The hour of a digest: on the wall of its reader, once a day or with every full hour, also when the clocks change."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest

from pipeline_crm.outbox.digests import next_hour
from pipeline_crm.outbox.models import Notice
from pipeline_crm.tiers.models import Pipeline
from tests.cast import MONDAY
from tests.outbox.wishes import hears

HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
OFFERED = Notice.Kind.OFFERED


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("zone", "chosen_at", "due"),
    [
        ("Europe/Moscow", "2026-11-16T04:30", "2026-11-16T05:00"),
        ("Europe/Moscow", "2026-11-16T05:00", "2026-11-17T05:00"),
        ("Asia/Kathmandu", "2026-11-16T04:30", "2026-11-17T02:15"),
        ("Asia/Vladivostok", "2026-11-16T04:30", "2026-11-16T22:00"),
        ("America/New_York", "2026-10-31T23:00", "2026-11-01T13:00"),
    ],
)
def test_a_daily_mail_comes_at_the_hour_of_the_reader_s_own_pipeline(pipeline, sam, olga, zone, chosen_at, due):
    Pipeline.objects.filter(pk=pipeline.pk).update(time_zone=zone)
    now = datetime.fromisoformat(f"{chosen_at}+00:00")

    seated = hears(sam.user, "daily", hour=8, now=now)
    heading = hears(olga, "daily", hour=8, pipeline=Pipeline.objects.get(pk=pipeline.pk), now=now)

    assert [digest.due_at for digest in (seated, heading)] == [datetime.fromisoformat(f"{due}+00:00")] * 2


@pytest.mark.parametrize("hour", range(24))
@pytest.mark.parametrize(
    "zone", ["Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Asia/Kolkata", "Europe/Moscow"]
)
def test_each_hour_comes_once_a_day_also_when_the_clocks_change(zone, hour):
    """A year of daily mails: one on each date, at its hour on the wall; when the clocks skip that, as soon as they have."""
    at, shown, place = datetime(2026, 1, 1, tzinfo=UTC), [], ZoneInfo(zone)
    for _day in range(366):
        at = next_hour(hour, place, now=at)
        shown.append(at.astimezone(place))

    assert {after.date() - before.date() for before, after in pairwise(shown)} == {DAY}
    odd = [(each.hour, each.minute) for each in shown if (each.hour, each.minute) != (hour, 0)]
    assert odd == SKIPPED.get((zone, hour), [])


SKIPPED = {("Europe/Berlin", 2): [(3, 0)], ("America/New_York", 2): [(3, 0)], ("Australia/Lord_Howe", 2): [(2, 30)]}


@pytest.mark.parametrize(
    ("zone", "now", "due"),
    [
        ("Europe/Moscow", "10:00:00", "11:00"),
        ("Europe/Moscow", "10:59:59", "11:00"),
        ("Asia/Kolkata", "10:00:00", "10:30"),
        ("Asia/Kathmandu", "10:15:01", "11:15"),
    ],
)
def test_an_hourly_mail_comes_with_the_full_hour_on_the_wall(zone, now, due):
    at = datetime.fromisoformat(f"2026-11-16T{now}+00:00")

    assert next_hour(None, ZoneInfo(zone), now=at) == datetime.fromisoformat(f"2026-11-16T{due}+00:00")


@pytest.mark.django_db
def test_the_same_choice_again_does_not_put_the_mail_off(sam):
    first = hears(sam.user, "hourly", now=MONDAY + timedelta(minutes=10))

    again = hears(sam.user, "hourly", now=MONDAY + timedelta(minutes=70), muted=[(OFFERED, "bell")])

    assert first.due_at == again.due_at == MONDAY + HOUR
