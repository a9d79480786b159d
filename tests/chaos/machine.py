"""The whole conveyor as a state machine: people, seats, clients, hand-offs and time in any order, the laws after each step.

The machine keeps a small model of its own (who works here, who is away, what hour it is) and asks the database; it
reads nothing from the code that it tests.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime, timedelta
from typing import Any, ClassVar

from django.db import connection, transaction
from django.db.models import Max
from django.http import Http404
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from accounts import actions as farming
from accounts.models import Account
from deals import actions as hunting
from deals.models import Deal
from leads import actions as scouting
from leads.models import Lead
from pipeline_crm.access.gate import visible
from pipeline_crm.clients.actions import Person
from pipeline_crm.conveyor import actions as belt
from pipeline_crm.conveyor import books, handoff, rota
from pipeline_crm.conveyor.errors import Refused
from pipeline_crm.conveyor.models import BookMove
from pipeline_crm.conveyor.records import BELT, ConveyorItem
from pipeline_crm.conveyor.sweep import sweep
from pipeline_crm.tiers.models import Absence, Pipeline, Reason, Seat
from pipeline_crm.timeline.models import Movement
from pipeline_crm.users.models import User
from tests.laws.ten import TEN

from .firm import BEGIN, PEOPLE

BRIEF = handoff.Brief(summary="Wants two rooms with a large kitchen.")
ANY = st.integers(0, 10**6)
BY_RULE = ("round_robin", "least_loaded", "weighted", "expected_value")
# Every law of the commit is asked at once; then to whom the rule has given something since the last step, and what is new.
TO_WHOM = """
SET CONSTRAINTS ALL IMMEDIATE; SET CONSTRAINTS ALL DEFERRED;
SELECT coalesce(max(id), %(last)s), array_agg(DISTINCT to_seat_id)
    FILTER (WHERE to_seat_id IS NOT NULL AND why ->> 'strategy' = ANY (%(by_rule)s))
