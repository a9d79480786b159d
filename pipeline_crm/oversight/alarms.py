"""Alarms: rung by Celery over the counts of the day, and at once when a trip-wire is touched; each is told once."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date, datetime, timedelta

from django.db import transaction

from pipeline_crm.access.identity import system_scope
from pipeline_crm.audit.models import Kind, Line, Trap
from pipeline_crm.outbox.actions import tell_many
from pipeline_crm.outbox.models import Notice
from pipeline_crm.tiers.actions import appointed
from pipeline_crm.tiers.models import Pipeline
from pipeline_crm.tiers.setup import SetUp, setup

from .counting import count, keep_tallies, past
from .models import Alarm
from .unusual import FORTNIGHT, Day, Finding, judge, judge_leaver

EVENT = "alarm:"


def watch(*, now: datetime) -> int:
    """Looks at what everybody did today in every pipeline; returns how many alarms are new. May be rung twice or at once."""
    house, rung = setup(), 0
    for pipeline in house.pipelines.values():
        if pipeline.is_active:
            with system_scope("alarms look at what everybody did"):
                rung += _watch(pipeline, house, now)
    return rung


def _watch(pipeline: Pipeline, house: SetUp, now: datetime) -> int:
    today = now.astimezone(pipeline.zone).date()
    keep_tallies(pipeline, today=today)
    before, counts = past(pipeline, today=today), count(pipeline, today)
    days = {who: [*before.get(who, [Day()]), counts.get(who, Day())] for who in before.keys() | counts.keys()}
    peers, gone = _peers(pipeline, house), _who_left(pipeline, now)
    alarms: list[Alarm] = []
    for who, own in sorted(days.items()):
        if who not in counts and who not in gone:
            continue
        others = [days[other] for other in peers.get(who, ()) if other in days]
        found = judge_leaver(own, others) if who in gone else judge(own, others)
        alarms += [_alarm(pipeline, who, each, day=today, now=now, has_left=who in gone) for each in found]
    return ring(alarms, now=now)


def ring(alarms: Sequence[Alarm], *, now: datetime) -> int:
    """Keeps the alarms that are new and tells those who watch over the pipeline; returns how many there were."""
    with transaction.atomic():
        new = [alarm for alarm in alarms if not _rang_lately(alarm)]
        Alarm.objects.bulk_create(new, ignore_conflicts=True)
        kept = [Alarm.objects.get(**_key(alarm)) for alarm in new]
        rows = [
            (who, Notice.Kind.ALARM, "", None, f"{EVENT}{alarm.pk}")
            for alarm in kept
            for who in watchers(alarm.pipeline)
            if who != alarm.user_id
        ]
        tell_many(rows, now=now)
    return len(kept)


def ring_for_traps(lines: list[int], now: datetime) -> None:
    """Somebody has opened, found or shown a client whom nobody has any reason to; told in the same transaction."""
    with system_scope("whoever touches a trip-wire must not see whom it tells"):
        ring(_touched(lines, now), now=now)


def _touched(lines: list[int], now: datetime) -> list[Alarm]:
    alarms = []
    for line in Line.objects.filter(pk__in=lines).exclude(by=None):
        touched = {line.client_id, *line.detail.get("clients", ())} - {None}
        for trap in Trap.objects.filter(client_id__in=touched).exclude(by=line.by_id):
            pipeline = setup().pipelines.get(trap.pipeline_id or 0)
            if pipeline is not None and line.by_id is not None:
                day = now.astimezone(pipeline.zone).date()
                one = Finding("clients", 1, 0)
                alarms.append(_alarm(pipeline, line.by_id, one, day=day, now=now, trap=trap.client_id))
    return alarms


def watchers(pipeline: Pipeline) -> list[int]:
    """Who hears of alarms: the heads of sales and the security officers of a pipeline."""
    people = [*appointed(pipeline, "head_pipeline"), *appointed(pipeline, "audit_pipeline")]
    return list(dict.fromkeys(people))


def _alarm(
    pipeline: Pipeline,
    who: int,
    found: Finding,
    *,
    day: date,
    now: datetime,
    has_left: bool = False,
    trap: int | None = None,
) -> Alarm:
    return Alarm(
        pipeline=pipeline,
        user_id=who,
        measure=Alarm.Measure.TRAP if trap is not None else found.measure,
        day=day,
        days=found.days,
        count=found.count,
        usual=found.usual,
        has_left=has_left,
        client_id=trap,
        at=now,
    )


def _key(alarm: Alarm) -> dict[str, object]:
    names = ("pipeline_id", "user_id", "day", "measure", "days", "client_id")
    return {name: getattr(alarm, name) for name in names}


def _rang_lately(alarm: Alarm) -> bool:
    """Whether the same was told already: today, and of a fortnight within that fortnight."""
    key = _key(alarm)
    if alarm.days > 1:
        del key["day"]
        return Alarm.objects.filter(**key, day__gt=alarm.day - timedelta(days=FORTNIGHT)).exists()
    return Alarm.objects.filter(**key).exists()


def _peers(pipeline: Pipeline, house: SetUp) -> dict[int, set[int]]:
    """The others at somebody's tiers, those who have left among them."""
    at: dict[int, set[int]] = {}
    for seat in house.seats.values():
        if seat.tier.pipeline_id == pipeline.pk:
            at.setdefault(seat.tier_id, set()).add(seat.user_id)
    peers: dict[int, set[int]] = {}
    for together in at.values():
        for who in together:
            peers.setdefault(who, set()).update(together - {who})
    return peers


def _who_left(pipeline: Pipeline, now: datetime) -> set[int]:
    """Who was dismissed within the last day."""
    told = Line.objects.filter(kind=Kind.PERSON_CHANGED, at__gt=now - timedelta(days=1))
    lately: Iterable[int | None] = told.filter(detail__columns__contains="is_active").values_list("about", flat=True)
    seated = {seat.user_id for tier in pipeline.tiers.all() for seat in tier.seats.all() if not seat.user.is_active}
    return {who for who in lately if who is not None} & seated
