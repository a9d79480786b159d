"""Who receives a record: facts gathered under the tier's lock, chosen by a pure function, written down."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from django.db import connection
from django.db.models import Max, Sum
from django.utils.translation import gettext as _

from pipeline_crm.tiers.models import Absence, Seat, Tier

from .errors import Refused
from .models import Load, Turn
from .strategies import SeatFacts, choose

ADVISORY_SPACE = 7_001  # the first key of the advisory locks of tiers


def lock_tier(tier_id: int) -> None:
    """Waits until nobody else assigns at this tier; held to the end of the transaction."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s, %s)", [ADVISORY_SPACE, tier_id])


def load_of(seats: Collection[int]) -> Counter[int]:
    """How many open records each seat holds, over all stages."""
    rows = Load.objects.filter(seat__in=seats).order_by().values("seat").annotate(n=Sum("delta"))
    return Counter({row["seat"]: row["n"] for row in rows})


def choose_seat(
    tier: Tier, *, now: datetime, barred: Collection[int] = (), first: Seat | None = None
) -> tuple[Seat | None, dict[str, Any]]:
    """The seat that receives the next record of a tier, and why; `first` goes before the strategy if it fits.

    Must run inside a transaction: it takes the tier's lock, so that no two assignments see the same free place.
    """
    lock_tier(tier.pk)
    seats = {seat.pk: seat for seat in Seat.objects.filter(tier=tier).select_related("user", "turn")}
    facts = _facts(tier, seats, now=now, barred=barred)
    earlier = [fact for fact in facts if first is not None and fact.seat_id == first.pk and fact.skip is None]
    choice = choose("round_robin" if earlier else tier.strategy, earlier or facts)
    why = choice.as_json() | ({"strategy": "earlier_owner"} if earlier else {})
    if choice.seat_id is None:
        return None, why
    _count_turn(tier, seats[choice.seat_id])
    return seats[choice.seat_id], why


def foresee(tier: Tier, count: int, *, now: datetime, barred: Collection[int] = ()) -> Counter[int | None]:
    """How many of so many records each seat would receive by the tier's rule, None being the pool; nothing is written."""
    seats = {seat.pk: seat for seat in Seat.objects.filter(tier=tier).select_related("user", "turn")}
    facts: Sequence[SeatFacts] = _facts(tier, seats, now=now, barred=barred)
    gets: Counter[int | None] = Counter()
    for _record in range(count):
        chosen = choose(tier.strategy, facts).seat_id
        gets[chosen] += 1
        facts = _after(facts, chosen)
    return gets


def _after(facts: Sequence[SeatFacts], chosen: int | None) -> list[SeatFacts]:
    """The same seats once the chosen one has received a record; those who never had a turn stay level."""
    last = max((fact.turn for fact in facts), default=0)
    given = [
        replace(fact, open_items=fact.open_items + 1, turn=last + 1, served=fact.served + 1)
        if fact.seat_id == chosen
        else fact
        for fact in facts
    ]
    shares = [fact.served / fact.weight for fact in given if fact.turn]
    return [
        fact if fact.turn or not shares else replace(fact, served=round(min(shares) * fact.weight)) for fact in given
    ]


def refuse_full(seat: Seat) -> None:
    """Somebody who holds as much as they may takes nothing more out of the pool."""
    if not room_for_one_more(seat):
        raise Refused(
            _("Your hands are full: you hold %(n)d records, which is your limit. Finish or hand on one first.")
            % {"n": seat.capacity}
        )


def room_for_one_more(seat: Seat) -> bool:
    """Whether a seat may take one more record; takes the tier's lock, so the answer holds to the commit."""
    lock_tier(seat.tier_id)
    return load_of([seat.pk])[seat.pk] < seat.capacity


def _facts(tier: Tier, seats: dict[int, Seat], *, now: datetime, barred: Collection[int]) -> list[SeatFacts]:
    load = load_of(seats.keys())
    today = now.astimezone(tier.pipeline.zone).date()
    away = set(
        Absence.objects.filter(seat__in=seats, first_day__lte=today, last_day__gte=today).values_list(
            "seat_id", flat=True
        )
    )
    return [
        SeatFacts(
            seat_id=seat.pk,
            open_items=load[seat.pk],
            capacity=seat.capacity,
            weight=seat.weight,
            turn=seat.turn.serial if hasattr(seat, "turn") else 0,
            served=seat.turn.served if hasattr(seat, "turn") else _fair_start(seat, seats.values()),
            is_open=seat.is_open,
            is_active=seat.user.is_active,
            absent=seat.pk in away,
            barred=seat.pk in barred,
        )
        for seat in seats.values()
    ]


def _fair_start(seat: Seat, seats: Collection[Seat]) -> int:
    """A new seat begins level with the others: it neither catches up the past nor waits for it."""
    shares = [other.turn.served / other.weight for other in seats if hasattr(other, "turn")]
    return round(min(shares) * seat.weight) if shares else 0


def _count_turn(tier: Tier, seat: Seat) -> None:
    last = Turn.objects.filter(seat__tier=tier).aggregate(last=Max("serial"))["last"] or 0
    turn = getattr(seat, "turn", None) or Turn(
        seat=seat, served=_fair_start(seat, list(Seat.objects.filter(tier=tier).select_related("turn")))
    )
    turn.serial, turn.served = last + 1, turn.served + 1
    turn.save()
