"""How one client of the demo firm rides the belt: a story that stops wherever the present finds it."""

from __future__ import annotations

from collections.abc import Generator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from random import Random
from typing import Any

from django.http import Http404

from accounts import actions as farming
from accounts.models import Account
from deals import actions as hunting
from deals.models import Deal
from leads import actions as scouting
from leads.models import Lead
from pipeline_crm.access.sight import read_sight
from pipeline_crm.clients.actions import Person
from pipeline_crm.conveyor import actions as belt
from pipeline_crm.conveyor import handoff
from pipeline_crm.conveyor.errors import Refused
from pipeline_crm.conveyor.handoff import Brief
from pipeline_crm.conveyor.records import ConveyorItem
from pipeline_crm.tiers.models import Pipeline, Product, Seat, Source, Step
from pipeline_crm.tiers.stages import Stage
from pipeline_crm.users.models import User

from . import words

type Ride = Generator[timedelta, datetime, None]
HOUR, DAY = timedelta(hours=1), timedelta(hours=9)  # working time


@dataclass
class Teller:
    """Tells the stories of one pipeline: its lists, its language, and chance with a fixed seed."""

    pipeline: Pipeline
    language: str
    random: Random
    number: int

    def __post_init__(self) -> None:
        self.sources: list[Source | None] = list(self.pipeline.sources.all()) or [None]
        self.products: list[Product | None] = list(self.pipeline.products.all()) or [None]
        self.steps = {stage: list(self.pipeline.steps.filter(stage=stage).order_by("position")) for stage in Stage}
        self.reasons: dict[str, list[Any]] = {}
        for reason in self.pipeline.reasons.all():
            self.reasons.setdefault(reason.kind, []).append(reason)
        self.people: dict[int, User] = {}
        self.worked: tuple[type[ConveyorItem], int] | None = None

    def one_of(self, lists: Mapping[str, tuple[str, ...]]) -> str:
        """A sentence in the language of the pipeline."""
        return self.random.choice(lists[self.language])

    def chance(self, share: float) -> bool:
        """True in this share of cases."""
        return self.random.random() < share

    def enquiry(self) -> scouting.Enquiry:
        """Somebody new comes."""
        self.number += 1
        product = self.random.choice(self.products)
        name = words.a_name(self.language, self.random)
        person = Person(name=name, city=self.one_of(words.CITIES), language=self.language)
        phone = f"+7916{self.number:07d}"
        emails = (f"client{self.number}@mail.example",) if self.chance(0.6) else ()
        amount = _rounded(product.price * Decimal(self.random.uniform(0.9, 1.3))) if product and product.price else None
        source = self.random.choice(self.sources)
        return scouting.Enquiry(
            person, (phone,), emails, source=source, product=product, amount=amount, comment=self.one_of(words.WISHES)
        )

    def brief(self) -> Brief:
        """What the giver tells."""
        return Brief(
            summary=self.one_of(words.BRIEFS), budget=self.one_of(words.BUDGETS), decider=self.one_of(words.DECIDERS)
        )

    def owner(self, seat: Seat) -> User:
        """The person on a seat; what they may see is read once, because nobody changes seats in the story."""
        if seat.pk not in self.people:
            user = User.objects.get(pk=seat.user_id)
            user.__dict__["sight"] = read_sight(user)
            self.people[seat.pk] = user
        return self.people[seat.pk]

    def hand(self, model: type[ConveyorItem], pk: int, now: datetime) -> tuple[ConveyorItem, User]:
        """The record as it stands, and whoever works it; a record in the pool is taken by somebody with room."""
        self.worked = (model, pk)
        item = model.objects.select_related("seat").get(pk=pk)
        seat = item.seat
        if seat is None:
            seat = self.random.choice(list(Seat.objects.open().filter(tier=item.tier_id, role=Seat.Role.MEMBER)))
            item = belt.claim(model, pk, by=self.owner(seat), now=now)
        return item, self.owner(seat)

    def next_word(self, at: datetime, pause: timedelta) -> datetime:
        """When the story goes on: people are mostly in time, because a clock stands beside every client."""
        then = self.pipeline.calendar.add(at, pause)
        if self.worked is None or self.chance(0.06):
            return then
        model, pk = self.worked
        due = model.objects.values_list("due_at", flat=True).get(pk=pk)
        return max(at + timedelta(minutes=2), min(then, due - timedelta(minutes=3))) if due else then