FROM timeline_movement WHERE id > %(last)s
"""
OPEN_LEADS = "SELECT id, seat_id, tier_id, awaits_lead FROM leads_lead WHERE state = ANY (%s)"


class Belt(RuleBasedStateMachine):
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

    # What people do -----------------------------------------------------------------------------------------------

    @rule(which=ANY, kept=st.booleans(), amount=st.none() | st.integers(1, 10**6))
    def capture(self, which: int, kept: bool, amount: int | None) -> None:
        self.phone += 1
        enquiry = scouting.Enquiry(Person(name="Somebody"), phones=(f"+7916{self.phone:07d}",), amount=amount)
        seat = self.seat(which % 3) if kept else None
        by = seat.user if seat else None
        home = Pipeline.objects.get(pk=self.pipeline.pk)
        self.does(lambda: scouting.capture(home, enquiry, by=by, now=self.now, keep_for=seat))

    @rule(which=ANY, outcome=st.sampled_from(["reached", "no_answer"]), stale=st.booleans())
    def touch(self, which: int, outcome: str, stale: bool) -> None:
        if item := self.some(which, Lead):
            seen = item.version - stale
            by = self.owner(item, which)
            done = self.does(
                lambda: scouting.log_touch(item.pk, kind="call", outcome=outcome, by=by, now=self.now, seen=seen)
            )
            assert not (done and stale), "an act on what was seen before the last move went through"

    @rule(which=ANY, stage=st.sampled_from(["lead", "deal", "account"]))
    def edit(self, which: int, stage: str) -> None:
        model = BELT[stage]
        if item := self.some(which, model):
            by = self.owner(item, which)
            self.does(lambda: belt.edit(model, item.pk, changes={"comment": f"{which}"}, by=by, now=self.now))
            after = model.objects.get(pk=item.pk)
            assert (after.due_at, after.stale_at, after.rung) == (item.due_at, item.stale_at, item.rung), (
                "an edit moved a clock"
            )

    @rule(which=ANY, stage=st.sampled_from(["lead", "deal", "account"]))
    def step(self, which: int, stage: str) -> None:
        model = BELT[stage]
        if item := self.some(which, model):
            steps = list(self.pipeline.steps.filter(stage=stage).values_list("pk", flat=True))
            by = self.owner(item, which)
            self.does(lambda: belt.move_step(model, item.pk, step_id=steps[which % len(steps)], by=by, now=self.now))

    @rule(which=ANY, hours=st.integers(1, 60))
    def park(self, which: int, hours: int) -> None:
        if item := self.some(which, Lead, "new", "contacted"):
            until = self.now + timedelta(hours=hours)
            by = self.owner(item, which)
            self.does(lambda: scouting.park(item.pk, until=until, by=by, now=self.now))

    @rule(which=ANY, stage=st.sampled_from(["lead", "deal", "account"]))
    def release(self, which: int, stage: str) -> None:
        model = BELT[stage]
        if item := self.some(which, model):
            by = self.owner(item, which)
            self.does(lambda: belt.release(model, item.pk, by=by, now=self.now))

    @rule(which=ANY, who=ANY, stage=st.sampled_from(["lead", "deal", "account"]))
    def claim(self, which: int, who: int, stage: str) -> None:
        model = BELT[stage]
        if item := self.some(which, model):
            by = self.seat(who).user
            self.does(lambda: belt.claim(model, item.pk, by=by, now=self.now))

    @rule(who=ANY, stage=st.sampled_from(["lead", "deal", "account"]))
    def take_next(self, who: int, stage: str) -> None:
        seat = self.seat(who)
        self.does(lambda: belt.take_next(BELT[stage], seat.tier, by=seat.user, now=self.now))

    @rule(which=ANY)
    def offer(self, which: int) -> None:
        if item := self.some(which, Lead, "contacted"):
            by = self.owner(item, which)
            self.does(lambda: hunting.offer_from_lead(item.pk, brief=BRIEF, by=by, now=self.now))

    @rule(which=ANY, stage=st.sampled_from(["deal", "account"]))
    def accept(self, which: int, stage: str) -> None:
        model = BELT[stage]
        if item := self.some(which, model, "offered"):
            by = self.owner(item, which)
            self.does(lambda: handoff.accept(model, item.pk, by=by, now=self.now))

    @rule(which=ANY)
    def send_back(self, which: int) -> None:
        if item := self.some(which, Deal):
            why, by = self.reason("return_deal"), self.owner(item, which)
            self.does(lambda: hunting.return_to_scout(item.pk, reason=why, comment="", by=by, now=self.now))

    @rule(which=ANY)
    def win(self, which: int) -> None:
        if item := self.some(which, Deal, "open"):
            by = self.owner(item, which)
            self.does(lambda: farming.win(item.pk, brief=BRIEF, by=by, now=self.now))

    @rule(which=ANY)
    def lose(self, which: int) -> None:
        if item := self.some(which, Deal, "open"):
            why, by = self.reason("lose"), self.owner(item, which)
            self.does(lambda: hunting.lose(item.pk, reason=why, competitor="", by=by, now=self.now))

    @rule(which=ANY)
    def disqualify(self, which: int) -> None:
        if item := self.some(which, Lead):
            why, by = self.reason("disqualify"), self.owner(item, which)
            self.does(lambda: scouting.disqualify(item.pk, reason=why, by=by, now=self.now))

    @rule(which=ANY)
    def reopen(self, which: int) -> None:
        if item := self.some(which, Lead, "disqualified"):
            self.does(lambda: scouting.reopen(item.pk, by=self.chief, now=self.now))
        elif item := self.some(which, Deal, "lost"):
            self.does(lambda: hunting.reopen(item.pk, by=self.chief, now=self.now))

    @rule(which=ANY)
    def return_account(self, which: int) -> None:
        if item := self.some(which, Account, "offered"):
            why, by = self.reason("return_account"), self.owner(item, which)
            self.does(lambda: farming.return_to_hunter(item.pk, reason=why, comment="", by=by, now=self.now))

    @rule(which=ANY)
    def offer_again(self, which: int) -> None:
        if item := self.some(which, Deal, "won"):
            by = self.owner(item, which)
            self.does(lambda: farming.offer_again(item.pk, brief=BRIEF, by=by, now=self.now))

    @rule(which=ANY)
    def repeat(self, which: int) -> None:
        if item := self.some(which, Account, "active", "at_risk"):
            by = self.owner(item, which)
            self.does(lambda: farming.open_repeat(item.pk, product=None, amount=None, brief=BRIEF, by=by, now=self.now))

    # What those do who steer ---------------------------------------------------------------------------------------

    @rule(which=ANY, who=st.none() | ANY, stage=st.sampled_from(["lead", "deal", "account"]))
    def reassign(self, which: int, who: int | None, stage: str) -> None:
        model = BELT[stage]
        if item := self.some(which, model):
            to = None if who is None else self.seat(who)
            self.does(lambda: belt.reassign(model, item.pk, to=to, by=self.chief, now=self.now))

    @rule(who=ANY)
    def close(self, who: int) -> None:
        seat = self.seat(who)
        self.closed.add(seat.pk)
        self.does(lambda: books.close_seat(seat.pk, by=self.chief, now=self.now))

    @rule(who=ANY)
    def open(self, who: int) -> None:
        seat = self.seat(who)
        self.does(lambda: rota.open_seat(seat.pk, by=self.chief))
        self.closed.discard(seat.pk)

    @rule(who=ANY)
    def dismiss(self, who: int) -> None:
        name = self.seat(who).user.username
        User.objects.filter(username=name).update(is_active=False)
        self.dismissed.add(name)

    @rule(who=ANY)
    def hire_again(self, who: int) -> None:
        name = self.seat(who).user.username
        User.objects.filter(username=name).update(is_active=True)
        self.dismissed.discard(name)

    @rule(who=ANY, ahead=st.integers(0, 2), days=st.integers(0, 4))
    def send_away(self, who: int, ahead: int, days: int) -> None:
        seat, today = self.seat(who), self.today()
        first = today + timedelta(days=ahead)
        last = first + timedelta(days=days)
        self.does(
            lambda: rota.send_away(seat.pk, first_day=first, last_day=last, reason="", by=self.chief, now=self.now)
        )

    @rule(which=ANY)
    def call_back(self, which: int) -> None:
        absences = list(Absence.objects.order_by("id").values_list("pk", flat=True))
        if absences:
            self.does(lambda: rota.call_back(absences[which % len(absences)], by=self.chief, now=self.now))

    @rule(who=ANY, to=st.none() | ANY)
    def redistribute(self, who: int, to: int | None) -> None:
        seat, taker = self.seat(who), None if to is None else self.seat(to)
        self.does(
            lambda: books.redistribute(seat.pk, cause=BookMove.Cause.RELIEVED, to=taker, by=self.chief, now=self.now)
        )

    @rule(which=ANY)
    def bring_back(self, which: int) -> None:
        moves = list(BookMove.objects.order_by("id").values_list("pk", flat=True))
        if moves:
            self.does(lambda: books.bring_back(moves[which % len(moves)], by=self.chief, now=self.now))

    # Time ---------------------------------------------------------------------------------------------------------

    @rule(minutes=st.sampled_from([1, 20, 60, 240, 1440, 4320]))
    def time_passes(self, minutes: int) -> None:
        self.now += timedelta(minutes=minutes)

    @rule()
    def until_something_is_due(self) -> None:
        ahead = [
            at
            for model in BELT.values()
            for at in model.objects.filter(stale_at__gt=self.now)
            .order_by("stale_at")
            .values_list("stale_at", flat=True)[:1]
        ]
        self.now = min(ahead, default=self.now)

    @rule()
    def the_sweep(self) -> None:
        """What was due is dealt with, each once; what was not is left alone; another ring does nothing."""
        before, gone = self.standing(), self.gone()
        self.does(lambda: sweep(now=self.now))
        after = self.standing()
        for key, (version, stale_at, seat, is_open) in before.items():
            is_due = (stale_at is not None and stale_at <= self.now) or (is_open and seat in gone)
            new_version, new_stale_at, new_seat, still_open = after[key]
            if is_due:
                assert new_version <= version + 1, f"{key} moved twice in one sweep"
                assert new_stale_at is None or new_stale_at > self.now, f"{key} is due still"
                assert not (still_open and new_seat in gone), f"{key} lies with somebody who is gone"
            else:
                assert after[key] == before[key], f"{key} was not due"
        sweep(now=self.now)
        assert self.standing() == after, "a second ring did something"

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
        Belt.steps += 1
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
