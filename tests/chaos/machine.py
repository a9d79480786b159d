"""The whole conveyor as a state machine: people, seats, clients, hand-offs and time in any order, the laws after each step."""

from __future__ import annotations

from datetime import timedelta

from hypothesis import strategies as st
from hypothesis.stateful import rule

from accounts import actions as farming
from accounts.models import Account
from deals import actions as hunting
from deals.models import Deal
from leads import actions as scouting
from leads.models import Lead
from pipeline_crm.clients.actions import Person
from pipeline_crm.conveyor import actions as belt
from pipeline_crm.conveyor import books, handoff, rota
from pipeline_crm.conveyor.models import BookMove
from pipeline_crm.conveyor.records import BELT
from pipeline_crm.conveyor.sweep import sweep
from pipeline_crm.tiers.models import Absence, Pipeline
from pipeline_crm.users.models import User

from .story import Story

BRIEF = handoff.Brief(summary="Wants two rooms with a large kitchen.")
ANY = st.integers(0, 10**6)


class Belt(Story):
    """Everything that people, those who steer, and time can do."""

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
