"""What every story of the state machine stands on: its beginning, how a step is taken, and the laws after each.

It keeps a small model of its own (who works here, who is away, what hour it is) and asks the database; it reads nothing
from the code that it tests.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime
from typing import Any, ClassVar

from django.db import connection, transaction
from django.db.models import Max
from django.http import Http404
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant

from leads.models import Lead
from pipeline_crm.access.gate import visible
from pipeline_crm.conveyor.errors import Refused
from pipeline_crm.conveyor.records import BELT, ConveyorItem
from pipeline_crm.tiers.models import Absence, Pipeline, Reason, Seat
from pipeline_crm.timeline.models import Movement
from pipeline_crm.users.models import User
from tests.laws.ten import TEN

from .firm import BEGIN, PEOPLE

BY_RULE = ("round_robin", "least_loaded", "weighted", "expected_value")
# Every law of the commit is asked at once; then to whom the rule has given something since the last step, and what is new.
TO_WHOM = """
SET CONSTRAINTS ALL IMMEDIATE; SET CONSTRAINTS ALL DEFERRED;
SELECT coalesce(max(id), %(last)s), array_agg(DISTINCT to_seat_id)
    FILTER (WHERE to_seat_id IS NOT NULL AND why ->> 'strategy' = ANY (%(by_rule)s))
FROM timeline_movement WHERE id > %(last)s
"""
OPEN_LEADS = "SELECT id, seat_id, tier_id, awaits_lead FROM leads_lead WHERE state = ANY (%s)"


class Story(RuleBasedStateMachine):
    """One story; it is told inside a transaction and never happened when it ends."""

    told: ClassVar[Counter[str]] = Counter()
    steps: ClassVar[int] = 0

    @initialize()
    def begin(self) -> None:
        """Nobody has any client yet."""
        self.story = transaction.atomic()
        self.story.__enter__()
        self.now = BEGIN
        self.phone = 5_000_000
        self.pipeline = Pipeline.objects.get(name="Belt")
        self.people = {user.username: user for user in User.objects.all()}
        self.chief = self.people["chief"]
        self.names = dict(Seat.objects.values_list("pk", "user__username"))
        self.seats = {name: seat for seat, name in self.names.items()}
        self.tier = dict(Seat.objects.values_list("pk", "tier"))
        self.room = dict(Seat.objects.values_list("pk", "capacity"))
        self.closed: set[int] = set()
        self.dismissed: set[str] = set()
        self.last_movement = Movement.objects.aggregate(last=Max("pk"))["last"] or 0
        self.looked = 0

    def teardown(self) -> None:
        """The story never happened."""
        if hasattr(self, "story"):
            self.told.update(Movement.objects.values_list("cause", flat=True))
            transaction.set_rollback(True)
            self.story.__exit__(None, None, None)

    # How a step is taken -------------------------------------------------------------------------------------------

    def does(self, act: Callable[[], Any]) -> Any:
        """Does something that may be refused with a sentence; every law of the commit is asked at once."""
        done = None
        with suppress(Refused, Http404):
            done = act()
        with connection.cursor() as cursor:
            cursor.execute(TO_WHOM, {"last": self.last_movement, "by_rule": list(BY_RULE)})
            self.last_movement, receivers = cursor.fetchone()
        if receivers:
            self.fair(set(receivers))
        return done

    def some(self, which: int, model: type[ConveyorItem], *states: str) -> ConveyorItem | None:
        """One of the records in these states."""
        rows = list(model.objects.filter(state__in=states or model.OPEN).order_by("id"))
        return rows[which % len(rows)] if rows else None

    def owner(self, item: ConveyorItem, which: int) -> User:
        """Mostly whoever has the record, and now and then somebody else, who must not be able to."""
        names = sorted(self.people)
        if item.seat_id is None or which % 7 == 0:
            return self.someone(names[which % len(names)])
        return self.someone(self.names[item.seat_id])

    def someone(self, name: str) -> User:
        """A person as a request meets them: read anew."""
        return User.objects.get(username=name)

    def seat(self, which: int) -> Seat:
        """One of the seats of members."""
        names = sorted(PEOPLE)
        return Seat.objects.select_related("user", "tier").get(pk=self.seats[names[which % len(names)]])

    # The laws -----------------------------------------------------------------------------------------------------

    def standing(self) -> dict[tuple[str, int], tuple[int, datetime | None, int | None, bool]]:
        """Where every record stands."""
        return {
            (stage, pk): (version, stale_at, seat, state in model.OPEN)
            for stage, model in BELT.items()
            for pk, version, stale_at, seat, state in model.objects.order_by().values_list(
                "pk", "version", "stale_at", "seat", "state"
            )
        }

    def gone(self) -> set[int]:
        """The seats that may hold nothing, by the machine's own book."""
        return self.closed | {self.seats[name] for name in self.dismissed}

    def fair(self, receivers: set[int]) -> None:
        """Whoever the rule has just given something to: they work here, are here, and had room (I6)."""
        today = self.today()
        away = set(Absence.objects.filter(first_day__lte=today, last_day__gte=today).values_list("seat", flat=True))
        assert not receivers & self.gone(), "somebody who is gone received"
        assert not receivers & away, "somebody who is away received"
        with connection.cursor() as cursor:
            cursor.execute(f"SELECT id::int FROM ({TEN['load within capacity']}) AS full_seats(kind, id)")  # noqa: S608
            full = {row[0] for row in cursor.fetchall()}
        assert not receivers & full, "somebody received more than they may hold"

    @invariant()
    def holds(self) -> None:
        """I1, I3, I4, I5, I6, I7 in SQL, after every step."""
        if not hasattr(self, "story"):
            return
        Story.steps += 1
        with connection.cursor() as cursor:
            cursor.execute("EXECUTE the_laws")
            broken = cursor.fetchall()
        assert broken == [], broken

    @invariant()
    def nobody_sees_more(self) -> None:
        """I2 for one person after each step: their own leads and their tier's pool, and nothing else."""
        if not hasattr(self, "story"):
            return
        names = sorted(PEOPLE)
        self.looked += 1
        name = names[self.looked % len(names)]
        seat = self.seats[name]
        # Of open records it is said in two ways, and both must say the same.
        rows = visible(self.someone(name), Lead.objects.open(), only_open=self.looked % 2 == 0).order_by()
        seen = set(rows.values_list("pk", flat=True))
        if seat in self.gone():
            assert seen == set(), f"{name} is gone and sees {seen}"
            return
        with connection.cursor() as cursor:
            cursor.execute(OPEN_LEADS, [[str(state) for state in Lead.OPEN]])
            leads = cursor.fetchall()
        right = {
            pk
            for pk, holder, tier, waits in leads
            if holder == seat or (holder is None and tier == self.tier[seat] and not waits)
        }
        assert seen == right, f"{name} sees {seen ^ right} wrongly"

    def reason(self, kind: str) -> Reason:
        """The first of a list."""
        return Reason.objects.filter(pipeline=self.pipeline, kind=kind)[0]

    def today(self) -> Any:
        """The day it is where the pipeline works."""
        return self.now.astimezone(self.pipeline.zone).date()
