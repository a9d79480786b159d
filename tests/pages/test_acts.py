"""Every act at every state by everybody, through the front door: what is answered, and that a refusal changes nothing.

303 done · 404 not theirs to know of · 409 somebody was first · 422 refused with a sentence.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import transaction
from django.test import Client as Browser
from django.urls import reverse
from django.utils import timezone

from accounts import actions as farming
from accounts.models import Account
from deals import actions as hunting
from deals.models import Deal
from leads import actions as scouting
from leads.models import Lead
from pipeline_crm.clients.models import Client
from pipeline_crm.conveyor import actions as belt
from pipeline_crm.conveyor.models import HandOff
from pipeline_crm.conveyor.records import ConveyorItem
from pipeline_crm.tiers.models import Pipeline, Reason, Seat
from pipeline_crm.tiers.stages import Stage
from pipeline_crm.timeline.models import Entry, Movement, Task
from tests.cast import (
    BRIEF,
    MONDAY,
    make_account,
    make_contacted,
    make_deal,
    make_head,
    make_lead,
    make_offer,
    make_person,
    reason,
    seat_at,
    steer_to,
)
from tests.marks import mark_of
from tests.pages.cells import ACCOUNTS, DEALS, LEADS

NOTE, TOUCH = {"text": "Likes to be called early."}, {"kind": "call", "outcome": "no_answer"}
WRITTEN = {"summary": "Wants two rooms.", "budget": "9 million"}


def read(table: str) -> dict[tuple[str, str], int]:
    """The cells of a table."""
    head, *lines = [line.split() for line in table.strip().splitlines()]
    return {(line[0], who): int(cell) for line in lines for who, cell in zip(head, line[1:], strict=True)}


def written(cells: dict[tuple[str, str], int]) -> str:
    """A table of the cells, as it stands above."""
    people = list(dict.fromkeys(who for _act, who in cells))
    acts = list(dict.fromkeys(act for act, _who in cells))
    lines = [" " * 14 + " ".join(f"{who:>6}" for who in people)]
    lines += [f"{act:<14}" + " ".join(f"{cells[act, who]:>6}" for who in people) for act in acts]
    return "\n".join(lines)


def everything() -> str:
    """A mark of all that an act could change."""
    models = (Lead, Deal, Account, Client, HandOff, Task, Entry, Movement)
    return mark_of([model._meta.db_table for model in models])


@pytest.fixture(autouse=True)
def bare_pages(settings: Any) -> None:
    """Answers without the frame around them, which has tests of its own and would be drawn thousands of times here."""
    engine = settings.TEMPLATES[0]
    around = [name for name in engine["OPTIONS"]["context_processors"] if not name.endswith("context.frame")]
    settings.TEMPLATES = [engine | {"OPTIONS": engine["OPTIONS"] | {"context_processors": around}}]


def try_all(
    item: ConveyorItem, acts: dict[str, tuple[str, dict[str, Any]]], people: dict[str, Browser]
) -> dict[tuple[str, str], int]:
    """Does each act as each person, and takes it back; a refusal must have changed nothing."""
    cells, before = {}, everything()
    for act, (address, sent) in acts.items():
        for who, browser in people.items():
            with transaction.atomic():
                status = browser.post(address, {"version": item.version, **sent}).status_code
                assert (everything() != before) == (status == 303), f"{act} by {who}: {status}"
                cells[act, who] = status
                transaction.set_rollback(True)
    return cells


def shared_acts(item: ConveyorItem, **more: dict[str, Any]) -> dict[str, tuple[str, dict[str, Any]]]:
    """Addresses and valid data of the acts that every stage knows, and of those given."""
    step = item.pipeline.steps.filter(stage=item.stage).exclude(pk=item.step_id)[0]
    task = Task.objects.create(
        client=item.client,
        pipeline=item.pipeline,
        stage=item.stage,
        record_id=item.pk,
        title="Call",
        due_at=MONDAY,
        created_at=MONDAY,
    )
    tomorrow = timezone.now() + timedelta(days=1)
    sent: dict[str, dict[str, Any]] = {
        "claim": {},
        "release": {},
        "move": {"step": step.pk},
        "touch": TOUCH,
        "note": NOTE,
        "consent": {"says": "yes", "source": "call"},
        "task": {"title": "Send the plan", "due_at": f"{tomorrow:%Y-%m-%dT%H:%M}"},
        "reveal": {},
        "dial": {},
        "reassign": {"seat": ""},
        "edit": {"name": "Another Name", "cadence_days": 20},
        **more,
    }
    acts = {act: (reverse(f"{item.stage}s:{act}", args=[item.pk]), data) for act, data in sent.items()}
    return acts | {"task-done": (reverse(f"{item.stage}s:task-done", args=[item.pk, task.pk]), {})}


# Leads -----------------------------------------------------------------------------------------------------------


def lead_in(state: str, pipeline: Pipeline, sam: Seat) -> Lead:
    """Sam's lead in a state."""
    if state in ("new", "pooled"):
        return make_lead(sam if state == "new" else None, pipeline=pipeline)
    lead = make_contacted(sam)
    if state == "parked":
        scouting.park(lead.pk, until=timezone.now() + timedelta(days=2), by=sam.user, now=timezone.now())
    elif state == "qualified":
        hunting.offer_from_lead(lead.pk, brief=BRIEF, by=sam.user, now=MONDAY)
    elif state == "disqualified":
        why = reason(pipeline, Reason.Kind.DISQUALIFY)
        scouting.disqualify(lead.pk, reason=why, by=sam.user, now=MONDAY)
    return Lead.objects.get(pk=lead.pk)


