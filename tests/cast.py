"""The people whom the tests make promises about, and how records come to them."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.test import Client as Browser
from django.utils import timezone
from guardian.shortcuts import assign_perm

from accounts import actions as farming
from accounts.models import Account
from deals import actions as hunting
from deals.models import Deal
from leads import actions as scouting
from leads.models import Lead
from pipeline_crm.access.glass import break_glass
from pipeline_crm.access.sight import read_sight
from pipeline_crm.clients.actions import Person
from pipeline_crm.conveyor import handoff
from pipeline_crm.conveyor.handoff import Brief
from pipeline_crm.tiers import actions as drawing
from pipeline_crm.tiers.configurators import make_configurator
from pipeline_crm.tiers.models import Pipeline, Reason, Seat, Tier
from pipeline_crm.tiers.stages import Stage, Structure
from pipeline_crm.users.models import User

MOSCOW = ZoneInfo("Europe/Moscow")
MONDAY = datetime(2026, 11, 16, 10, 0, tzinfo=MOSCOW)  # a working morning in the past
BRIEF = Brief(summary="Wants two rooms with a large kitchen, mortgage approved.", budget="9 to 11 million")
_numbers = itertools.count(1)


def make_person(username: str, name: str = "", **fields: Any) -> User:
    """Somebody who can sign in; the password is the name itself."""
    first, _, last = (name or username.capitalize()).partition(" ")
    person = User(username=username, first_name=first, last_name=last, email=f"{username}@firm.example", **fields)
    person.set_unusable_password()
    person.save()
    return person


def make_head(pipeline: Pipeline, username: str = "chief") -> User:
    """Somebody who heads a pipeline: who does already, else this person."""
    heads = drawing.appointed(pipeline, "head_pipeline")
    if heads:
        return User.objects.get(pk=heads[0])
    person = User.objects.filter(username=username).first() or make_person(username)
    assign_perm("tiers.head_pipeline", person, pipeline)
    return person


def break_open(administrator: User, *pipelines: Pipeline, now: datetime | None = None) -> User:
    """Lets an administrator see the clients of pipelines for an hour."""
    for pipeline in pipelines:
        words = "A client asks for their data, and nobody else is here."
        break_glass(
            pipeline=pipeline, reason=words, span=timedelta(hours=1), by=administrator, now=now or timezone.now()
        )
    return administrator


def seat_at(pipeline: Pipeline, stage: Stage, user: User, **fields: Any) -> Seat:
    """Gives a person a seat at the tier that works a stage; the same seat when that tier is theirs already."""
    tier = Pipeline.objects.get(pk=pipeline.pk).tier_for(stage)
    return Seat.objects.get_or_create(tier=tier, user=user, defaults={"capacity": 40, **fields})[0]


@contextmanager
def at_work(*seats: Seat) -> Iterator[None]:
    """Reads once what people may see, as a request does, while they do several things in a row; outside, nothing is kept."""
    fresh = [seat.user for seat in seats if "sight" not in seat.user.__dict__]
    for user in fresh:
        user.__dict__["sight"] = read_sight(user)
    try:
        yield
    finally:
        for user in fresh:
            user.__dict__.pop("sight", None)


def make_enquiry(
    name: str = "", *, phone: str | None = None, email: str | None = None, **fields: Any
) -> scouting.Enquiry:
    """What a client tells when they come; without a phone or e-mail, one that nobody has."""
    number = next(_numbers)
    phones = (phone or f"+7916{number:07d}",) if phone or not email else ()
    return scouting.Enquiry(
        Person(name=name or f"Client {number}"), phones=phones, emails=(email,) if email else (), **fields
    )


def make_lead(
    seat: Seat | None = None,
    *,
    pipeline: Pipeline | None = None,
    name: str = "",
    now: datetime = MONDAY,
    phone: str | None = None,
    **fields: Any,
) -> Lead:
    """A new lead in somebody's hands, or in the pool of a pipeline."""
    home = Pipeline.objects.get(pk=seat.tier.pipeline_id if seat else pipeline.pk)
    tier = home.tier_for(Stage.LEAD)
    if seat is None:
        strategy = tier.strategy
        Tier.objects.filter(pk=tier.pk).update(strategy="pool")
        home = Pipeline.objects.get(pk=home.pk)
    captured = scouting.capture(
        home, make_enquiry(name, phone=phone, **fields), by=seat.user if seat else None, now=now, keep_for=seat
    )
    if seat is None:
        Tier.objects.filter(pk=tier.pk).update(strategy=strategy)
    assert not captured.known
    return Lead.objects.get(pk=captured.item.pk)


def make_contacted(seat: Seat, *, now: datetime = MONDAY, **fields: Any) -> Lead:
    """A lead that somebody has talked with."""
    with at_work(seat):
        lead = make_lead(seat, now=now, **fields)
        scouting.log_touch(lead.pk, kind="call", outcome="reached", text="Wants to hear more.", by=seat.user, now=now)
    return Lead.objects.get(pk=lead.pk)


