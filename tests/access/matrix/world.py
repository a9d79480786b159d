"""The people and the records of the matrix: one record in each relation to somebody, at each stage."""

from __future__ import annotations

import json
import time
from dataclasses import dataclass, field
from datetime import timedelta
from decimal import Decimal
from typing import Any

from allauth.usersessions.models import UserSession
from django.conf import settings
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from django.contrib.sessions.backends.db import SessionStore
from django.db import transaction
from guardian.shortcuts import assign_perm

from accounts import actions as farming
from accounts.models import Account
from deals import actions as hunting
from deals.models import Deal
from leads import actions as scouting
from pipeline_crm.access.models import Share
from pipeline_crm.conveyor import actions as belt
from pipeline_crm.conveyor import handoff, lending
from pipeline_crm.conveyor.handoff import Handing, hand_over_many
from pipeline_crm.conveyor.models import BookMove
from pipeline_crm.conveyor.moves import hold
from pipeline_crm.conveyor.records import ConveyorItem
from pipeline_crm.exchange.models import Export
from pipeline_crm.sealing import seal
from pipeline_crm.tiers import actions as drawing
from pipeline_crm.tiers.configurators import make_configurator
from pipeline_crm.tiers.models import Absence, Pipeline, Reason, Rule, Seat, Tier
from pipeline_crm.tiers.stages import Stage, Structure
from pipeline_crm.timeline.models import Cause, Task
from pipeline_crm.users.models import User
from pipeline_crm.users.sessions import BEGAN, SEEN
from tests.cast import (
    BRIEF,
    MONDAY,
    break_open,
    make_account,
    make_contacted,
    make_deal,
    make_lead,
    make_offer,
    make_person,
    reason,
    seat_at,
)

# The columns of every table, in this order. An API client gets a column when there is an API.
ACTORS = {
    "sam": "a scout",
    "sue": "the other scout",
    "tess": "sits at two tiers, the scouts' and the hunters'",
    "lena": "leads the scouts, holds nothing, and has the right to take files out",
    "hal": "a hunter",
    "fay": "a farmer",
    "olga": "heads the pipeline",
    "ada": "analyses it: numbers, no persons",
    "otto": "its security officer: the journal, no clients",
    "cody": "draws structures, and reads no client",
    "root": "a superuser: structure and people, and no clients",
    "gail": "another, who has broken the glass before the first pipeline",
    "stan": "a scout of another pipeline",
    "gone": "worked here; the session is still open",
    "nobody": "has not signed in",
}
WATCHED = {"gail"}  # whose look at a client is written down
ABSENT = 2**40  # the number of a record that never was
LATER = MONDAY + timedelta(minutes=30)


@dataclass
class World:
    """Two pipelines, everybody's session, and the records by stage and relation."""

    home: Pipeline
    other: Pipeline
    seats: dict[str, Seat] = field(default_factory=dict)
    users: dict[str, User] = field(default_factory=dict)
    items: dict[str, dict[str, ConveyorItem]] = field(default_factory=dict)
    sessions: dict[str, str] = field(default_factory=dict)
    rows: dict[str, Any] = field(default_factory=dict)


def build() -> World:
    """Draws the firm, seats its people, brings every record where its name says, and signs everybody in."""
    world = World(_drawn("Severny Park flats"), _drawn("Another branch"))
    _seat(world)
    world.items = {"leads": _leads(world), "deals": _deals(world), "accounts": _accounts(world)}
    _colleagues(world)
    for items in world.items.values():
        for name, item in items.items():
            items[name] = type(item).objects.select_related("client", "pipeline").get(pk=item.pk)
            _task(items[name])
    _rows(world)
    for who, user in world.users.items():
        # As people have one: whoever finds a session open has to say it before anything about it changes.
        user.set_password(who)
        user.save(update_fields=["password"])
    User.objects.filter(username="gone").update(is_active=False)
    # With a dismissal all sessions end; this one is opened after it, as if somebody had kept it.
    world.sessions = {who: _session(User.objects.get(pk=user.pk)) for who, user in world.users.items()}
    return world