@pytest.mark.parametrize("state", ["new", "contacted", "parked", "qualified", "disqualified", "pooled"])
def test_what_everybody_may_do_with_a_lead(
    state: str,
    pipeline: Pipeline,
    browse: Callable[..., Browser],
    sam: Seat,
    sue: Seat,
    lena: Seat,
    hal: Seat,
    olga: Any,
    stan: Seat,
    root: Any,
) -> None:
    lead = lead_in(state, pipeline, sam)
    later = timezone.now() + timedelta(days=3)
    acts = shared_acts(
        lead,
        park={"until": f"{later:%Y-%m-%dT%H:%M}"},
        contact={},
        disqualify={"reason": reason(pipeline, Reason.Kind.DISQUALIFY).pk},
        reopen={},
    ) | {"offer": (reverse("deals:offer", args=[lead.pk]), WRITTEN)}
    people = {"sam": sam, "sue": sue, "lena": lena, "olga": olga, "hal": hal, "stan": stan, "root": root}

    table = read(LEADS[state])
    browsers = {who: browse(people[who]) for _act, who in table}

    cells = try_all(lead, acts, browsers)

    assert written(cells) == written(table)


# Deals -----------------------------------------------------------------------------------------------------------


def deal_in(state: str, pipeline: Pipeline, sam: Seat, hal: Seat) -> Deal:
    """Hal's deal in a state; a pooled one is offered to nobody in person."""
    if state in ("offered", "pooled"):
        deal = make_offer(sam)
        steer_to(deal, hal) if state == "offered" else belt.release(
            Deal, deal.pk, by=make_head(deal.pipeline), now=MONDAY
        )
        return Deal.objects.get(pk=deal.pk)
    deal = make_deal(sam, hal, amount=Decimal(100))
    if state == "won":
        farming.win(deal.pk, brief=BRIEF, by=hal.user, now=MONDAY)
    elif state == "lost":
        why = reason(pipeline, Reason.Kind.LOSE)
        hunting.lose(deal.pk, reason=why, competitor="", by=hal.user, now=MONDAY)
    elif state == "returned":
        why = reason(pipeline, Reason.Kind.RETURN_DEAL)
        hunting.return_to_scout(deal.pk, reason=why, comment="", by=hal.user, now=MONDAY)
    elif state == "won-back":
        account = farming.win(deal.pk, brief=BRIEF, by=hal.user, now=MONDAY)
        why = reason(pipeline, Reason.Kind.RETURN_ACCOUNT)
        farming.return_to_hunter(account.pk, reason=why, comment="", by=account.seat.user, now=MONDAY)
    return Deal.objects.get(pk=deal.pk)


