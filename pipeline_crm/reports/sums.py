"""Sums that the database makes: each is one aggregate query, or one per stage, however many records there are."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import datetime, timedelta
from functools import reduce
from operator import or_
from statistics import median
from typing import Any

from django.db.models import (
    Avg,
    Count,
    DateTimeField,
    DurationField,
    Exists,
    ExpressionWrapper,
    F,
    Min,
    OuterRef,
    Q,
    QuerySet,
    Value,
)
from django.db.models.functions import Coalesce
from django.db.models.lookups import GreaterThanOrEqual

from pipeline_crm.access.identity import system_scope
from pipeline_crm.conveyor.faces import ALWAYS_WARN, WARN_AT, WARN_AT_ANSWER
from pipeline_crm.conveyor.models import HandOff
from pipeline_crm.conveyor.records import BELT, Clock
from pipeline_crm.tiers.calendars import Calendar
from pipeline_crm.tiers.models import Absence, Pipeline, Seat, Step, Tier
from pipeline_crm.tiers.stages import Stage
from pipeline_crm.timeline.models import TOUCHES, Cause, Entry, Movement

from .shapes import Flow, Heap, Ladder, Load, Tally

OFFERED = Q(state="offered")
# Working time is counted one answer at a time, so a page counts no more than the latest of them.
ANSWERS_COUNTED = 300
TURNED = (
    Cause.CAPTURED,
    Cause.OFFERED,
    Cause.PASSED,
    Cause.REPEATED,
    Cause.QUALIFIED,
    Cause.DISQUALIFIED,
    Cause.RETURNED,
    Cause.REOPENED,
    Cause.WON,
    Cause.LOST,
    Cause.CHURNED,
    Cause.WON_BACK,
)


def soon(now: datetime) -> Q:
    """Records whose clock warns, by the same shares as the clock that is drawn."""
    whole = F("due_at") - F("clock_since")
    warns = {False: 1 - (WARN_AT + 0.5) / 100, True: 1 - (WARN_AT_ANSWER + 0.5) / 100}
    near = reduce(
        or_,
        (
            Q(GreaterThanOrEqual(Value(now), _at(F("clock_since"), whole, share)))
            & (Q(clock=Clock.ANSWER) if answer else ~Q(clock=Clock.ANSWER))
            for answer, share in warns.items()
        ),
    )
    running = Q(due_at__gt=now) & ~Q(clock=Clock.PARKED)
    return running & (
        Q(due_at__lte=now + timedelta(seconds=ALWAYS_WARN)) | (near & Q(due_at__lt=now + timedelta(days=1)))
    )


def _at(start: F, whole: Any, share: float) -> ExpressionWrapper:
    part = ExpressionWrapper(whole * Value(share), output_field=DurationField())
    return ExpressionWrapper(start + part, output_field=DateTimeField())


def loads(tiers: Collection[Tier], *, now: datetime) -> dict[tuple[int, int | None], Load]:
    """What lies with each seat of these tiers, and in their pools (no seat): open, late, soon late, only offered."""
    late = Q(due_at__lte=now)
    found: dict[tuple[int, int | None], Load] = {}
    for model in BELT.values():
        rows = model.objects.open().filter(tier__in=tiers).order_by().values_list("tier", "seat")
        for tier, seat, *figures in rows.annotate(
            open=Count("*"),
            late=Count("id", filter=late),
            soon=Count("id", filter=soon(now)),
            offered=Count("id", filter=OFFERED),
            offered_late=Count("id", filter=OFFERED & late),
            oldest=Min("owner_since"),
        ):
            found[tier, seat] = found.get((tier, seat), Load()) + Load(*figures)
    return found


def heaps(tiers: Collection[Tier], steps: Collection[Step], *, now: datetime) -> dict[int, Heap]:
    """What lies on each step of a pipeline; an offer lies at the joint before its step and is counted apart."""
    here, asleep = ~OFFERED, Q(clock=Clock.PARKED)
    stay = Avg(Value(now) - F("step_since"), filter=here, output_field=DurationField())
    untouched = here & ~asleep & (Q(touched_at=None) | Q(touched_at__lt=F("step_since")))
    found: dict[int, Heap] = {}
    for model in BELT.values():
        rows = model.objects.open().filter(tier__in=tiers, step__in=steps).order_by().values_list("step")
        for step, *figures in rows.annotate(
            open=Count("id", filter=here),
            late=Count("id", filter=here & Q(due_at__lte=now)),
            untouched=Count("id", filter=untouched),
            offered=Count("id", filter=OFFERED),
            offered_late=Count("id", filter=OFFERED & Q(due_at__lte=now)),
            stay=stay,
            oldest=Min(Coalesce("touched_at", "created_at"), filter=here & ~asleep),
        ):
            found[step] = Heap(*figures)
    return found


def absences(seats: Iterable[Seat], *, pipeline: Pipeline, now: datetime) -> dict[int, Absence]:
    """Who is away today."""
    today = now.astimezone(pipeline.zone).date()
    rows = Absence.objects.filter(seat__in=list(seats), first_day__lte=today, last_day__gte=today)
    return {row.seat_id: row for row in rows.order_by("last_day").select_related("substitute__user")}


@system_scope("what somebody has done today counts wherever the clients have gone since")
def touches(tier: Tier, users: Collection[int], *, since: datetime) -> dict[int, int]:
    """Calls, messages and meetings of each person at a tier since an hour."""
    stages = {*tier.stages, *([Stage.DEAL] if tier.works_account else [])}
    rows = Entry.objects.filter(
        by__in=users, kind__in=TOUCHES, at__gte=since, pipeline=tier.pipeline_id, stage__in=stages
    )
    return dict(rows.order_by().values_list("by").annotate(n=Count("*")))


def handoffs(pipeline: Pipeline, *, since: datetime) -> QuerySet[HandOff]:
    """What was offered in a pipeline since an hour."""
    return HandOff.objects.filter(pipeline=pipeline, offered_at__gte=since).order_by()


def crossing(rows: QuerySet[HandOff]) -> QuerySet[HandOff]:
    """Only those by which the owner changes."""
    return rows.exclude(from_tier=F("to_tier"))


def passed_on(rows: QuerySet[HandOff]) -> dict[str, int]:
    """How many clients each stage gave onwards; an offer that nobody answered was made anew and counts once."""
    gave = rows.exclude(state=HandOff.State.EXPIRED).values_list("from_stage")
    return dict(gave.annotate(n=Count("*")))


def answered(rows: QuerySet[HandOff], *by: str) -> dict[tuple[Any, ...], Tally]:
    """Offers by their answer, for each group."""
    state = HandOff.State
    counted = rows.values_list(*by).annotate(
        waiting=Count("id", filter=Q(state=state.OFFERED)),
        accepted=Count("id", filter=Q(state=state.ACCEPTED)),
        returned=Count("id", filter=Q(state=state.RETURNED)),
        unanswered=Count("id", filter=Q(state=state.EXPIRED)),
    )
    return {row[: len(by)]: Tally(*row[len(by) :]) for row in counted}


def late_offers(rows: QuerySet[HandOff], limits: Iterable[tuple[int, datetime]]) -> dict[int, int]:
    """How many offers to each tier wait longer than they may; `limits` says since when, for each tier."""
    too_old = reduce(or_, (Q(to_tier=tier, offered_at__lte=since) for tier, since in limits), Q(pk=None))
    waiting = rows.filter(too_old, state=HandOff.State.OFFERED)
    return dict(waiting.values_list("to_tier").annotate(n=Count("*")))


def why_returned(rows: QuerySet[HandOff], *by: str) -> dict[tuple[Any, ...], list[tuple[str, int]]]:
    """The reasons of returns for each group, the commonest first."""
    counted = rows.filter(state=HandOff.State.RETURNED).values_list(*by, "reason__name").annotate(n=Count("*"))
    found: dict[tuple[Any, ...], list[tuple[str, int]]] = {}
    for *group, name, count in counted.order_by("-n", "reason__name"):
        found.setdefault(tuple(group), []).append((name, count))
    return found


def answer_times(rows: QuerySet[HandOff], *by: str, calendar: Calendar) -> dict[tuple[Any, ...], float]:
    """The median time to an acceptance in seconds of working time, for each group, over the latest of them."""
    latest = rows.filter(state=HandOff.State.ACCEPTED).order_by("-offered_at")
    times: dict[tuple[Any, ...], list[float]] = {}
    for *group, offered_at, answered_at in latest.values_list(*by, "offered_at", "answered_at")[:ANSWERS_COUNTED]:
        times.setdefault(tuple(group), []).append(calendar.between(offered_at, answered_at).total_seconds())
    return {group: median(taken) for group, taken in times.items()}


def flows(pipeline: Pipeline, *, since: datetime) -> dict[str, Flow]:
    """How many records came to each stage and how many left it, whichever way."""
    is_open = {state for model in BELT.values() for state in model.OPEN}
    was, now_is = Q(from_state__in=is_open), Q(to_state__in=is_open)
    rows = Movement.objects.filter(pipeline=pipeline, cause__in=TURNED, at__gte=since).order_by().values("stage")
    return {
        row["stage"]: Flow(row["came"], row["left"])
        for row in rows.annotate(came=Count("id", filter=now_is & ~was), left=Count("id", filter=was & ~now_is))
    }


def ladder(pipeline: Pipeline, *, since: datetime) -> Ladder:
    """What the stale ladder did since an hour, and how many of those it reminded of were touched after."""
    spoke = Entry.objects.filter(
        by=None, kind__in=(Entry.Kind.REMINDED, Entry.Kind.WARNED), at__gte=since, pipeline=pipeline
    )
    after = Entry.objects.filter(
        stage=OuterRef("stage"), record_id=OuterRef("record_id"), kind__in=TOUCHES, at__gte=OuterRef("at")
    )
    reminded = Q(kind=Entry.Kind.REMINDED)
    said = spoke.annotate(touched=Exists(after)).aggregate(
        reminded=Count("id", filter=reminded),
        warned=Count("id", filter=Q(kind=Entry.Kind.WARNED)),
        rescued=Count("id", filter=reminded & Q(touched=True)),
    )
    moved = Movement.objects.filter(
        pipeline=pipeline, cause__in=(Cause.STALE, Cause.EXPIRED), at__gte=since, by=None
    ).aggregate(reassigned=Count("id", filter=Q(to_seat__isnull=False)), pooled=Count("id", filter=Q(to_seat=None)))
    return Ladder(**said, **moved)


def seats_of(pipeline: Pipeline) -> list[Seat]:
    """Every seat of a pipeline with its person, in the order in which they were given."""
    return list(Seat.objects.filter(tier__pipeline=pipeline).select_related("user", "tier").order_by("tier", "id"))
