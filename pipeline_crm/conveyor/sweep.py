"""The sweep: finds what waited too long and does what the tier's ladder says; may run twice, at once, or be killed."""

from __future__ import annotations

import gc
import logging
import time
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime, timedelta
from itertools import count

from django.db import DatabaseError, InterfaceError, OperationalError, connection, transaction
from django.db.models import Count

from pipeline_crm.access.identity import act, system_scope
from pipeline_crm.bulk import update_rows
from pipeline_crm.outbox.actions import tell_many
from pipeline_crm.outbox.models import Notice
from pipeline_crm.tiers.models import Tier
from pipeline_crm.tiers.setup import setup
from pipeline_crm.tiers.shifts import next_on_shift
from pipeline_crm.timeline.models import Cause, Entry

from .assignment import ADVISORY_SPACE, tiers_of_choice
from .books import tend_covers
from .clocks import AGAIN_AFTER, next_rung_at
from .handoff import Handing, hand_over_many, news_of
from .lending import end_overdue
from .models import Load
from .plan import Deed, Planner, due, places_due
from .records import BELT, ConveyorItem
from .strategies import Skip

log = logging.getLogger(__name__)

FIRST_BATCH, SMALLEST, LARGEST, STEP = 50, 50, 500, 25
BATCHES_BETWEEN_SUMS = 20
# How long one batch holds its locks, about: the next batch is as large as fits. Nobody should wait for more than a tenth of a
# second, and a batch may well meet a busy moment.
HELD_SECONDS = 0.05
NEXT_TURN = timedelta(minutes=1)
LOOSE_LOADS = 500  # rows of one tier that are added up when there are more


def sweep(*, now: datetime) -> Counter[str]:
    """Acts on every record whose hour has come; returns how often each thing was done."""
    _draw_calendars(now)
    done = tend_covers(now=now)
    if ended := end_overdue(now=now):
        done["unshared"] += ended
    for model, tier_id in _places(now):
        done += _sweep_tier(model, tier_id, now=now)
    for tier_id in _tiers_of_many_loads():
        _add_up_loads(tier_id)
    return done


def _draw_calendars(now: datetime) -> None:
    """Before anything is locked: the first look at a country's holidays takes a process a quarter of a second."""
    for pipeline in setup().pipelines.values():
        pipeline.calendar.opens_next(now)


def _places(now: datetime) -> list[tuple[type[ConveyorItem], int]]:
    """The stages and tiers to look at; when the question breaks, all of them, so that one stage holds up no other."""
    house = setup()
    try:
        with transaction.atomic(), system_scope("the sweep looks at every tier"):
            return places_due(house, now=now)
    except (OperationalError, InterfaceError):
        raise
    except DatabaseError:
        log.exception("The sweep could not ask where anything is due; it looks everywhere")
        return [(model, tier_id) for tier_id in sorted(house.tiers) for model in BELT.values()]


def _sweep_tier(model: type[ConveyorItem], tier_id: int, *, now: datetime) -> Counter[str]:
    """Batch after batch until nothing is due, or another sweep is at this tier."""
    done: Counter[str] = Counter()
    failed: set[int] = set()
    size = FIRST_BATCH
    for number in count(1):
        began = time.perf_counter()
        with _no_cleaning():
            batch = _sweep_batch(model, tier_id, size, failed, now=now)
        held = time.perf_counter() - began
        done += batch
        if batch.total() < size:
            # That was all, or the rest is in somebody's hands.
            break
        size = _next_size(size, held)
        if number % BATCHES_BETWEEN_SUMS == 0:
            # Each batch leaves a change of load for each of its people, and the next one adds them all up.
            _add_up_loads(tier_id)
    return done


def _next_size(size: int, held: float) -> int:
    """As many as fit, by what the last batch took; in steps, so that few sizes are ever asked for."""
    fitting = int(size * HELD_SECONDS / held)
    return max(SMALLEST, min(LARGEST, fitting - fitting % STEP))


@contextmanager
def _no_cleaning() -> Iterator[None]:
    """Python looks for what nobody needs any more, for up to a tenth of a second, when no lock is held."""
    was = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was:
            gc.enable()


def _sweep_batch(
    model: type[ConveyorItem], tier_id: int, size: int, failed: set[int], *, now: datetime
) -> Counter[str]:
    """One short transaction; where it fails, each of its records has one of its own, so that one holds up no other."""
    records: list[int] = []
    try:
        return _sweep_some(model, tier_id, size, failed, records, now=now)
    except (OperationalError, InterfaceError):
        # The server went away, or somebody waits in a ring with us: nothing was written, the next sweep comes.
        raise
    except Exception:
        if not records:
            # It broke before it had anything in hand, and would do so again: the other tiers must not wait for this one.
            log.exception("The sweep could not read the %ss of tier %s", model.stage, tier_id)
            return Counter()
        if len(records) == 1:
            failed.update(records)
            log.exception("The sweep could not act on %s %s", model.stage, records)
            return Counter(failed=1)
    done: Counter[str] = Counter()
    for _record in records:
        done += _sweep_batch(model, tier_id, 1, failed, now=now)
    return done


@act
def _sweep_some(
    model: type[ConveyorItem], tier_id: int, size: int, failed: set[int], records: list[int], *, now: datetime
) -> Counter[str]:
    """Locks the tier and some of what is due there, plans, carries out; `records` learns which ones it was about."""
    locked = _try_tier(tier_id)
    if not locked:
        return Counter()
    house = setup(held=True)
    tier = house.tiers[tier_id]
    items = due(model, tier, now=now, size=size, besides=failed, locked=True)
    records += [item.pk for item in items]
    planner = Planner(model, tier, house, now=now, locked=locked)
    deeds = planner.plan(items)
    carry_out(deeds, now=now)
    planner.write()
    return Counter(deed.act for deed in deeds)