@pytest.mark.parametrize("state", ["offered", "pooled", "open", "won", "won-back", "lost", "returned"])
def test_what_everybody_may_do_with_a_deal(
    state: str,
    pipeline: Pipeline,
    browse: Callable[..., Browser],
    sam: Seat,
    hal: Seat,
    hana: Seat,
    fay: Seat,
    olga: Any,
    stan: Seat,
    root: Any,
) -> None:
    leda = seat_at(pipeline, Stage.DEAL, make_person("leda", "Leda Lead"), role=Seat.Role.LEAD, capacity=0)
    deal = deal_in(state, pipeline, sam, hal)
    product = pipeline.products.create(name="Flat", price=Decimal(100))
    lines = {"lines-TOTAL_FORMS": 1, "lines-INITIAL_FORMS": 0, "lines-0-product": product.pk, "lines-0-price": 7}
    acts = shared_acts(
        deal,
        accept={},
        mark={"mark": 4},
        lose={"reason": reason(pipeline, Reason.Kind.LOSE).pk},
        reopen={},
        lines=lines,
        **{"return": {"reason": reason(pipeline, Reason.Kind.RETURN_DEAL).pk}},
    ) | {
        "win": (reverse("accounts:win", args=[deal.pk]), WRITTEN),
        "offer-again": (reverse("accounts:offer-again", args=[deal.pk]), WRITTEN),
    }
    people = {"hal": hal, "hana": hana, "leda": leda, "olga": olga, "sam": sam, "fay": fay, "stan": stan, "root": root}

    table = read(DEALS[state])
    browsers = {who: browse(people[who]) for _act, who in table}

    cells = try_all(deal, acts, browsers)

    assert written(cells) == written(table)


# Accounts --------------------------------------------------------------------------------------------------------


def account_in(state: str, pipeline: Pipeline, sam: Seat, hal: Seat, fay: Seat) -> Account:
    """Fay's account in a state; a pooled one was put there by her."""
    if state in ("offered", "returned"):
        deal = make_deal(sam, hal, amount=Decimal(100))
        account = farming.win(deal.pk, brief=BRIEF, by=hal.user, now=MONDAY)
        steer_to(account, fay)
        if state == "returned":
            why = reason(pipeline, Reason.Kind.RETURN_ACCOUNT)
            farming.return_to_hunter(account.pk, reason=why, comment="", by=fay.user, now=MONDAY)
        return Account.objects.get(pk=account.pk)
    account = make_account(sam, hal, fay)
    if state == "pooled":
        belt.release(Account, account.pk, by=fay.user, now=MONDAY)
    if state in ("at_risk", "churned"):
        farming.doubt(account.pk, by=fay.user, now=MONDAY)
    if state == "churned":
        farming.churn(account.pk, reason=reason(pipeline, Reason.Kind.CHURN), by=fay.user, now=MONDAY)
    return Account.objects.get(pk=account.pk)


@pytest.mark.parametrize("state", ["offered", "pooled", "active", "at_risk", "churned", "returned"])
def test_what_everybody_may_do_with_an_account(
    state: str,
    pipeline: Pipeline,
    browse: Callable[..., Browser],
    sam: Seat,
    hal: Seat,
    fay: Seat,
    olga: Any,
    stan: Seat,
    root: Any,
) -> None:
    fred = seat_at(pipeline, Stage.ACCOUNT, make_person("fred", "Fred Field"))
    account = account_in(state, pipeline, sam, hal, fay)
    acts = shared_acts(
        account,
        accept={},
        mark={"mark": 4},
        repeat=WRITTEN,
        doubt={},
        calm={},
        churn={"reason": reason(pipeline, Reason.Kind.CHURN).pk},
        **{"win-back": {}, "return": {"reason": reason(pipeline, Reason.Kind.RETURN_ACCOUNT).pk}},
    )
    people = {"fay": fay, "fred": fred, "olga": olga, "hal": hal, "sam": sam, "stan": stan, "root": root}

    table = read(ACCOUNTS[state])
    browsers = {who: browse(people[who]) for _act, who in table}

    cells = try_all(account, acts, browsers)

    assert written(cells) == written(table)
