"""The baton passes a boundary: offered with a brief, accepted, returned, or not answered."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from django.db import transaction
from django.utils.translation import gettext as _

from pipeline_crm.access.sight import sight_of
from pipeline_crm.outbox.actions import tell
from pipeline_crm.outbox.models import Notice
from pipeline_crm.tiers.models import Reason, Seat
from pipeline_crm.timeline.models import Cause, Entry, Task

from .assignment import choose_seat, refuse_full
from .errors import Refused, Taken
from .models import HandOff
from .moves import hold, keep, record, shift
from .records import ConveyorItem

if TYPE_CHECKING:
    from pipeline_crm.users.models import User


@dataclass(frozen=True)
class Brief:
    """What the giver must tell the receiver."""

    summary: str
    need: str = ""
    budget: str = ""
    timing: str = ""
    decider: str = ""
    next_step: str = ""


def pass_on(
    giver: ConveyorItem, taker: ConveyorItem, *, by: User, brief: Brief, now: datetime, cause: Cause = Cause.OFFERED
) -> HandOff:
    """Offers a client over a boundary; inside one tier the person stays and nobody is asked.

    Both records are locked by the caller, who keeps the giving one afterwards. A giver that stays open (an account
    that opens a repeat deal) keeps its owner and its tasks.
    """
    if not brief.summary.strip():
        raise Refused(_("Write the brief first: what must the next person know about this client?"))
    giver_seat, crosses = giver.seat, giver.tier_id != taker.tier_id
    seat, why = choose_seat(taker.tier, now=now) if crosses else (giver_seat, {"strategy": "same_person"})
    asks = crosses and taker.tier.asks_acceptance
    if not asks:
        taker.accept()
    taker.give(seat, now=now)
    keep(taker, cause=cause if asks else Cause.PASSED, by=by, now=now, why=why)
    handoff = _write(giver, taker, giver_seat=giver_seat, brief=brief, now=now)
    if not asks:
        handoff.accept()
        handoff.answered_at, handoff.answered_by = now, by
    handoff.save()
    if not giver.is_open:
        carry_tasks(giver, taker)
        giver.give(None if crosses else giver_seat, now=now)
    if crosses:
        _tell_receiver(taker, kind=Notice.Kind.OFFERED if asks else Notice.Kind.ASSIGNED, now=now)
    return handoff


def _write(
    giver: ConveyorItem, taker: ConveyorItem, *, giver_seat: Seat | None, brief: Brief, now: datetime
) -> HandOff:
    return HandOff(
        client_id=taker.client_id,
        pipeline_id=taker.pipeline_id,
        from_stage=giver.stage,
        from_id=giver.pk,
        to_stage=taker.stage,
        to_id=taker.pk,
        from_tier=giver.tier,
        to_tier=taker.tier,
        giver=giver_seat,
        receiver=taker.seat,
        offered_at=now,
        **asdict(brief),
    )


def carry_tasks(giver: ConveyorItem, taker: ConveyorItem) -> None:
    """Open tasks travel with the client."""
    Task.objects.filter(stage=giver.stage, record_id=giver.pk, done_at=None).update(
        stage=taker.stage, record_id=taker.pk
    )


def open_offer(item: ConveyorItem) -> HandOff | None:
    """The hand-off by which a record is offered now, locked."""
    return (
        HandOff.objects.select_for_update(of=("self",))
        .select_related("giver__user")
        .filter(to_stage=item.stage, to_id=item.pk, state=HandOff.State.OFFERED)
        .first()
    )


def last_from(item: ConveyorItem) -> HandOff | None:
    """The latest hand-off by which a record was given on."""
    given = HandOff.objects.filter(from_stage=item.stage, from_id=item.pk)
    return given.select_related("reason").order_by("-id").first()


@transaction.atomic
def accept(model: type[ConveyorItem], pk: int, *, by: User, now: datetime, seen: int | None = None) -> ConveyorItem:
    """The receiver takes an offered client; from now on it is theirs and in full view."""
    item = hold(model, pk, by=by, now=now, seen=seen)
    if item.state != "offered":
        raise Taken(_("This offer has been answered already."))
    seat = item.seat or sight_of(by).seat_at(item.tier_id)
    if seat is None or seat.pk not in sight_of(by).seat_ids:
        raise Refused(_("Only the person this client is offered to can accept it."))
    if item.seat is None:
        refuse_full(seat)
    settle(item, seat=seat, by=by, now=now, cause=Cause.ACCEPTED)
    return item


def settle(item: ConveyorItem, *, seat: Seat, by: User, now: datetime, cause: Cause) -> None:
    """Moves an offered record into the receiver's hands and closes its offer."""
    offer = open_offer(item)
    shift(item, "accept")
    item.give(seat, now=now)
    keep(item, cause=cause, by=by, now=now)
    if offer is None:
        return
    offer.accept()
    offer.receiver, offer.answered_at, offer.answered_by = seat, now, by
    offer.save()
    if offer.giver is not None and offer.giver.user_id != by.pk:
        tell(
            [offer.giver.user_id],
            kind=Notice.Kind.ACCEPTED,
            stage=offer.from_stage,
            record_id=offer.from_id,
            event=f"handoff:{offer.pk}:accepted",
            now=now,
        )