def _rounded(amount: Decimal) -> Decimal:
    step = Decimal(10) ** max(0, len(str(int(amount))) - 3)
    return (amount / step).quantize(Decimal(1)) * step


def ride(tell: Teller, now: datetime) -> Ride:
    """The whole way of one client; yields how much working time passes before the next word."""
    captured = scouting.capture(tell.pipeline, tell.enquiry(), by=None, now=now)
    if captured.known:
        return
    tell.worked = (Lead, captured.item.pk)
    now = yield HOUR * tell.random.uniform(0.05, 0.6)
    deal_id = yield from _scout(tell, captured.item.pk, now)
    if deal_id is None:
        return
    tell.worked = (Deal, deal_id)
    now = yield HOUR * tell.random.uniform(0.1, 0.5)
    account_id = yield from _hunt(tell, deal_id, now)
    if account_id is not None:
        tell.worked = (Account, account_id)
        now = yield HOUR * tell.random.uniform(0.2, 1.5)
        yield from _farm(tell, account_id, now)


def _scout(tell: Teller, pk: int, now: datetime) -> Generator[timedelta, datetime, int | None]:
    """Calls until somebody talks, walks the steps, and hands on or lets go."""
    for attempt in range(4):
        _lead, by = tell.hand(Lead, pk, now)
        outcome = tell.random.choices(["reached", "no_answer", "busy", "wrong_number"], [60, 25, 13, 2])[0]
        text = tell.one_of(words.TALKS) if outcome == "reached" else ""
        scouting.log_touch(pk, kind="call", outcome=outcome, text=text, by=by, now=now)
        if outcome == "reached":
            break
        if attempt == 3 or outcome == "wrong_number":
            scouting.disqualify(pk, reason=tell.random.choice(tell.reasons["disqualify"]), by=by, now=now)
            return None
        now = yield HOUR * tell.random.uniform(2, 7)
    return (yield from _warm(tell, pk, now))


def _warm(tell: Teller, pk: int, now: datetime) -> Generator[timedelta, datetime, int | None]:
    if tell.chance(0.12):
        now = yield from _sleep(tell, pk, now)
    for step in _some(tell, tell.steps[Stage.LEAD][1:]):
        now = yield DAY * tell.random.uniform(0.2, 1.1)
        _lead, by = tell.hand(Lead, pk, now)
        belt.move_step(Lead, pk, step_id=step.pk, by=by, now=now)
        if tell.chance(0.2):
            scouting.disqualify(pk, reason=tell.random.choice(tell.reasons["disqualify"]), by=by, now=now)
            return None
        _maybe_task(tell, Lead, pk, by, now)
    now = yield HOUR * tell.random.uniform(0.5, 4)
    _lead, by = tell.hand(Lead, pk, now)
    return hunting.offer_from_lead(pk, brief=tell.brief(), by=by, now=now).to_id


def _some(tell: Teller, steps: list[Step]) -> list[Step]:
    """Most clients skip a step or two."""
    return [step for step in steps if tell.chance(0.6)]


def _sleep(tell: Teller, pk: int, now: datetime) -> Generator[timedelta, datetime, datetime]:
    _lead, by = tell.hand(Lead, pk, now)
    pause = DAY * tell.random.uniform(1, 8)
    scouting.park(pk, until=tell.pipeline.calendar.add(now, pause), by=by, now=now)
    return (yield pause + HOUR)


