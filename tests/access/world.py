"""A small firm in which every personal word is a unique token, one client in each relation, and who may know which."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any

from django.contrib.auth.models import AnonymousUser
from django.test import Client as Browser

from accounts import actions as farming
from accounts.models import Account
from deals import actions as hunting
from deals.models import Deal
from leads import actions as scouting
from leads.models import Lead
from pipeline_crm.clients.actions import Person
from pipeline_crm.clients.contacts import show_phone
from pipeline_crm.conveyor import actions as belt
from pipeline_crm.conveyor import handoff, lending
from pipeline_crm.conveyor.handoff import Brief
from pipeline_crm.conveyor.records import ConveyorItem
from pipeline_crm.tiers.models import Pipeline, Reason, Seat, Tier
from pipeline_crm.users.models import User
from tests.cast import MONDAY, reason

PEOPLE = ["sam", "sue", "lena", "hal", "fay", "olga", "ada", "cody", "stan", "root", "gone", "nobody"]
NOTHING, NAME, FULL = range(3)

# Who may know the client of a record: full · name (and brief) · - nothing at all, the pool among it
KNOWN = """
                   sam   sue   lena  hal   fay   olga  ada   cody  stan  root  gone  nobody
  mine.lead        full  -     full  -     -     full  -     -     -     -     -     -
  sues.lead        -     full  full  -     -     full  -     -     -     -     -     -
  pooled.lead      -     -     full  -     -     full  -     -     -     -     -     -
  moved.lead       -     full  full  -     -     full  -     -     -     -     -     -
  lent.lead        full  full  full  -     -     full  -     -     -     -     -     -
  lapsed.lead      full  -     full  -     -     full  -     -     -     -     -     -
  junk.lead        full  -     full  -     -     full  -     -     -     -     -     -
  gones.lead       -     -     full  -     -     full  -     -     -     -     -     -
  foreign.lead     -     -     -     -     -     -     -     -     full  -     -     -
  handed.lead      -     -     full  -     -     full  -     -     -     -     -     -
  handed.deal      -     -     -     full  -     full  -     -     -     -     -     -
  offered.lead     -     -     full  -     -     full  -     -     -     -     -     -
  offered.deal     -     -     -     name  -     full  -     -     -     -     -     -
  waiting.lead     -     -     full  -     -     full  -     -     -     -     -     -
  waiting.deal     -     -     -     -     -     full  -     -     -     -     -     -
  returned.lead    full  -     full  -     -     full  -     -     -     -     -     -
  returned.deal    -     -     -     -     -     full  -     -     -     -     -     -
  lost.lead        -     -     full  -     -     full  -     -     -     -     -     -
  lost.deal        -     -     -     full  -     full  -     -     -     -     -     -
  kept.lead        -     -     full  -     -     full  -     -     -     -     -     -
  kept.deal        -     -     -     -     -     full  -     -     -     -     -     -
  kept.account     -     -     -     -     full  full  -     -     -     -     -     -
  fresh.lead       -     -     full  -     -     full  -     -     -     -     -     -
  fresh.deal       -     -     -     -     -     full  -     -     -     -     -     -
  fresh.account    -     -     -     -     name  full  -     -     -     -     -     -
  short.lead       -     -     full  -     -     full  -     -     -     -     -     -
  short.deal       -     -     -     full  -     full  -     -     -     -     -     -
  short.account    -     -     -     -     -     full  -     -     -     -     -     -
  again.lead       -     -     full  -     -     full  -     -     -     -     -     -
  again.deal       -     -     -     -     -     full  -     -     -     -     -     -
  again.account    -     -     -     -     full  full  -     -     -     -     -     -
  again.repeat     -     -     -     -     full  full  -     -     -     -     -     -
"""
WORDS = {"-": NOTHING, "name": NAME, "full": FULL}
# The contact of a pooled client is often in the comment that came with an import.
PHONE_IN_COMMENT = "call +7 916 700 55 44 after six"
_numbers = itertools.count(10)


def known() -> dict[tuple[str, str], int]:
    """The cells of the table: how much of a record's client somebody may know."""
    head, *rows = [line.split() for line in KNOWN.strip().splitlines()]
    assert head == PEOPLE
    return {(row[0], who): WORDS[cell] for row in rows for who, cell in zip(head, row[1:], strict=True)}


@dataclass(frozen=True)
class Token:
    """A personal word, the records on whose pages it may stand, and how open such a record must be for it."""

    text: str
    records: tuple[str, ...]
    needs: int


