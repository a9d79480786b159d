"""The last hour before the present: people catch up with what is late, and leave a little for whoever tries the demo."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db import transaction

from accounts import actions as farming
from accounts.models import Account
from deals import actions as hunting
from deals.models import Deal
from leads import actions as scouting
from leads.models import Lead
from pipeline_crm.conveyor import actions as belt
from pipeline_crm.conveyor import handoff
from pipeline_crm.conveyor.records import Clock, ConveyorItem
from pipeline_crm.users.models import User

from . import words
from .rides import MISHAPS, Teller

LEFT_OVER = 0.3  # the share of records late since FORGIVEN that stay late
FORGIVEN = timedelta(days=1)


def catch_up(tell: Teller, *, now: datetime) -> None:
    """Works off what is late in one pipeline, save for a few that are late since today only."""
    for model, work in ((Lead, _lead), (Deal, _deal), (Account, _account)):
        late = model.objects.late(now).filter(pipeline=tell.pipeline).values_list("pk", "due_at")
        for pk, due in list(late):
            if due and due > now - FORGIVEN and tell.chance(LEFT_OVER):
                continue
            try:
                with transaction.atomic():
                    at = now - timedelta(minutes=tell.random.uniform(1, 40))
                    item, by = tell.hand(model, pk, at)
                    work(tell, item, by, at)
            except MISHAPS:
                continue


def _lead(tell: Teller, lead: ConveyorItem, by: User, at: datetime) -> None:
    scouting.log_touch(lead.pk, kind="call", outcome="reached", text=tell.one_of(words.TALKS), by=by, now=at)
    if lead.clock == Clock.STEP and not _next_step(tell, lead, by, at):
        hunting.offer_from_lead(lead.pk, brief=tell.brief(), by=by, now=at)


def _deal(tell: Teller, deal: ConveyorItem, by: User, at: datetime) -> None:
    if deal.state == "offered":
        handoff.accept(Deal, deal.pk, by=by, now=at)
    belt.touch(Deal, deal.pk, kind="call", outcome="reached", text=tell.one_of(words.TALKS), by=by, now=at)
    if deal.clock == Clock.STEP and not _next_step(tell, deal, by, at):
        farming.win(deal.pk, brief=tell.brief(), by=by, now=at)


def _account(tell: Teller, account: ConveyorItem, by: User, at: datetime) -> None:
    if account.state == "offered":
        handoff.accept(Account, account.pk, by=by, now=at)
    farming.log_touch(account.pk, kind="call", outcome="reached", text=tell.one_of(words.TALKS), by=by, now=at)
    if account.clock == Clock.STEP:
        _next_step(tell, account, by, at)


def _next_step(tell: Teller, item: ConveyorItem, by: User, at: datetime) -> bool:
    """Moves a record one step on; says whether there was one."""
    later = [step for step in tell.steps[item.stage] if step.position > item.step.position]
    if later:
        belt.move_step(type(item), item.pk, step_id=later[0].pk, by=by, now=at)
    return bool(later)


def leave_open(tell: Teller, *, now: datetime) -> None:
    """A few clients who came, were offered or were returned in the last minutes, so that every list has a line."""
    for minutes in (2, 4, 7, 9):
        captured = scouting.capture(tell.pipeline, tell.enquiry(), by=None, now=now - timedelta(minutes=minutes))
        if minutes > 5 and captured.item.seat is not None:
            item, by = tell.hand(Lead, captured.item.pk, now)
            belt.release(Lead, item.pk, by=by, now=now - timedelta(minutes=minutes - 3))
    warm = Lead.objects.filter(pipeline=tell.pipeline, state="contacted").exclude(seat=None).order_by("-touched_at")[:5]
    for minutes, lead in zip((8, 6, 5, 4, 3), warm, strict=False):
        _offer(tell, lead, now - timedelta(minutes=minutes), returned=minutes > 5)


def _offer(tell: Teller, lead: Lead, at: datetime, *, returned: bool) -> None:
    _lead_now, by = tell.hand(Lead, lead.pk, at)
    offer = hunting.offer_from_lead(lead.pk, brief=tell.brief(), by=by, now=at)
    if returned and offer.crosses_tiers:
        _deal, hunter = tell.hand(Deal, offer.to_id, at)
        why, comment = tell.random.choice(tell.reasons["return_deal"]), tell.one_of(words.COMMENTS)
        at += timedelta(minutes=2)
        hunting.return_to_scout(offer.to_id, reason=why, comment=comment, by=hunter, now=at)