def close_returned(item: ConveyorItem, *, by: User, reason: Reason, comment: str, now: datetime) -> HandOff | None:
    """Writes the return on the hand-off by which a record came; none for a record that came without."""
    offer = (
        HandOff.objects.select_for_update(of=("self",))
        .select_related("giver__user")
        .filter(to_stage=item.stage, to_id=item.pk)
        .exclude(state=HandOff.State.EXPIRED)
        .order_by("-id")
        .first()
    )
    if offer is None or offer.state == HandOff.State.RETURNED:
        return None
    offer.send_back()
    offer.answered_at, offer.answered_by, offer.reason, offer.comment = now, by, reason, comment
    offer.save()
    return offer


def hand_over(
    item: ConveyorItem,
    seat: Seat | None,
    *,
    cause: Cause,
    by: User | None,
    now: datetime,
    why: dict[str, Any] | None = None,
) -> None:
    """Gives a locked record to another seat or to the pool; what was only offered is offered anew with the same brief."""
    old = open_offer(item) if item.state == "offered" else None
    item.give(seat, now=now)
    keep(item, cause=cause, by=by, now=now, why=why)
    if old is not None:
        _offer_anew(item, old, now=now)
    _tell_receiver(item, kind=Notice.Kind.OFFERED if old else Notice.Kind.ASSIGNED, now=now)


def _offer_anew(item: ConveyorItem, old: HandOff, *, now: datetime) -> None:
    old.expire()
    old.answered_at = now
    old.save()
    same = (
        "client_id",
        "pipeline_id",
        "from_stage",
        "from_id",
        "to_stage",
        "to_id",
        "from_tier_id",
        "giver_id",
        *Brief.__dataclass_fields__,
    )
    HandOff.objects.create(
        **{field: getattr(old, field) for field in same}, to_tier_id=item.tier_id, receiver=item.seat, offered_at=now
    )


@transaction.atomic
def mark_brief(model: type[ConveyorItem], pk: int, *, by: User, mark: int, now: datetime) -> HandOff:
    """The receiver says from 1 to 5 how good the brief was."""
    item = hold(model, pk, by=by, now=now)
    if item.seat_id not in sight_of(by).seat_ids:
        raise Refused(_("Only the person who works this client can mark the brief."))
    handoff = (
        HandOff.objects.select_for_update()
        .filter(to_stage=model.stage, to_id=pk, state=HandOff.State.ACCEPTED)
        .order_by("-id")
        .first()
    )
    if handoff is None or not handoff.crosses_tiers:
        raise Refused(_("There is no brief from another tier to mark."))
    handoff.mark = mark
    handoff.save(update_fields=["mark"])
    record(item, kind=Entry.Kind.MARKED, by=by, now=now, details={"mark": mark})
    return handoff


def _tell_receiver(item: ConveyorItem, *, kind: Notice.Kind, now: datetime) -> None:
    if item.seat is not None:
        tell(
            [item.seat.user_id],
            kind=kind,
            stage=item.stage,
            record_id=item.pk,
            event=f"{item.stage}:{item.pk}:{item.version}:given",
            now=now,
        )