@dataclass
class World:
    """The records by name, the people's browsers, and every token."""

    pipeline: Pipeline
    other: Pipeline
    seats: dict[str, Seat]
    users: dict[str, Any]
    items: dict[str, ConveyorItem] = field(default_factory=dict)
    tokens: list[Token] = field(default_factory=list)
    contacts: dict[str, tuple[str, ...]] = field(default_factory=dict)
    browsers: dict[str, Browser] = field(default_factory=dict)
    copy: str = ""  # letters that tell the clients of one copy of the world from those of another

    def word(self, client: str, what: str, *records: str, needs: int = FULL) -> str:
        """A new token about a client."""
        text = f"zq{client}{self.copy}q{what}qz"
        self.tokens.append(Token(text, records, needs))
        return text


def populate(world: World) -> World:
    """One client in each relation to somebody, each told of in tokens."""
    sam, sue, hal = (world.seats[who] for who in ("sam", "sue", "hal"))
    _lead(world, "mine", sam)
    _lead(world, "sues", sue)
    _lead(world, "pooled", None)
    _lead(world, "foreign", world.seats["stan"])
    _lead(world, "gones", world.seats["gone"])
    belt.reassign(
        Lead, _lead(world, "moved", sam).pk, to=sue, by=world.users["lena"], now=MONDAY + timedelta(minutes=5)
    )
    for client, minutes in (("lent", 24 * 60), ("lapsed", 30)):
        lead, until = _lead(world, client, sam), MONDAY + timedelta(minutes=minutes)
        lending.share(Lead, lead.pk, to=sue, until=until, by=world.users["lena"], now=MONDAY)
    junk = _lead(world, "junk", sam)
    why = reason(world.pipeline, Reason.Kind.DISQUALIFY)
    scouting.disqualify(junk.pk, reason=why, by=sam.user, now=MONDAY)
    _deal(world, "handed", hal)
    _deal(world, "offered", None)
    Tier.objects.filter(pk=hal.tier_id).update(strategy="pool")
    world.pipeline = Pipeline.objects.get(pk=world.pipeline.pk)
    _deal(world, "waiting", None)
    Tier.objects.filter(pk=hal.tier_id).update(strategy="round_robin")
    _returned_deal(world, hal)
    lost = _deal(world, "lost", hal)
    why = reason(world.pipeline, Reason.Kind.LOSE)
    rival = world.word("lost", "rival", "lost.deal")
    hunting.lose(lost.pk, reason=why, competitor=rival, by=hal.user, now=MONDAY)
    _accounts(world, hal, world.seats["fay"])
    world.items = {
        name: type(item).objects.select_related("client").get(pk=item.pk) for name, item in world.items.items()
    }
    return world