def make_offer(giver: Seat, *, now: datetime = MONDAY, **fields: Any) -> Deal:
    """A deal offered over the boundary, to whomever the rule chooses."""
    with at_work(giver):
        lead = make_contacted(giver, now=now, **fields)
        offered = hunting.offer_from_lead(lead.pk, brief=BRIEF, by=giver.user, now=now)
    return Deal.objects.get(pk=offered.to_id)


def make_deal(giver: Seat, taker: Seat, *, now: datetime = MONDAY, **fields: Any) -> Deal:
    """An open deal in a hunter's hands."""
    deal = make_offer(giver, now=now, **fields)
    if deal.state == "offered":
        steer_to(deal, taker, now=now)
        with at_work(taker):
            handoff.accept(Deal, deal.pk, by=taker.user, now=now)
    return Deal.objects.get(pk=deal.pk)


def make_account(
    giver: Seat, hunter: Seat, farmer: Seat, *, now: datetime = MONDAY, amount: Decimal = Decimal(100), **fields: Any
) -> Account:
    """An active account in a farmer's hands."""
    with at_work(giver, hunter, farmer):
        deal = make_deal(giver, hunter, now=now, amount=amount, **fields)
        account = farming.win(deal.pk, brief=BRIEF, by=hunter.user, now=now)
        if account.state == "offered":
            steer_to(account, farmer, now=now)
            handoff.accept(Account, account.pk, by=farmer.user, now=now)
    return Account.objects.get(pk=account.pk)


def steer_to(item: Deal | Account, seat: Seat, *, now: datetime = MONDAY) -> None:
    """Sees that an offer lies with one certain person, as the head of sales might."""
    if item.seat_id != seat.pk:
        from pipeline_crm.conveyor.actions import reassign

        reassign(type(item), item.pk, to=seat, by=make_head(item.pipeline), now=now)


def reason(pipeline: Pipeline, kind: Reason.Kind) -> Reason:
    """The first reason of a kind in the pipeline's list."""
    return Reason.objects.filter(pipeline=pipeline, kind=kind)[0]


@pytest.fixture
def pipeline(db: None) -> Pipeline:
    """A property developer's conveyor of three tiers, where records are given at any hour and may be chosen."""
    home = drawing.draw("Severny Park flats", structure=Structure.THREE)
    for rows in (home.tiers, Tier.history.filter(pipeline=home)):
        rows.update(off_hours=True, cherry_picking=True)
    return home


@pytest.fixture
def sam(pipeline: Pipeline) -> Seat:
    """A scout."""
    return seat_at(pipeline, Stage.LEAD, make_person("sam", "Sam Scout"))


@pytest.fixture
def sue(pipeline: Pipeline) -> Seat:
    """The other scout."""
    return seat_at(pipeline, Stage.LEAD, make_person("sue", "Sue Search"))


@pytest.fixture
def hal(pipeline: Pipeline) -> Seat:
    """A hunter."""
    return seat_at(pipeline, Stage.DEAL, make_person("hal", "Hal Hunter"))


@pytest.fixture
def hana(pipeline: Pipeline) -> Seat:
    """The other hunter."""
    return seat_at(pipeline, Stage.DEAL, make_person("hana", "Hana Hart"))


@pytest.fixture
def fay(pipeline: Pipeline) -> Seat:
    """A farmer."""
    return seat_at(pipeline, Stage.ACCOUNT, make_person("fay", "Fay Farmer"))


@pytest.fixture
def lena(pipeline: Pipeline) -> Seat:
    """The team lead of the scouts; holds nothing herself."""
    return seat_at(pipeline, Stage.LEAD, make_person("lena", "Lena Lead"), role=Seat.Role.LEAD, capacity=0)


@pytest.fixture
def olga(pipeline: Pipeline) -> User:
    """The head of sales."""
    person = make_person("olga", "Olga Orlova")
    assign_perm("tiers.head_pipeline", person, pipeline)
    return person


@pytest.fixture
def ada(pipeline: Pipeline) -> User:
    """An analyst: numbers, no persons."""
    person = make_person("ada", "Ada Analyst")
    assign_perm("tiers.analyse_pipeline", person, pipeline)
    return person


@pytest.fixture
def cody(db: None) -> User:
    """A configurator: structure, and no clients."""
    person = make_person("cody", "Cody Config")
    make_configurator(person)
    return person


@pytest.fixture
def root(db: None) -> User:
    """A superuser: structure and people, and no clients until they break the glass."""
    return make_person("root", "Root Admin", is_staff=True, is_superuser=True)


@pytest.fixture
def stan(db: None) -> Seat:
    """A stranger: a scout of another pipeline."""
    other = drawing.draw("Another branch", structure=Structure.THREE)
    return seat_at(other, Stage.LEAD, make_person("stan", "Stan Stranger"))


@pytest.fixture
def browse() -> Callable[[User | Seat], Browser]:
    """A browser in which somebody is signed in."""

    def signed_in(who: User | Seat) -> Browser:
        browser = Browser()
        browser.force_login(who.user if isinstance(who, Seat) else who)
        return browser

    return signed_in
