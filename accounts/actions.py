"""What a farmer does with an account, and the crossings around it: a won deal comes in, a repeat deal goes out."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from django.utils.translation import gettext as _

from deals.models import Deal
from deals.models import State as DealState
from pipeline_crm.access.identity import act
from pipeline_crm.access.policy import Act
from pipeline_crm.conveyor import actions as belt
from pipeline_crm.conveyor.assignment import choose_seat
from pipeline_crm.conveyor.clocks import wind
from pipeline_crm.conveyor.errors import Refused, Taken
from pipeline_crm.conveyor.handoff import Brief, close_returned, pass_on
from pipeline_crm.conveyor.models import HandOff
from pipeline_crm.conveyor.moves import hold, hold_for, keep, record, refuse, shift
from pipeline_crm.conveyor.writing import update
from pipeline_crm.outbox.actions import tell
from pipeline_crm.outbox.models import Notice
from pipeline_crm.tiers.models import Pipeline, Product, Reason
from pipeline_crm.tiers.setup import setup
from pipeline_crm.tiers.stages import Stage
from pipeline_crm.timeline.models import Cause

from .models import Account, State

if TYPE_CHECKING:
    from pipeline_crm.users.models import User


@act
def win(deal_id: int, *, brief: Brief, by: User, now: datetime, seen: int | None = None) -> Account:
    """The client has bought: the account is made, or found and enriched, and the farmer gets the client with a brief."""
    deal = hold_for(Act.HAND_OFF, Deal, deal_id, by=by, now=now, seen=seen)
    shift(deal, "win")
    deal.closed_at = now
    account = (
        Account.objects.select_for_update(of=("self",))
        .select_related("tier__pipeline", "pipeline", "step", "seat__user")
        .filter(client=deal.client_id, pipeline=deal.pipeline_id)
        .first()
    )
    if account is None:
        account = _found(deal, now=now)
        _count_purchase(account, deal, now=now)
        pass_on(deal, account, by=by, brief=brief, now=now)
    else:
        _count_purchase(account, deal, now=now)
        _enrich(account, deal, brief=brief, by=by, now=now)
    keep(deal, cause=Cause.WON, by=by, now=now)
    return account


def _found(deal: Deal, *, now: datetime) -> Account:
    pipeline = deal.pipeline
    return Account(
        client=deal.client,
        pipeline=pipeline,
        tier=pipeline.tier_for(Stage.ACCOUNT),
        step=pipeline.first_step(Stage.ACCOUNT),
        deal=deal,
        currency=deal.currency,
        cadence_days=pipeline.cadence_days,
        created_at=now,
        step_since=now,
    )


def _count_purchase(account: Account, deal: Deal, *, now: datetime) -> None:
    account.bought_total = Decimal(account.bought_total) + (deal.amount or Decimal(0))
    account.purchases += 1
    account.last_purchase_at = now


def _enrich(account: Account, deal: Deal, *, brief: Brief, by: User, now: datetime) -> None:
    """A client who has an account already buys again: the farmer who has them hears of it."""
    if account.state == State.RETURNED:
        shift(account, "offer_again")
        pass_on(deal, account, by=by, brief=brief, now=now)
        return
    if account.state == State.CHURNED:
        _come_back(account, by=by, now=now)
    else:
        update(account)
    _write_known(account, deal, brief=brief, by=by, now=now)
    if deal.tier_id != account.tier_id:
        deal.give(None, now=now)
    if account.seat is not None and account.seat.user_id != by.pk:
        tell(
            [account.seat.user_id],
            kind=Notice.Kind.BOUGHT,
            stage=Stage.ACCOUNT,
            record_id=account.pk,
            event=f"deal:{deal.pk}:bought",
            now=now,
        )


def _write_known(account: Account, deal: Deal, *, brief: Brief, by: User, now: datetime) -> None:
    """The crossing is written down although nobody is asked: the client is the farmer's already."""
    handoff = HandOff(
        client_id=account.client_id,
        pipeline_id=account.pipeline_id,
        from_stage=Stage.DEAL,
        from_id=deal.pk,
        to_stage=Stage.ACCOUNT,
        to_id=account.pk,
    )
    handoff.from_tier_id, handoff.to_tier_id, handoff.giver, handoff.receiver = (
        deal.tier_id,
        account.tier_id,
        deal.seat,
        account.seat,
    )
    handoff.summary, handoff.next_step = brief.summary or _("Bought again."), brief.next_step
    handoff.accept()
    handoff.offered_at = handoff.answered_at = now
    handoff.answered_by = by
    handoff.save()


def _come_back(account: Account, *, by: User, now: datetime) -> None:
    shift(account, "win_back")
    given = choose_seat(account.home, item=account, now=now, first=account.seat)
    account.give(given.seat, now=now)
    keep(account, cause=Cause.WON_BACK, by=by, now=now, why=given.why)


