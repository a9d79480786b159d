"""Firms drawn by chance, with their clients in every state that some acts by chance lead to; and who may read what there."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from random import Random
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.http import Http404
from guardian.shortcuts import assign_perm

from accounts import actions as farming
from accounts.models import Account
from deals import actions as hunting
from deals.models import Deal, DealLine
from leads import actions as scouting
from leads.models import Lead
from pipeline_crm.access.gate import visible
from pipeline_crm.access.glass import break_glass
from pipeline_crm.access.sight import read_sight
from pipeline_crm.clients.models import Agreement, Client, ContactPoint
from pipeline_crm.conveyor import actions as belt
from pipeline_crm.conveyor import books, consent, handoff, lending, opening
from pipeline_crm.conveyor.errors import Refused
from pipeline_crm.conveyor.models import HandOff
from pipeline_crm.conveyor.records import BELT, ConveyorItem, Openness
from pipeline_crm.conveyor.sweep import sweep
from pipeline_crm.tiers import actions as drawing
from pipeline_crm.tiers.models import Pipeline, Product, Seat, Tier
from pipeline_crm.tiers.setup import setup
from pipeline_crm.tiers.stages import Stage, Structure
from pipeline_crm.timeline.models import Entry, Movement, Task
from pipeline_crm.users.models import User
from tests.cast import BRIEF, MONDAY, make_enquiry, make_person

MISHAPS = (Refused, Http404, ValidationError)
STEPS, RIDES = 60, 3


@dataclass
class Chance:
    """One firm of two pipelines, whose people do this and that."""

    random: Random
    now: datetime = MONDAY
    pipelines: list[Pipeline] = field(default_factory=list)
    seats: list[Seat] = field(default_factory=list)
    chiefs: dict[int, User] = field(default_factory=dict)
    others: list[User] = field(default_factory=list)

    @classmethod
    def of(cls, seed: int) -> Chance:
        """The firm of one number, after so many acts."""
        world = cls(Random(seed))
        for number in range(2):
            world._draw(number)
        world._hire()
        for home in world.pipelines * RIDES:
            world._ride(home)
        for _step in range(STEPS):
            world._go_on()
        world._part()
        return world

    @property
    def people(self) -> list[User]:
        """Everybody, as the database has them now."""
        return list(User.objects.order_by("id"))

    def _draw(self, number: int) -> None:
        home = drawing.draw(f"Branch {number}", structure=self.random.choice(list(Structure)))
        home.tiers.update(off_hours=True, cherry_picking=True)
        if self.random.random() < 0.5:
            home.tiers.update(strategy=self.random.choice(["pool", "round_robin", "least_loaded"]))
        home = Pipeline.objects.get(pk=home.pk)
        self.pipelines.append(home)
        for tier in home.ordered_tiers:
            for place in range(2):
                self._seat(tier, make_person(f"b{number}t{tier.pk}p{place}"))
            self._seat(tier, make_person(f"b{number}t{tier.pk}lead"), role=Seat.Role.LEAD, capacity=0)
        self.chiefs[home.pk] = make_person(f"head{number}")
        assign_perm("tiers.head_pipeline", self.chiefs[home.pk], home)

    def _seat(self, tier: Tier, user: User, **fields: Any) -> None:
        self.seats.append(Seat.objects.create(**{"tier": tier, "user": user, "capacity": 40, **fields}))

    def _hire(self) -> None:
        """Whoever stands at no one desk: somebody at two tiers, an analyst, administrators with and without a glass."""
        both = make_person("both")
        for tier in self.random.sample(list(Tier.objects.order_by("id")), 2):
            self._seat(tier, both)
        analyst = make_person("analyst")
        assign_perm("tiers.analyse_pipeline", analyst, self.pipelines[0])
        make_person("stranger")
        make_person("root", is_superuser=True, is_staff=True)
        glass = make_person("glass", is_superuser=True, is_staff=True)
        break_glass(
            pipeline=self.pipelines[1],
            reason="A client complains about us.",
            span=timedelta(hours=2),
            by=glass,
            now=self.now,
        )

    def _part(self) -> None:
        """In the end one person leaves, another's seat is closed."""
        gone, closed = self.random.sample(self.seats, 2)
        User.objects.filter(pk=gone.user_id).update(is_active=False)
        chief = self.chiefs[closed.tier.pipeline_id]
        self._try(lambda: books.close_seat(closed.pk, by=chief, now=self.now))

    def _ride(self, home: Pipeline) -> None:
        """One client from their first call to the account, as far as nobody refuses."""
        scouts = [seat for seat in self.seats if seat.tier_id == home.tier_for(Stage.LEAD).pk and seat.capacity]
        scout, now = self.random.choice(scouts), self.now
        lead = scouting.capture(home, make_enquiry(), by=scout.user, now=now, keep_for=scout).item.pk
        scouting.log_touch(lead, kind="call", outcome="reached", text="Well.", by=scout.user, now=now)
        consent.say(Lead, lead, says="yes", channels=["phone"], by=scout.user, now=now)
        belt.set_task(Lead, lead, title="Call", due_at=now + timedelta(days=1), by=scout.user, now=now)
        self._try(lambda: hunting.offer_from_lead(lead, brief=BRIEF, by=scout.user, now=now))
        for model, goes_on in ((Deal, farming.win), (Account, None)):
            item = model.objects.order_by("-id").select_related("seat__user").first()
            if item is None:
                return
            by = item.seat.user if item.seat else self._somebody(item)
            self._try(lambda item=item, model=model, by=by: handoff.accept(model, item.pk, by=by, now=now))
            if goes_on:
                self._try(lambda item=item, by=by: farming.win(item.pk, brief=BRIEF, by=by, now=now))

    def _go_on(self) -> None:
        self.now += timedelta(minutes=self.random.randint(1, 90))
        if self.random.random() < 0.2:
            self._try(self._come)
        elif self.random.random() < 0.05:
            sweep(now=self.now)
        else:
            model = self.random.choice([Lead, Lead, Deal, Deal, Account])
            records = list(model.objects.order_by("id").values_list("pk", flat=True))
            if records:
                self._try(lambda: self._touch(model, self.random.choice(records)))

    def _try(self, verb: Any) -> None:
        try:
            with transaction.atomic():
                verb()
        except MISHAPS:
            pass

    def _come(self) -> None:
        seat = self.random.choice(self.seats)
        home = Pipeline.objects.get(pk=seat.tier.pipeline_id)
        keeps = seat.tier.works(Stage.LEAD) and self.random.random() < 0.7
        scouting.capture(
            home, make_enquiry(), by=seat.user if keeps else None, now=self.now, keep_for=seat if keeps else None
        )

    def _touch(self, model: type[ConveyorItem], pk: int) -> None:
        [item] = setup().attach([model.objects.get(pk=pk)])
        by = item.seat.user if item.seat is not None else self._somebody(item)
        by = User.objects.get(pk=by.pk)
        verbs = {Lead: self._scout, Deal: self._hunt, Account: self._farm}
        self.random.choice([*self._anywhere(model, pk, item, by), *verbs[model](pk, item, by) * 2])()  # type: ignore[index]

    def _somebody(self, item: ConveyorItem) -> User:
        return self.random.choice([seat for seat in self.seats if seat.tier_id == item.tier_id] or self.seats).user

    def _anywhere(self, model: Any, pk: int, item: ConveyorItem, by: User) -> list[Any]:
        now, chief = self.now, self.chiefs[item.pipeline_id]
        colleague = self.random.choice([seat for seat in self.seats if seat.tier_id == item.tier_id] or [None])
        return [
            lambda: belt.claim(model, pk, by=by, now=now),
            lambda: belt.release(model, pk, by=by, now=now),
            lambda: belt.note(model, pk, text="Something.", by=by, now=now),
            lambda: belt.set_task(model, pk, title="Call", due_at=now + timedelta(days=1), by=by, now=now),
            lambda: belt.reassign(model, pk, to=colleague, by=chief, now=now),
            lambda: self._lend(model, pk, item, colleague),
            lambda: opening.reveal(model, pk, by=by, now=now),
            lambda: handoff.accept(model, pk, by=by, now=now),
            lambda: consent.say(
                model,
                pk,
                says=self.random.choice(["yes", "yes", "no", "no", "never"]),
                channels=["phone"],
                by=by,
                now=now,
            ),
        ]

    def _lend(self, model: Any, pk: int, item: ConveyorItem, colleague: Seat | None) -> None:
        """For some minutes or some days, so that some of it is over in the end, swept or not."""
        leads = [seat for seat in self.seats if seat.tier_id == item.tier_id and seat.role == Seat.Role.LEAD]
        if colleague is not None:
            until = self.now + timedelta(minutes=self.random.choice([30, 10_000]))
            lending.share(model, pk, to=colleague, until=until, by=leads[0].user, now=self.now)

    def _why(self, item: ConveyorItem, kind: str) -> Any:
        return item.pipeline.reasons.filter(kind=kind)[0]

    def _scout(self, pk: int, item: ConveyorItem, by: User) -> list[Any]:
        now = self.now
        return [
            lambda: scouting.log_touch(pk, kind="call", outcome="reached", text="Well.", by=by, now=now),
            lambda: hunting.offer_from_lead(pk, brief=BRIEF, by=by, now=now),
            lambda: hunting.offer_from_lead(pk, brief=BRIEF, by=by, now=now),
            lambda: scouting.park(pk, until=now + timedelta(days=2), by=by, now=now),
            lambda: scouting.disqualify(pk, reason=self._why(item, "disqualify"), by=by, now=now),
        ]

    def _hunt(self, pk: int, item: ConveyorItem, by: User) -> list[Any]:
        now, product = self.now, Product.objects.filter(pipeline=item.pipeline_id).first()
        lines = [hunting.Line(product=product, quantity=1, price=5)] if product else []  # type: ignore[arg-type]
        return [
            lambda: handoff.accept(Deal, pk, by=by, now=now),
            lambda: hunting.set_lines(pk, lines=lines, by=by, now=now),
            lambda: farming.win(pk, brief=BRIEF, by=by, now=now),
            lambda: farming.win(pk, brief=BRIEF, by=by, now=now),
            lambda: hunting.lose(pk, reason=self._why(item, "lose"), competitor="", by=by, now=now),
            lambda: hunting.return_to_scout(pk, reason=self._why(item, "return_deal"), comment="", by=by, now=now),
            lambda: farming.offer_again(pk, brief=BRIEF, by=by, now=now),
        ]

    def _farm(self, pk: int, item: ConveyorItem, by: User) -> list[Any]:
        now = self.now
        return [
            lambda: handoff.accept(Account, pk, by=by, now=now),
            lambda: farming.open_repeat(pk, product=None, amount=None, brief=BRIEF, by=by, now=now),
            lambda: farming.return_to_hunter(pk, reason=self._why(item, "return_account"), comment="", by=by, now=now),
            lambda: farming.churn(pk, reason=self._why(item, "churn"), by=by, now=now),
        ]