def _drawn(name: str) -> Pipeline:
    home = drawing.draw(name, structure=Structure.THREE)
    Tier.objects.filter(pipeline=home).update(off_hours=True, cherry_picking=True)
    return home


def _seat(world: World) -> None:
    here = {"sam": Stage.LEAD, "sue": Stage.LEAD, "gone": Stage.LEAD, "hal": Stage.DEAL, "fay": Stage.ACCOUNT}
    world.seats = {who: seat_at(world.home, stage, make_person(who)) for who, stage in here.items()}
    world.seats["lena"] = seat_at(
        world.home, Stage.LEAD, make_person("lena"), role=Seat.Role.LEAD, capacity=0, may_export=True
    )
    for who, stage in {"stan": Stage.LEAD, "sten": Stage.DEAL, "stef": Stage.ACCOUNT}.items():
        world.seats[who] = seat_at(world.other, stage, make_person(who))
    world.users = {who: seat.user for who, seat in world.seats.items()}
    world.users |= {who: make_person(who) for who in ("olga", "ada", "otto", "cody")}
    world.users |= {who: make_person(who, is_staff=True, is_superuser=True) for who in ("root", "gail")}
    break_open(world.users["gail"], world.home, now=LATER)
    assign_perm("tiers.head_pipeline", world.users["olga"], world.home)
    assign_perm("tiers.analyse_pipeline", world.users["ada"], world.home)
    assign_perm("tiers.audit_pipeline", world.users["otto"], world.home)
    make_configurator(world.users["cody"])


# Leads -----------------------------------------------------------------------------------------------------------


def _leads(world: World) -> dict[str, ConveyorItem]:
    sam, sue, hal = (world.seats[who] for who in ("sam", "sue", "hal"))
    found: dict[str, ConveyorItem] = {
        "mine": make_contacted(sam),
        "new": make_lead(sam),
        "sues": make_contacted(sue),
        "pooled": make_lead(pipeline=world.home),
        "undecided": _undecided(make_contacted(sue)),
        "moved": _moved(make_contacted(sam), sue, world),
        "offered": make_offer(sam).lead,
        "handed": make_deal(sam, hal).lead,
        "parked": make_contacted(sam),
        "closed": make_contacted(sam),
        "gones": make_contacted(world.seats["gone"]),
        "foreign": make_contacted(world.seats["stan"]),
        "lent": _lent(make_contacted(sam), sue, world),
        "overdue": _lent(make_contacted(sam), sue, world, hours=0.75),
        "taken-back": _lent(make_contacted(sam), sue, world, taken_back=True),
    }
    scouting.park(found["parked"].pk, until=MONDAY + timedelta(days=3), by=sam.user, now=MONDAY)
    why = reason(world.home, Reason.Kind.DISQUALIFY)
    scouting.disqualify(found["closed"].pk, reason=why, by=sam.user, now=MONDAY)
    return found


def _lent(
    item: ConveyorItem, to: Seat, world: World, *, hours: float = 24, by: str = "lena", taken_back: bool = False
) -> ConveyorItem:
    """Shared with a colleague by the team lead, until tomorrow, until before anybody asks, or no more."""
    lead = world.users[by]
    lending.share(type(item), item.pk, to=to, until=MONDAY + timedelta(hours=hours), by=lead, now=LATER)
    if taken_back:
        share = Share.objects.get(stage=item.stage, record_id=item.pk)
        lending.take_back(type(item), item.pk, share_id=share.pk, by=lead, now=LATER)
    return item


def _undecided(item: ConveyorItem) -> ConveyorItem:
    """Went round too often: lies with nobody and waits for the team lead alone."""
    with transaction.atomic():
        held = hold(type(item), item.pk, by=None, now=LATER)
        hand_over_many([Handing(held, None, Cause.UNDECIDED, decide=True)], by=None, now=LATER)
    return item