@act
def return_to_hunter(
    account_id: int, *, reason: Reason, comment: str, by: User, now: datetime, seen: int | None = None
) -> Account:
    """The brief is not enough: the hunter has the client again until it is complete."""
    account = hold_for(Act.RETURN, Account, account_id, by=by, now=now, seen=seen)
    belt.refuse_foreign_reason(reason, account, Reason.Kind.RETURN_ACCOUNT)
    shift(account, "send_back")
    handoff = close_returned(account, by=by, reason=reason, comment=comment, now=now)
    if handoff is None:
        raise Refused(_("This client came without a hand-off: there is nobody to return it to."))
    account.give(None, now=now)
    keep(account, cause=Cause.RETURNED, by=by, now=now)
    deal = hold(Deal, handoff.from_id, by=None, now=now)
    given = choose_seat(deal.home, item=deal, now=now, first=handoff.giver)
    # A won deal is no open work: its hunter completes the brief even with full hands, unless they are gone.
    giver = setup().seats.get(handoff.giver_id) if handoff.giver_id else None
    seat = given.seat or (giver if giver is not None and giver.holds else None)
    if seat is None:
        raise Refused(_("Nobody can take this client back to complete the brief. Ask your head of sales."))
    deal.give(seat, now=now)
    keep(deal, cause=Cause.RETURNED, by=by, now=now, why=given.why)
    event = f"handoff:{handoff.pk}:returned"
    tell([seat.user_id], kind=Notice.Kind.RETURNED, stage=Stage.DEAL, record_id=deal.pk, event=event, now=now)
    return account


@act
def offer_again(deal_id: int, *, brief: Brief, by: User, now: datetime, seen: int | None = None) -> Account:
    """The hunter has completed the brief and offers the won client to the farmers once more."""
    deal = hold(Deal, deal_id, by=by, now=now, seen=seen)
    account = (
        Account.objects.select_for_update(of=("self",))
        .select_related("tier__pipeline", "pipeline", "step")
        .filter(client=deal.client_id, pipeline=deal.pipeline_id)
        .first()
    )
    if deal.state != DealState.WON or account is None or account.state != State.RETURNED:
        raise Taken(_("This hand-off has been completed already."))
    refuse(deal, Act.OFFER_AGAIN, by=by)
    shift(account, "offer_again")
    pass_on(deal, account, by=by, brief=brief, now=now)
    keep(deal, cause=Cause.OFFERED, by=by, now=now)
    return account


@act
def open_repeat(
    account_id: int,
    *,
    product: Product | None,
    amount: Decimal | None,
    brief: Brief,
    by: User,
    now: datetime,
    seen: int | None = None,
) -> Deal:
    """The client wants to buy again: the farmer works the deal, or it goes to the hunters, as the pipeline says."""
    account = hold_for(Act.HAND_OFF, Account, account_id, by=by, now=now, seen=seen)
    if account.state == State.OFFERED:
        raise Refused(_("This client is only offered: somebody must accept them before they can buy again."))
    pipeline = account.pipeline
    by_farmer = pipeline.repeat_deals == Pipeline.RepeatDeals.FARMER
    deal = Deal(
        client=account.client,
        pipeline=pipeline,
        tier=account.tier if by_farmer else pipeline.tier_for(Stage.DEAL),
        step=pipeline.first_step(Stage.DEAL),
        repeat_of=account.deal,
        product=product,
        amount=amount,
        currency=account.currency,
        created_at=now,
        step_since=now,
    )
    pass_on(account, deal, by=by, brief=brief, now=now, cause=Cause.REPEATED)
    return deal


@act
def log_touch(
    account_id: int,
    *,
    kind: str,
    by: User,
    now: datetime,
    text: str = "",
    outcome: str = "",
    next_touch_on: date | None = None,
    seen: int | None = None,
) -> Account:
    """Writes down a touch; the next one is due on the day given, or by the account's cadence."""
    account = hold_for(Act.WORK, Account, account_id, by=by, now=now, seen=seen)
    today = now.astimezone(account.pipeline.zone).date()
    said = belt.refuse_untold(kind, text, outcome)
    account.next_touch_on = next_touch_on or today + timedelta(days=account.cadence_days)
    belt.be_touched(account, now=now)
    update(account)
    record(account, kind=kind, by=by, now=now, text=text, outcome=said)
    return account


@act
def edit(
    account_id: int,
    *,
    changes: Mapping[str, Any],
    client: Mapping[str, Any],
    by: User,
    now: datetime,
    seen: int | None = None,
) -> Account:
    """Changes details; only another day for the next touch moves a clock, because that day is the clock."""
    planned = hold_for(Act.WORK, Account, account_id, by=by, now=now, seen=seen).next_touch_on
    account = belt.edit(Account, account_id, changes=changes, client=client, by=by, now=now)
    if account.next_touch_on != planned:
        wind(account)
        update(account)
    return account


@act
def doubt(account_id: int, *, by: User, now: datetime, seen: int | None = None) -> Account:
    """The farmer fears that the client will leave."""
    return _turn(account_id, "doubt", Cause.AT_RISK, by=by, now=now, seen=seen)


@act
def calm(account_id: int, *, by: User, now: datetime, seen: int | None = None) -> Account:
    """The client stays after all."""
    return _turn(account_id, "calm", Cause.CALMED, by=by, now=now, seen=seen)


def _turn(account_id: int, verb: str, cause: Cause, *, by: User, now: datetime, seen: int | None) -> Account:
    account = hold_for(Act.WORK, Account, account_id, by=by, now=now, seen=seen)
    shift(account, verb)
    keep(account, cause=cause, by=by, now=now)
    return account


@act
def churn(account_id: int, *, reason: Reason, by: User, now: datetime, seen: int | None = None) -> Account:
    """The client has left; the account is closed with a reason."""
    account = hold_for(Act.CLOSE, Account, account_id, by=by, now=now, seen=seen)
    belt.refuse_foreign_reason(reason, account, Reason.Kind.CHURN)
    shift(account, "churn", reason)
    keep(account, cause=Cause.CHURNED, by=by, now=now)
    return account


@act
def win_back(account_id: int, *, by: User, now: datetime, seen: int | None = None) -> Account:
    """The client has come back without a new deal yet."""
    account = hold_for(Act.WIN_BACK, Account, account_id, by=by, now=now, seen=seen)
    _come_back(account, by=by, now=now)
    return account