def _try_tier(tier_id: int) -> frozenset[int]:
    """Locks a tier and those that help it or that it helps, and names them; none when somebody else assigns at one of them."""
    house = setup()
    tier = house.tiers.get(tier_id)
    if tier is None:
        return frozenset()
    wanted = set(tiers_of_choice(tier, house))
    if tier.helps is not None:
        wanted |= set(tiers_of_choice(tier.helps, house))
    with connection.cursor() as cursor:
        for wanted_id in sorted(wanted):
            cursor.execute("SELECT pg_try_advisory_xact_lock(%s, %s)", [ADVISORY_SPACE, wanted_id])
            if not cursor.fetchone()[0]:
                return frozenset()
    return frozenset(wanted)


def carry_out(deeds: Sequence[Deed], *, now: datetime) -> None:
    """Does what was planned for locked records: moves, rungs, lines of history, notices."""
    moving = [deed for deed in deeds if deed.moves]
    for deed in moving:
        _prepare(deed)
    handings = [_handing(deed) for deed in moving]
    hand_over_many(handings, by=None, now=now, quietly=True)
    for deed in deeds:
        _set_alarm(deed, now=now)
    waiting = [deed.item for deed in deeds if not deed.moves or _would_move_again(deed, now)]
    for deed in moving:
        if _would_move_again(deed, now):
            # Whatever a calendar says, one sweep moves a record once; what wakes late for its step is next in turn.
            wait = NEXT_TURN if deed.cause == Cause.WOKEN else AGAIN_AFTER
            deed.item.stale_at = deed.item.pipeline.calendar.add(now, wait)
    update_rows(waiting, ("rung", "stale_at"))
    entries = [_entry(deed.item, deed.entry, now=now) for deed in deeds if deed.entry is not None]
    if entries:
        Entry.objects.bulk_create(entries)
    tell_many([*news_of(handings), *_notices(deeds)], now=now)


def _prepare(deed: Deed) -> None:
    if deed.cause == Cause.WOKEN:
        deed.item.wake()
    elif deed.to is not None and deed.cause in (Cause.STALE, Cause.EXPIRED):
        deed.item.hops += 1


def _handing(deed: Deed) -> Handing:
    cause = deed.cause or Cause.STALE
    return Handing(deed.item, deed.to, cause, deed.why, decide=cause == Cause.UNDECIDED)


def _would_move_again(deed: Deed, now: datetime) -> bool:
    return deed.moves and deed.item.stale_at is not None and deed.item.stale_at <= now


def _set_alarm(deed: Deed, *, now: datetime) -> None:
    """When the sweep looks at a record again that did not move: at its next rung, or when somebody may have room."""
    item = deed.item
    if deed.moves:
        return
    if deed.climbs:
        item.rung += deed.climbs
        item.stale_at = next_rung_at(item, now=now)
    else:
        item.stale_at = _somebody_comes(deed, now) if deed.act == "stuck" else None
    if item.stale_at is None or item.stale_at <= now:
        # Nothing more can be done today: the last rung is tried again in a working day.
        item.stale_at = item.pipeline.calendar.add(now, AGAIN_AFTER)


def _somebody_comes(deed: Deed, now: datetime) -> datetime | None:
    """When the first of those begins to work who were only off shift."""
    off = [int(pk) for pk, skip in deed.why.get("skipped", {}).items() if skip == Skip.OFF_SHIFT]
    seats = [seat for seat in deed.item.home.seats.all() if seat.pk in off]
    return min((at for seat in seats if (at := next_on_shift(seat, now)) is not None), default=None)


def _entry(item: ConveyorItem, kind: Entry.Kind, *, now: datetime) -> Entry:
    return Entry(
        client_id=item.client_id,
        pipeline_id=item.pipeline_id,
        stage=item.stage,
        record_id=item.pk,
        kind=kind,
        by=None,
        at=now,
    )


def _notices(deeds: Iterable[Deed]) -> list[tuple[int, Notice.Kind, str, int, str]]:
    """Once per breach: the clock that ran out, and how far the ladder was climbed, are part of the event's name."""
    notices: list[tuple[int, Notice.Kind, str, int, str]] = []
    for deed in deeds:
        item = deed.item
        until = item.due_at.isoformat() if item.due_at else ""
        for user_id, kind in deed.told:
            event = f"{item.stage}:{item.pk}:{item.version}:{kind}:{until}"
            if deed.climbs and kind == Notice.Kind.REMINDED_EARLY:
                event += f":{item.rung}"
            notices.append((user_id, kind, item.stage, item.pk, event))
    return notices


def _tiers_of_many_loads() -> list[int]:
    many = Load.objects.order_by().values("seat__tier").annotate(n=Count("*")).filter(n__gt=LOOSE_LOADS)
    return sorted(many.values_list("seat__tier", flat=True))


@act
def _add_up_loads(tier_id: int) -> None:
    """Many small changes of load become one row a seat; what is open stays the same."""
    tier: Tier | None = setup().tiers.get(tier_id)
    if tier is None or not _try_tier(tier_id):
        return
    with connection.cursor() as cursor:
        cursor.execute(
            "WITH gone AS (DELETE FROM conveyor_load WHERE seat_id = ANY(%s) RETURNING seat_id, delta) "
            "INSERT INTO conveyor_load (seat_id, delta) SELECT seat_id, sum(delta) FROM gone GROUP BY seat_id",
            [[seat.pk for seat in tier.seats.all()]],
        )