def _moved(item: ConveyorItem, to: Seat, world: World) -> ConveyorItem:
    """Given to a colleague of the same tier by whoever is in charge."""
    belt.reassign(type(item), item.pk, to=to, by=world.users["olga"], now=LATER)
    return item


# Deals -----------------------------------------------------------------------------------------------------------


def _deals(world: World) -> dict[str, ConveyorItem]:
    sam, hal, fay = (world.seats[who] for who in ("sam", "hal", "fay"))
    lost, returned, short = (make_deal(sam, hal) for _n in range(3))
    hunting.lose(lost.pk, reason=reason(world.home, Reason.Kind.LOSE), competitor="", by=hal.user, now=MONDAY)
    why = reason(world.home, Reason.Kind.RETURN_DEAL)
    hunting.return_to_scout(returned.pk, reason=why, comment="", by=hal.user, now=MONDAY)
    _short(short, world)
    pooled = make_offer(sam)
    belt.release(Deal, pooled.pk, by=world.users["olga"], now=LATER)
    found = {
        "mine": make_deal(sam, hal, amount=Decimal(100)),
        "offered": make_offer(sam),
        "pooled": pooled,
        "undecided": _undecided(make_deal(sam, hal)),
        "won": make_account(sam, hal, fay).deal,
        "short": short,
        "lost": lost,
        "returned": returned,
        "foreign": make_deal(world.seats["stan"], world.seats["sten"]),
    }
    return found | {"moved": make_deal(sam, hal)}


def _short(deal: Deal, world: World) -> None:
    """Won, and returned by the farmer, until the brief is complete."""
    account = farming.win(deal.pk, brief=BRIEF, by=world.seats["hal"].user, now=MONDAY)
    why = reason(world.home, Reason.Kind.RETURN_ACCOUNT)
    farming.return_to_hunter(account.pk, reason=why, comment="", by=world.seats["fay"].user, now=MONDAY)


# Accounts --------------------------------------------------------------------------------------------------------


def _accounts(world: World) -> dict[str, ConveyorItem]:
    sam, hal, fay = (world.seats[who] for who in ("sam", "hal", "fay"))
    by = {"by": fay.user, "now": MONDAY}
    pooled, churned = (make_account(sam, hal, fay) for _n in range(2))
    belt.release(Account, pooled.pk, **by)
    farming.doubt(churned.pk, **by)
    farming.churn(churned.pk, reason=reason(world.home, Reason.Kind.CHURN), **by)
    offered = farming.win(make_deal(sam, hal).pk, brief=BRIEF, by=hal.user, now=MONDAY)
    doubted = make_account(sam, hal, fay)
    farming.doubt(doubted.pk, **by)
    strangers = (world.seats[who] for who in ("stan", "sten", "stef"))
    return {
        "mine": make_account(sam, hal, fay),
        "pooled": pooled,
        "undecided": _undecided(make_account(sam, hal, fay)),
        "offered": offered,
        "doubted": doubted,
        "moved": make_account(sam, hal, fay),
        "churned": churned,
        "returned": Account.objects.get(state="returned"),
        "foreign": make_account(*strangers),
    }


# Colleagues ------------------------------------------------------------------------------------------------------