def _hunt(tell: Teller, pk: int, now: datetime) -> Generator[timedelta, datetime, int | None]:
    """Accepts or returns, walks the steps, wins or loses."""
    deal, by = tell.hand(Deal, pk, now)
    if deal.state == "offered":
        if tell.chance(0.1):
            why, comment = tell.random.choice(tell.reasons["return_deal"]), tell.one_of(words.COMMENTS)
            deal = hunting.return_to_scout(pk, reason=why, comment=comment, by=by, now=now)
            # A repeat deal came from no lead: it ends here.
            return (yield from _once_more(tell, deal.lead_id, now)) if deal.lead_id else None
        handoff.accept(Deal, pk, by=by, now=now)
        if tell.chance(0.8):
            handoff.mark_brief(Deal, pk, by=by, mark=tell.random.choices([5, 4, 3, 2], [45, 35, 15, 5])[0], now=now)
    for step in _some(tell, tell.steps[Stage.DEAL][1:]):
        now = yield DAY * tell.random.uniform(0.8, 4)
        _deal, by = tell.hand(Deal, pk, now)
        if tell.chance(0.6):
            kind = tell.random.choice(["call", "call", "message", "meeting"])
            outcome = "reached" if kind == "call" else ""
            belt.touch(Deal, pk, kind=kind, outcome=outcome, text=tell.one_of(words.TALKS), by=by, now=now)
        belt.move_step(Deal, pk, step_id=step.pk, by=by, now=now)
        if tell.chance(0.17):
            hunting.lose(pk, reason=tell.random.choice(tell.reasons["lose"]), competitor="", by=by, now=now)
            return None
        _maybe_task(tell, Deal, pk, by, now)
    now = yield DAY * tell.random.uniform(0.1, 0.8)
    _deal, by = tell.hand(Deal, pk, now)
    return farming.win(pk, brief=tell.brief(), by=by, now=now).pk


def _once_more(tell: Teller, pk: int, now: datetime) -> Generator[timedelta, datetime, int | None]:
    """A returned lead: the scout completes the brief and hands on again, or lets go."""
    tell.worked = (Lead, pk)
    now = yield HOUR * tell.random.uniform(0.5, 6)
    _lead, by = tell.hand(Lead, pk, now)
    scouting.log_touch(pk, kind="call", outcome="reached", text=tell.one_of(words.TALKS), by=by, now=now)
    if tell.chance(0.3):
        scouting.disqualify(pk, reason=tell.random.choice(tell.reasons["disqualify"]), by=by, now=now)
        return None
    now = yield HOUR * tell.random.uniform(0.5, 3)
    _lead, by = tell.hand(Lead, pk, now)
    offer = hunting.offer_from_lead(pk, brief=tell.brief(), by=by, now=now)
    tell.worked = (Deal, offer.to_id)
    now = yield HOUR * tell.random.uniform(0.1, 0.5)
    return (yield from _hunt(tell, offer.to_id, now))


def _farm(tell: Teller, pk: int, now: datetime) -> Ride:
    """Welcomes, keeps in touch, and now and then sells again."""
    account, by = tell.hand(Account, pk, now)
    if account.state == "offered":
        handoff.accept(Account, pk, by=by, now=now)
    for step in tell.steps[Stage.ACCOUNT][:3]:
        now = yield DAY * tell.random.uniform(4, 12)
        account, by = tell.hand(Account, pk, now)
        farming.log_touch(pk, kind="call", outcome="reached", text=tell.one_of(words.TALKS), by=by, now=now)
        if account.step_id != step.pk:
            belt.move_step(Account, pk, step_id=step.pk, by=by, now=now)
        if account.state == "active" and tell.chance(0.1):
            farming.doubt(pk, by=by, now=now)
        elif account.state == "at_risk":
            _decide(tell, pk, by, now)
            return
        elif tell.chance(0.25):
            yield from _sell_again(tell, pk, by, now)
            return


def _decide(tell: Teller, pk: int, by: User, now: datetime) -> None:
    if tell.chance(0.6):
        farming.calm(pk, by=by, now=now)
    else:
        farming.churn(pk, reason=tell.random.choice(tell.reasons["churn"]), by=by, now=now)


def _sell_again(tell: Teller, pk: int, by: User, now: datetime) -> Ride:
    product = tell.random.choice(tell.products)
    amount = product.price if product else None
    deal = farming.open_repeat(pk, product=product, amount=amount, brief=tell.brief(), by=by, now=now)
    now = yield HOUR
    yield from _hunt(tell, deal.pk, now)


def _maybe_task(tell: Teller, model: type[ConveyorItem], pk: int, by: User, now: datetime) -> None:
    if tell.chance(0.3):
        due = tell.pipeline.calendar.add(now, DAY * tell.random.uniform(0.3, 3))
        belt.set_task(model, pk, title=tell.one_of(words.TASKS), due_at=due, by=by, now=now)


# The sweep, an absence or full hands came in between: the story of this client goes on later.
MISHAPS = (Refused, Http404)
