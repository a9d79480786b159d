"""The people of a tier as they stand under its lock: facts read once, kept true while several records are given out."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection
from datetime import datetime, timedelta
from typing import Any

from django.db import connection
from django.db.models import Count

from pipeline_crm.bulk import array_of, insert_rows
from pipeline_crm.tiers.models import Rule, Seat, Strategy, Tier
from pipeline_crm.tiers.setup import SetUp
from pipeline_crm.tiers.shifts import is_absent, is_on_shift, room_of, share_of
from pipeline_crm.timeline.models import Cause, Movement

from .models import Turn
from .rules import conditions_of
from .strategies import Bars, Case, Choice, SeatFacts, choose

SKILL_DAYS = 90  # how far back it is counted how often somebody closes well
CLOSED_WELL = (Cause.QUALIFIED, Cause.WON)
CLOSED = (*CLOSED_WELL, Cause.DISQUALIFIED, Cause.LOST, Cause.CHURNED)
# Of each seat its turn, if it has had one, and its load, as `loads.load_of` counts it.
STANDING = """
SELECT given.id, turn.serial, turn.served, turn.worth, turn.day, turn.today,
    (SELECT sum(delta) FROM conveyor_load load WHERE load.seat_id = given.id)
FROM unnest(%s::bigint[]) AS given (id) LEFT JOIN conveyor_turn turn ON turn.seat_id = given.id
"""


class Roster:
    """Who of a tier may receive, and how much each has had; `write` keeps what was given out here."""

    def __init__(self, tier: Tier, house: SetUp, *, now: datetime) -> None:
        self.tier, self.now = tier, now
        self.today = now.astimezone(tier.pipeline.zone).date()
        self.seats = {seat.pk: seat for seat in house.tiers[tier.pk].seats.all()}
        self.turns: dict[int, Turn] = {}
        load = self._read()
        self.serial = max((turn.serial for turn in self.turns.values()), default=0)
        self.changed: set[int] = set()
        rates = self._rates()
        self.facts = {pk: self._facts(seat, load[pk], rates.get(pk, 0.5)) for pk, seat in self.seats.items()}

    def choose(
        self, case: Case, *, barred: Collection[int] = (), rule: Rule | None = None, only: Collection[int] | None = None
    ) -> Choice:
        """Who receives the next record by the tier's strategy; `only` these may, whatever the rule says."""
        allowed = only if only is not None else conditions_of(rule).seats if rule else None
        return choose(self.tier.strategy, self.facts.values(), case, Bars(barred, allowed))

    def fits(self, seat_id: int, *, barred: Collection[int] = ()) -> bool:
        """Whether one certain seat could receive a record now."""
        fact = self.facts.get(seat_id)
        return fact is not None and fact.skip(Bars(barred)) is None

    def give(self, choice: Choice, case: Case) -> Seat | None:
        """Counts what was chosen, so that the next choice knows of it."""
        seat_id = choice.seat_id
        if seat_id is None:
            return None
        was = self.facts[seat_id]
        self.serial += 1
        self.facts[seat_id] = was.but(
            open_items=was.open_items + 1,
            turn=self.serial,
            served=max(was.served, choice.served) + 1,
            worth=max(was.worth, choice.worth) + case.worth,
            left_today=None if was.left_today is None else was.left_today - 1,
        )
        turn = self.turns.get(seat_id)
        if turn is None:
            turn = self.turns[seat_id] = Turn(seat_id=seat_id)
        turn.today = (turn.today if turn.day == self.today else 0) + 1
        turn.day = self.today
        self.changed.add(seat_id)
        return self.seats[seat_id]

    def hold(self, seat_id: int) -> Seat:
        """One record more in somebody's hands without a turn: an earlier owner, or a person chosen by hand."""
        was = self.facts[seat_id]
        self.facts[seat_id] = was.but(open_items=was.open_items + 1)
        return self.seats[seat_id]

    def drop(self, seat_id: int) -> None:
        """One record less in somebody's hands."""
        was = self.facts.get(seat_id)
        if was is not None:
            self.facts[seat_id] = was.but(open_items=was.open_items - 1)

    def write(self) -> None:
        """Keeps whose turn it is now."""
        if not self.changed:
            return
        # Whoever has no line yet gets one at the level of this moment, so that nobody's beginning is counted twice.
        new = {pk: Turn(seat_id=pk) for pk in self.seats.keys() - self.turns.keys()}
        self.turns |= new
        insert_rows(Turn, [self._line(pk) for pk in sorted(self.changed | new.keys())], replacing="seat_id")
        self.changed.clear()

    def _line(self, seat_id: int) -> dict[str, Any]:
        turn, fact = self.turns[seat_id], self.facts[seat_id]
        had = {"serial": fact.turn, "served": fact.served, "worth": fact.worth}
        return {"seat_id": seat_id, "day": turn.day, "today": turn.today} | had

    def _read(self) -> dict[int, int]:
        """Whose turn it is, and how much each holds."""
        with connection.cursor() as cursor:
            cursor.execute(STANDING, [array_of(self.seats, "bigint")])
            rows = cursor.fetchall()
        for seat_id, serial, served, worth, day, today, _load in rows:
            if serial is not None:
                turn = Turn(seat_id=seat_id, serial=serial, served=served, worth=worth, day=day, today=today)
                self.turns[seat_id] = turn
        return {seat_id: load or 0 for seat_id, *_turn, load in rows}

    def _facts(self, seat: Seat, load: int, rate: float) -> SeatFacts:
        tier, today = self.tier, self.today
        turn, share = self.turns.get(seat.pk), share_of(seat, tier, today)
        had = turn.today if turn is not None and turn.day == today else 0
        return SeatFacts(
            seat_id=seat.pk,
            open_items=load,
            capacity=room_of(seat, tier, today),
            weight=seat.weight * share / 100,
            turn=turn.serial if turn else 0,
            served=turn.served if turn else self._fair_start("served", seat.weight),
            worth=turn.worth if turn else self._fair_start("worth", 1),
            rate=rate,
            is_open=seat.is_open,
            is_active=seat.user.is_active,
            absent=is_absent(seat, today),
            paused=seat.paused_until is not None and seat.paused_until > self.now,
            off_shift=not is_on_shift(seat, self.now),
            left_today=None if seat.daily_cap is None else seat.daily_cap - had,
        )

    def _fair_start(self, what: str, weight: int) -> int:
        """A new seat begins level with the others: it neither catches up the past nor waits for it."""
        by_weight = self.tier.strategy == Strategy.WEIGHTED
        shares = [getattr(turn, what) / (self.seats[pk].weight if by_weight else 1) for pk, turn in self.turns.items()]
        return round(min(shares) * (weight if by_weight else 1)) if shares else 0

    def _rates(self) -> dict[int, float]:
        """How often each closes well; somebody of whom nothing is known counts as one in two."""
        if self.tier.strategy != Strategy.EXPECTED_VALUE:
            return {}
        ended = (
            Movement.objects.filter(
                pipeline=self.tier.pipeline_id, cause__in=CLOSED, at__gte=self.now - timedelta(days=SKILL_DAYS)
            )
            .filter(from_seat__in=self.seats)
            .order_by()
            .values_list("from_seat", "cause")
            .annotate(n=Count("*"))
        )
        good: Counter[int] = Counter()
        every: Counter[int] = Counter()
        for seat_id, cause, n in ended:
            every[seat_id] += n
            good[seat_id] += n if cause in CLOSED_WELL else 0
        return {pk: (good[pk] + 1) / (every[pk] + 2) for pk in self.seats}
