"""The sweep: finds what waited too long and does what the tier's ladder says; may run twice, at once, or be killed."""

from __future__ import annotations

import logging
from collections import Counter
from datetime import datetime

from django.db import connection, transaction
from django.db.models import Q

from pipeline_crm.outbox.actions import tell
from pipeline_crm.outbox.models import Notice
from pipeline_crm.tiers.models import Rung, Seat
from pipeline_crm.timeline.models import Cause, Entry

from .assignment import ADVISORY_SPACE, choose_seat
from .clocks import AGAIN_AFTER, ladder_of, next_rung_at
from .handoff import hand_over
from .moves import keep, record
from .records import BELT, ConveyorItem, ConveyorQuerySet

log = logging.getLogger(__name__)

BATCH = 25


def sweep(*, now: datetime) -> Counter[str]:
    """Acts on every record whose hour has come; returns how often each thing was done."""
    done: Counter[str] = Counter()
    for model in BELT.values():
        tiers = _due(model, now).order_by().values_list("tier_id", flat=True).distinct()
        for tier_id in sorted(tiers):
            failed: set[int] = set()
            while batch := _sweep_batch(model, tier_id, failed, now=now):
                done += batch
    return done


def _due(model: type[ConveyorItem], now: datetime) -> ConveyorQuerySet:
    return model.objects.filter(Q(stale_at__lte=now) | Q(pk__in=model.objects.forsaken().values("pk")))


@transaction.atomic
def _sweep_batch(model: type[ConveyorItem], tier_id: int, failed: set[int], *, now: datetime) -> Counter[str]:
    """One short transaction over a few records of one tier; nothing when another sweep is at this tier."""
    if not _try_tier(tier_id):
        return Counter()
    rows = (
        _due(model, now)
        .filter(tier=tier_id)
        .exclude(pk__in=failed)
        .order_by("stale_at", "id")
        .select_for_update(of=("self",), skip_locked=True)
    )
    batch = list(rows.select_related("client", "pipeline", "tier__pipeline", "step", "seat__user")[:BATCH])
    return Counter(_act_safely(item, failed, now=now) for item in batch)


def _try_tier(tier_id: int) -> bool:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_xact_lock(%s, %s)", [ADVISORY_SPACE, tier_id])
        return cursor.fetchone()[0]


def _act_safely(item: ConveyorItem, failed: set[int], *, now: datetime) -> str:
    """One record that cannot be helped must not hold up the others: it is logged and tried again at the next sweep."""
    try:
        with transaction.atomic():
            done = act(item, now=now)
            if done not in ("reminded", "warned") and item.stale_at is not None and item.stale_at <= now:
                # Whatever a calendar says, one sweep moves a record once.
                _wait(item, now=now)
            return done
    except Exception:
        log.exception("The sweep could not act on %s", item)
        failed.add(item.pk)
        return "failed"


def act(item: ConveyorItem, *, now: datetime) -> str:
    """Does what is due for one locked record; returns the name of what was done."""
    if not item.is_open:
        return _warn_of_unfinished(item, now=now)
    owner = item.seat
    if owner is not None and not (owner.is_open and owner.user.is_active):
        return _give_away(item, owner, now=now, cause=Cause.SEAT_CLOSED)
    if item.is_parked:
        return _wake(item, now=now)
    if owner is None:
        return _place(item, now=now)
    ladder = ladder_of(item.tier)
    rung = ladder[min(item.rung, len(ladder) - 1)]
    return _RUNGS[Rung.Act(rung.act)](item, owner, now=now)


def _wake(item: ConveyorItem, *, now: datetime) -> str:
    item.wake()
    item.give(item.seat, now=now)
    keep(item, cause=Cause.WOKEN, by=None, now=now)
    if item.seat is not None:
        _tell(item, [item.seat.user_id], Notice.Kind.WOKEN, now=now)
    return "woken"


def _place(item: ConveyorItem, *, now: datetime) -> str:
    """A record that waited too long in the pool is given to whoever fits; nobody fits, so the team lead is told."""
    seat, why = choose_seat(item.tier, now=now)
    if seat is not None:
        hand_over(item, seat, cause=Cause.ASSIGNED, by=None, now=now, why=why)
        return "assigned"
    _tell(item, item.tier.lead_ids(), Notice.Kind.POOL_STUCK, now=now)
    _wait(item, now=now)
    return "stuck"


def _warn_of_unfinished(item: ConveyorItem, *, now: datetime) -> str:
    """A returned hand-off that nobody completes: the leads of every tier of the pipeline are told."""
    tiers = Seat.objects.open().leads().filter(tier__pipeline=item.pipeline_id)
    _tell(item, list(tiers.values_list("user_id", flat=True)), Notice.Kind.WARNED, now=now)
    _wait(item, now=now)
    return "warned"


def _remind(item: ConveyorItem, owner: Seat, *, now: datetime) -> str:
    _tell(item, [owner.user_id], Notice.Kind.REMINDED, now=now)
    record(item, kind=Entry.Kind.REMINDED, by=None, now=now)
    _climb(item, now=now)
    return "reminded"


def _warn(item: ConveyorItem, owner: Seat, *, now: datetime) -> str:
    _tell(item, item.tier.lead_ids(), Notice.Kind.WARNED, now=now)
    record(item, kind=Entry.Kind.WARNED, by=None, now=now)
    _climb(item, now=now)
    return "warned"


def _reassign(item: ConveyorItem, owner: Seat, *, now: datetime) -> str:
    return _give_away(item, owner, now=now, cause=Cause.EXPIRED if item.state == "offered" else Cause.STALE)


def _pool(item: ConveyorItem, owner: Seat, *, now: datetime) -> str:
    hand_over(item, None, cause=Cause.STALE, by=None, now=now)
    _tell(item, [owner.user_id], Notice.Kind.TAKEN_AWAY, now=now)
    return "pooled"


_RUNGS = {Rung.Act.REMIND: _remind, Rung.Act.WARN: _warn, Rung.Act.REASSIGN: _reassign, Rung.Act.POOL: _pool}


def _give_away(item: ConveyorItem, owner: Seat, *, now: datetime, cause: Cause) -> str:
    """Never back to the seat that let it lie."""
    seat, why = choose_seat(item.tier, now=now, barred=[owner.pk])
    hand_over(item, seat, cause=cause, by=None, now=now, why=why)
    _tell(item, [owner.user_id], Notice.Kind.TAKEN_AWAY, now=now)
    return "reassigned" if seat else "pooled"


def _climb(item: ConveyorItem, *, now: datetime) -> None:
    item.rung += 1
    item.stale_at = next_rung_at(item, now=now)
    if item.stale_at is None:
        _wait(item, now=now)
    else:
        item.save(update_fields=["rung", "stale_at"])


def _wait(item: ConveyorItem, *, now: datetime) -> None:
    """Nothing more can be done today: the last rung is tried again in a working day."""
    item.stale_at = item.pipeline.calendar.add(now, AGAIN_AFTER)
    item.save(update_fields=["rung", "stale_at"])


def _tell(item: ConveyorItem, users: list[int], kind: Notice.Kind, *, now: datetime) -> None:
    """Once per breach: the clock that ran out is part of the event's name."""
    due = item.due_at.isoformat() if item.due_at else ""
    tell(
        users,
        kind=kind,
        stage=item.stage,
        record_id=item.pk,
        event=f"{item.stage}:{item.pk}:{item.version}:{kind}:{due}",
        now=now,
    )
