"""Two months of the demo firm, told hour by hour through the same acts as the pages use."""

from __future__ import annotations

import heapq
import itertools
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime, timedelta
from random import Random

from django.db import transaction

from pipeline_crm.access.identity import system_scope
from pipeline_crm.conveyor.sweep import sweep
from pipeline_crm.outbox.models import Notice
from pipeline_crm.timeline.models import Task

from .evening import catch_up, leave_open
from .people import FIRMS, Firm, found, hire
from .rides import MISHAPS, Ride, Teller, ride

SPAN = timedelta(days=60)
READ_SINCE = timedelta(hours=3)  # people have read what is older
SWEPT = (0.8, 0.5, 0.2, 0.05)  # when the sweep comes, as shares of the span before the present


@transaction.atomic
@system_scope("a firm that nobody works in yet is told from its first day")
def seed(*, now: datetime, say: Callable[[str], None], firms: Sequence[Firm] = FIRMS) -> None:
    """Makes the whole firm and its past; all of it or none."""
    people = hire(now - SPAN)
    tellers = [
        (firm, Teller(found(firm, people, now), firm.language, Random(n), n * 100_000))
        for n, firm in enumerate(firms, 1)
    ]
    starts = sorted(
        ((at, firm, teller) for firm, teller in tellers for at in _arrivals(firm, teller, now=now)),
        key=lambda start: start[0],
    )
    _live([(at, teller) for at, _firm, teller in starts], now=now, say=say)
    for _firm, teller in tellers:
        catch_up(teller, now=now)
        leave_open(teller, now=now)
    _tick_off(now)
    Notice.objects.filter(at__lt=now - READ_SINCE).update(read_at=now - READ_SINCE)


def _arrivals(firm: Firm, teller: Teller, *, now: datetime) -> Iterator[datetime]:
    """When clients come: the firm grows, so more of them of late."""
    calendar = teller.pipeline.calendar
    for number in range(firm.clients):
        at = now - SPAN * ((number + teller.random.random()) / firm.clients) ** 2.2
        yield min(calendar.opens_next(at), now)


def _live(starts: list[tuple[datetime, Teller]], *, now: datetime, say: Callable[[str], None]) -> None:
    """Lets every client ride in the order of time up to the present; some days the sweep finds what was forgotten."""
    order = itertools.count()
    agenda: list[tuple[datetime, int, Teller, Ride | None]] = [(at, next(order), teller, None) for at, teller in starts]
    heapq.heapify(agenda)
    sweeps = [now - SPAN * share for share in SWEPT]
    while agenda and agenda[0][0] <= now:
        at, _n, teller, way = heapq.heappop(agenda)
        if sweeps and at >= sweeps[0]:
            sweep(now=at)
            say(f"{at:%d %b}")
            sweeps.pop(0)
        step = _go_on(teller, way, at)
        if step is not None:
            pause, way = step
            heapq.heappush(agenda, (teller.next_word(at, pause), next(order), teller, way))


def _go_on(teller: Teller, way: Ride | None, at: datetime) -> tuple[timedelta, Ride] | None:
    """The next word of a story; None when it is told to its end."""
    try:
        with transaction.atomic():
            return _next_word(teller, way, at)
    except MISHAPS:
        return None


def _next_word(teller: Teller, way: Ride | None, at: datetime) -> tuple[timedelta, Ride] | None:
    # Inside the transaction: the end of a story is no failure, and must not undo the last word.
    try:
        if way is None:
            way = ride(teller, at)
            return next(way), way
        return way.send(at), way
    except StopIteration:
        return None


def _tick_off(now: datetime) -> None:
    """People do most of what they promise: of old tasks, only some are still open."""
    old = Task.objects.filter(done_at=None, due_at__lt=now - timedelta(days=1))
    for task in old.exclude(pk__in=old.order_by("-due_at").values("pk")[:6]):
        task.done_at, task.done_by = task.due_at, task.by
        task.save(update_fields=["done_at", "done_by"])