def _colleagues(world: World) -> None:
    """Others of the same tiers; they come last, so that until then whom a rule chooses is certain."""
    sam, hal = world.seats["sam"], world.seats["hal"]
    tess = make_person("tess")
    seats = world.seats | {
        "hana": seat_at(world.home, Stage.DEAL, make_person("hana")),
        "fred": seat_at(world.home, Stage.ACCOUNT, make_person("fred")),
        "tess": seat_at(world.home, Stage.LEAD, tess),
        "tess, hunting": seat_at(world.home, Stage.DEAL, tess),
    }
    world.seats, world.users["tess"] = seats, tess
    leads, deals, accounts = world.items.values()
    leads["tesss"] = make_contacted(seats["tess"])
    deals["hanas"] = _accepted(make_offer(sam), seats["hana"], world)
    deals["tesss"] = _accepted(make_offer(sam), seats["tess, hunting"], world)
    won = farming.win(_deal_of(hal, world).pk, brief=BRIEF, by=hal.user, now=MONDAY)
    accounts["freds"] = _accepted(won, seats["fred"], world)
    for who, stage in {"dora": Stage.DEAL, "fiona": Stage.ACCOUNT}.items():
        world.users[who] = make_person(who)
        seats[who] = seat_at(world.home, stage, world.users[who], role=Seat.Role.LEAD, capacity=0)
    deals["lent"] = _lent(_deal_of(hal, world), seats["tess, hunting"], world, by="dora")
    won = farming.win(_deal_of(hal, world).pk, brief=BRIEF, by=hal.user, now=MONDAY)
    accounts["lent"] = _lent(_accepted(won, seats["fred"], world), seats["fay"], world, by="fiona")
    _moved(deals["moved"], seats["hana"], world)
    _moved(accounts["moved"], seats["fred"], world)


def _deal_of(seat: Seat, world: World) -> ConveyorItem:
    """An open deal in somebody's hands, whoever the rule would choose."""
    return _accepted(make_offer(world.seats["sam"]), seat, world)


def _accepted(item: ConveyorItem, seat: Seat, world: World) -> ConveyorItem:
    if item.seat_id != seat.pk:
        belt.reassign(type(item), item.pk, to=seat, by=world.users["olga"], now=LATER)
    return handoff.accept(type(item), item.pk, by=seat.user, now=LATER)


# And besides -----------------------------------------------------------------------------------------------------


def _task(item: ConveyorItem) -> None:
    place = {"client_id": item.client_id, "pipeline_id": item.pipeline_id, "stage": item.stage, "record_id": item.pk}
    Task.objects.create(title="Call", due_at=MONDAY, created_at=MONDAY, **place)


def _rows(world: World) -> None:
    """An absence and a moved book at each of three tiers, a rule and a person for the admin."""
    for where, who in (("scouts", "sue"), ("hunters", "hana"), ("another", "stan")):
        seat = world.seats[who]
        away = Absence.objects.create(seat=seat, first_day="2026-11-30", last_day="2026-12-01")
        world.rows |= {f"absence:{where}": away, f"book:{where}": BookMove.objects.create(seat=seat, cause="relieved", at=MONDAY)}  # fmt: skip
    facts = {"user": world.users["sam"], "ip": "127.0.0.1", "user_agent": "Telephone"}
    world.rows["telephone"] = UserSession.objects.create(session_key="a-telephone", **facts)
    world.rows["lena's wish"] = _export(world, state="waiting", free_rows=0)
    world.rows["lena's file"] = _export(world, state="queued", free_rows=500)
    world.rows["rule"] = Rule.objects.create(tier=world.seats["sam"].tier, name="Everybody")


def _export(world: World, **how: Any) -> Export:
    """A file that Lena has asked for."""
    told = {"view": "team", "sort": "due", "pipeline": str(world.home.pk)}
    facts = {
        "stage": "lead",
        "question": seal(json.dumps(told)),
        "language": "en",
        "rows": 3,
        "reason": "For the year.",
    }
    return Export.objects.create(asker=world.users["lena"], pipeline=world.home, asked_at=LATER, **facts, **how)


def _session(user: User) -> str:
    session = SessionStore()
    session[SESSION_KEY], session[HASH_SESSION_KEY] = str(user.pk), user.get_session_auth_hash()
    session[BACKEND_SESSION_KEY] = settings.AUTHENTICATION_BACKENDS[0]
    # As after a sign-in: otherwise each of ten thousand questions would write down that the session begins.
    session[BEGAN] = session[SEEN] = int(time.time())
    session.create()
    return str(session.session_key)