def copies(world: World, number: int) -> Iterator[World]:
    """So many firms' worth of clients more, in the hands of the same people."""
    gone = User.objects.filter(username="gone")
    gone.update(is_active=True)
    for place in range(number):
        letters = "abcdefghijklmnop"[place // 16] + "abcdefghijklmnop"[place % 16]
        yield populate(replace(world, items={}, tokens=[], contacts={}, copy=letters))
    gone.update(is_active=False)


def open_browsers(world: World) -> None:
    """Everybody signs in; then one of them is told to go, with the browser still open."""
    for who in PEOPLE:
        browser = Browser(raise_request_exception=False)
        if not isinstance(world.users[who], AnonymousUser):
            browser.force_login(world.users[who])
        world.browsers[who] = browser
    User.objects.filter(username="gone").update(is_active=False)


# Leads -----------------------------------------------------------------------------------------------------------


def _on(client: str, *stages: str) -> list[str]:
    """The records of a client at which something may be known: where it was said, and those ahead."""
    return [f"{client}.{stage}" for stage in stages]


def _lead(world: World, client: str, seat: Seat | None, **reached: Any) -> Lead:
    stages = reached.get("stages", ("lead",))
    everywhere = _on(client, *stages)
    number, word = next(_numbers), lambda what, needs=FULL: world.word(client, what, *everywhere, needs=needs)
    # No two clients share an area, an end or a domain, so that a mask, too, tells whose contact it is.
    end = (number + number // 1000) % 100
    phone, domain = f"+7{900 + number % 97}5{number % 1000:03d}7{end:02d}", word("domain")
    email = f"zq{client}{world.copy}qlocal@{domain}.example"
    home = world.other if client == "foreign" else world.pipeline
    tier = home.tier_for("lead")
    if seat is None:
        Tier.objects.filter(pk=tier.pk).update(strategy="pool")
        home = Pipeline.objects.get(pk=home.pk)
    person = Person(
        name=f"Zelda {word('name', NAME)}",
        company=word("company", NAME),
        region=word("region"),
        city=word("city"),
    )
    enquiry = scouting.Enquiry(
        person,
        phones=(phone,),
        emails=(email,),
        source=home.sources.first(),
        product=home.products.first(),
        campaign=word("campaign"),
        comment=f"{word('comment')} {PHONE_IN_COMMENT if client == 'pooled' else ''}",
    )
    lead = scouting.capture(home, enquiry, by=seat.user if seat else None, now=MONDAY, keep_for=seat).item
    Tier.objects.filter(pk=tier.pk).update(strategy="round_robin")
    world.items[f"{client}.lead"] = lead
    world.contacts[client] = (
        *(phone[1:], phone[2:], phone[5:], show_phone(phone, home.country), show_phone(phone, None)),
        *(f"{phone[5:8]}-{phone[8:10]}-{phone[10:]}", email, f"zq{client}{world.copy}qlocal"),
    )
    if not world.copy:
        # Among very many clients two digits are the end of many a phone.
        world.tokens.append(Token(f"••-{end:02d}", tuple(everywhere), FULL))
    if seat is not None:
        _work(world, client, "lead", Lead, lead.pk, seat, on=everywhere)
        scouting.log_touch(lead.pk, kind="call", outcome="reached", text=word("call"), by=seat.user, now=MONDAY)
    return Lead.objects.get(pk=lead.pk)


def _work(world: World, client: str, at: str, model: type[ConveyorItem], pk: int, seat: Seat, *, on: list[str]) -> None:
    """A note and a task, told in tokens."""
    belt.note(model, pk, text=world.word(client, f"{at}note", *on), by=seat.user, now=MONDAY)
    belt.set_task(
        model,
        pk,
        title=world.word(client, f"{at}task", *on),
        due_at=MONDAY + timedelta(hours=2),
        by=seat.user,
        now=MONDAY,
    )


# Deals -----------------------------------------------------------------------------------------------------------


def _brief(world: World, client: str, crossing: str, *records: str) -> Brief:
    """What the giver tells: known on both sides of the joint, and to whom it is offered."""
    said = ("summary", "need", "budget", "timing", "decider", "next_step")
    return Brief(
        **{part: world.word(client, f"{crossing}{part.replace('_', '')}", *records, needs=NAME) for part in said}
    )


def _deal(world: World, client: str, taker: Seat | None, stages: tuple[str, ...] = ("lead", "deal")) -> Deal:
    sam = world.seats["sam"]
    lead = _lead(world, client, sam, stages=stages)
    offer = hunting.offer_from_lead(
        lead.pk, brief=_brief(world, client, "offer", *_on(client, *stages)), by=sam.user, now=MONDAY
    )
    deal = world.items[f"{client}.deal"] = Deal.objects.get(pk=offer.to_id)
    if taker is not None:
        handoff.accept(Deal, deal.pk, by=taker.user, now=MONDAY)
        _work(world, client, "deal", Deal, deal.pk, taker, on=_on(client, *stages[1:]))
    return Deal.objects.get(pk=deal.pk)


def _returned_deal(world: World, hal: Seat) -> None:
    deal = _deal(world, "returned", hal)
    hunting.return_to_scout(
        deal.pk,
        reason=reason(world.pipeline, Reason.Kind.RETURN_DEAL),
        comment=world.word("returned", "why", "returned.lead", "returned.deal"),
        by=hal.user,
        now=MONDAY,
    )
    # The task went back with the client, and so did its words.
    task = f"zqreturned{world.copy}qdealtaskqz"
    world.tokens.append(Token(task, ("returned.lead",), FULL))
    world.tokens[:] = [token for token in world.tokens if token != Token(task, ("returned.deal",), FULL)]


# Accounts --------------------------------------------------------------------------------------------------------


def _accounts(world: World, hal: Seat, fay: Seat) -> None:
    kept = _account(world, "kept", hal)
    handoff.accept(Account, kept.pk, by=fay.user, now=MONDAY)
    _work(world, "kept", "account", Account, kept.pk, fay, on=["kept.account"])
    _account(world, "fresh", hal)
    short = _account(world, "short", hal)
    farming.return_to_hunter(
        short.pk,
        reason=reason(world.pipeline, Reason.Kind.RETURN_ACCOUNT),
        comment=world.word("short", "why", "short.deal", "short.account"),
        by=fay.user,
        now=MONDAY,
    )
    again = _account(world, "again", hal, "repeat")
    handoff.accept(Account, again.pk, by=fay.user, now=MONDAY)
    repeat = farming.open_repeat(
        again.pk,
        product=world.pipeline.products.first(),
        amount=None,
        brief=_brief(world, "again", "repeat", "again.account", "again.repeat"),
        by=fay.user,
        now=MONDAY,
    )
    world.items["again.repeat"] = Deal.objects.get(pk=repeat.pk)


def _account(world: World, client: str, hal: Seat, *more: str) -> Account:
    stages = ("lead", "deal", "account", *more)
    deal = _deal(world, client, hal, stages)
    won = farming.win(deal.pk, brief=_brief(world, client, "win", *_on(client, *stages[1:])), by=hal.user, now=MONDAY)
    world.items[f"{client}.account"] = won
    return Account.objects.get(pk=won.pk)