# What the first wall shows ---------------------------------------------------------------------------------------


def shown_to(user: User) -> dict[str, set[int]]:
    """By table, the rows that somebody may read: what `visible` gives, and what belongs to it."""
    if not user.is_active:
        return {model._meta.db_table: set() for model in PROTECTED}
    sight = read_sight(user)
    user.__dict__["sight"] = sight
    records = [item for model in BELT.values() for item in setup().attach(visible(user, model.objects.all()))]
    told: set[tuple[str, int]] = set()
    gone: set[int] = set()
    for item in records:
        told |= set(_trail(item))
        gone |= set(HandOff.objects.filter(from_stage=item.stage, from_id=item.pk).values_list("pk", flat=True))
    full = {item.client_id for item in records if item.openness(sight) == Openness.FULL}
    deals = [item.pk for item in records if item.stage == Stage.DEAL]
    revealed = _keys(Entry.objects.filter(by=user, kind="revealed"))
    return {
        **{model._meta.db_table: {item.pk for item in records if isinstance(item, model)} for model in BELT.values()},
        "clients_client": {item.client_id for item in records},
        "clients_contactpoint": _keys(ContactPoint.objects.filter(client__in=full)),
        "clients_agreement": _keys(Agreement.objects.filter(client__in=full)),
        "timeline_movement": _of(Movement, told),
        "timeline_entry": _of(Entry, told) | revealed,
        "timeline_task": _of(Task, told),
        "conveyor_handoff": _keys(visible(user, HandOff.objects.all())) | gone | _led_to(told),
        "deals_dealline": _keys(DealLine.objects.filter(deal__in=deals)),
    }


PROTECTED = (Lead, Deal, Account, Client, ContactPoint, Movement, Entry, Task, HandOff, Agreement, DealLine)


def _trail(item: ConveyorItem) -> Iterator[tuple[str, int]]:
    for stage, ids in item.trail().items():
        yield from ((str(stage), pk) for pk in ids)


def _keys(rows: Any) -> set[int]:
    return set(rows.values_list("pk", flat=True))


def _of(model: Any, told: set[tuple[str, int]]) -> set[int]:
    return {pk for pk, *record in model.objects.values_list("pk", "stage", "record_id") if tuple(record) in told}


def _led_to(told: set[tuple[str, int]]) -> set[int]:
    return {pk for pk, *record in HandOff.objects.values_list("pk", "to_stage", "to_id") if tuple(record) in told}
