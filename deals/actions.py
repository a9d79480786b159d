"""What a hunter does with a deal, and the crossing by which a lead becomes one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import TYPE_CHECKING

from django.utils.translation import gettext as _

from leads.models import Lead
from pipeline_crm.access.identity import act
from pipeline_crm.access.policy import Act
from pipeline_crm.conveyor import actions as belt
from pipeline_crm.conveyor.assignment import choose_seat, give_turn_back, lock_choice, same_person
from pipeline_crm.conveyor.errors import Refused
from pipeline_crm.conveyor.handoff import Brief, carry_tasks, close_returned, pass_on
from pipeline_crm.conveyor.models import HandOff
from pipeline_crm.conveyor.moves import hold, hold_for, keep, record, shift
from pipeline_crm.conveyor.writing import update
from pipeline_crm.outbox.actions import tell
from pipeline_crm.outbox.models import Notice
from pipeline_crm.tiers.models import Product, Reason, Seat
from pipeline_crm.tiers.stages import Stage
from pipeline_crm.timeline.models import Cause, Entry

from .models import Deal, DealLine

if TYPE_CHECKING:
    from pipeline_crm.users.models import User


@dataclass(frozen=True)
class Line:
    """One position that a deal sells."""

    product: Product
    quantity: Decimal
    price: Decimal


@act
def offer_from_lead(lead_id: int, *, brief: Brief, by: User, now: datetime, seen: int | None = None) -> HandOff:
    """The scout believes there is a real need and offers the client to the hunters, with a brief."""
    lead = hold_for(Act.HAND_OFF, Lead, lead_id, by=by, now=now, seen=seen)
    shift(lead, "qualify")
    deal = Deal(
        client=lead.client,
        pipeline=lead.pipeline,
        tier=lead.pipeline.tier_for(Stage.DEAL),
        step=lead.pipeline.first_step(Stage.DEAL),
        lead=lead,
        product_id=lead.product_id,
        amount=lead.amount,
        currency=lead.currency,
        created_at=now,
        step_since=now,
    )
    handoff = pass_on(lead, deal, by=by, brief=brief, now=now)
    keep(lead, cause=Cause.QUALIFIED, by=by, now=now)
    return handoff


@act
def return_to_scout(
    deal_id: int, *, reason: Reason, comment: str, by: User, now: datetime, seen: int | None = None
) -> Deal:
    """The client goes back with a reason: the lead is contacted again, at its earlier owner's first."""
    deal = hold_for(Act.RETURN, Deal, deal_id, by=by, now=now, seen=seen)
    belt.refuse_foreign_reason(reason, deal, Reason.Kind.RETURN_DEAL)
    lead = hold(Lead, deal.lead_id, by=None, now=now) if deal.lead_id is not None else None
    lock_choice(deal.tier, *([lead.tier, lead.home] if lead else []))
    shift(deal, "send_back", reason)
    handoff = close_returned(deal, by=by, reason=reason, comment=comment, now=now)
    if lead is not None:
        _give_lead_back(deal, lead, handoff, by=by, now=now)
    elif handoff is not None and handoff.giver is not None:
        _tell_giver(handoff, handoff.giver, now=now)
    if handoff is None or handoff.crosses_tiers:
        give_turn_back(deal, now=now)
        deal.give(None, now=now)
    deal.closed_at = now
    keep(deal, cause=Cause.RETURNED, by=by, now=now)
    return deal


def _give_lead_back(deal: Deal, lead: Lead, handoff: HandOff | None, *, by: User, now: datetime) -> None:
    shift(lead, "come_back")
    giver = handoff.giver if handoff else None
    stays = lead.tier_id == deal.tier_id and deal.seat is not None
    given = same_person(deal.seat) if stays else choose_seat(lead.home, item=lead, now=now, first=giver)
    lead.give(given.seat, now=now)
    keep(lead, cause=Cause.RETURNED, by=by, now=now, why=given.why)
    carry_tasks(deal, lead)
    if handoff is not None and given.seat is not None and given.seat.user_id != by.pk:
        _tell_giver(handoff, given.seat, now=now)


def _tell_giver(handoff: HandOff, seat: Seat, *, now: datetime) -> None:
    tell(
        [seat.user_id],
        kind=Notice.Kind.RETURNED,
        stage=handoff.from_stage,
        record_id=handoff.from_id,
        event=f"handoff:{handoff.pk}:returned",
        now=now,
    )


@act
def lose(deal_id: int, *, reason: Reason, competitor: str, by: User, now: datetime, seen: int | None = None) -> Deal:
    """The client will not buy; the deal is closed with a reason."""
    deal = hold_for(Act.CLOSE, Deal, deal_id, by=by, now=now, seen=seen)
    belt.refuse_foreign_reason(reason, deal, Reason.Kind.LOSE)
    shift(deal, "lose", reason)
    deal.closed_at = now
    deal.competitor = competitor or deal.competitor
    keep(deal, cause=Cause.LOST, by=by, now=now)
    return deal


@act
def reopen(deal_id: int, *, by: User, now: datetime, seen: int | None = None) -> Deal:
    """The team lead opens a lost deal again; its owner has it, or the tier's rule chooses."""
    deal = hold_for(Act.REOPEN, Deal, deal_id, by=by, now=now, seen=seen)
    shift(deal, "reopen")
    given = choose_seat(deal.home, item=deal, now=now, first=deal.seat)
    deal.give(given.seat, now=now)
    keep(deal, cause=Cause.REOPENED, by=by, now=now, why=given.why)
    return deal


@act
def set_lines(deal_id: int, *, lines: Sequence[Line], by: User, now: datetime, seen: int | None = None) -> Deal:
    """Writes down what the deal sells; its amount is their sum."""
    deal = hold_for(Act.WORK, Deal, deal_id, by=by, now=now, seen=seen)
    if any(line.product.pipeline_id != deal.pipeline_id for line in lines):
        raise Refused(_("Choose products from the list of this pipeline."))
    deal.lines.all().delete()
    DealLine.objects.bulk_create(
        [DealLine(deal=deal, product=line.product, quantity=line.quantity, price=line.price) for line in lines]
    )
    deal.sum_lines()
    update(deal)
    record(deal, kind=Entry.Kind.EDITED, by=by, now=now, details={"fields": ["lines"]})
    return deal
