"""The baton passes a boundary: offered with a brief, accepted, returned, or not answered."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from functools import reduce
from operator import or_
from typing import TYPE_CHECKING, Any, NamedTuple

from django.db.models import Q
from django.utils.translation import gettext as _

from pipeline_crm.access.identity import act
from pipeline_crm.access.policy import Act
from pipeline_crm.access.sight import sight_of
from pipeline_crm.outbox.actions import tell, tell_many
from pipeline_crm.outbox.models import Notice
from pipeline_crm.tiers.actions import appointed
from pipeline_crm.tiers.models import Reason, Seat, Tier, WhenFull
from pipeline_crm.timeline.models import Cause, Entry, Task

from .assignment import choose_seat, refuse_full, refuse_hoarding, refuse_picking, refuse_resting, same_person
from .consent import refuse_barred
from .errors import NoRoom, Refused, Taken
from .models import HandOff
from .moves import Moved, hold, hold_for, keep, keep_many, record, refuse, shift, why_not
from .records import ConveyorItem
from .stays import spent_by_record
from .writing import insert

if TYPE_CHECKING:
    from pipeline_crm.users.models import User


class Handing(NamedTuple):
    """A record that goes to another seat, or to the pool, there perhaps for the team lead's decision alone."""

    item: ConveyorItem
    seat: Seat | None
    cause: Cause
    why: Mapping[str, Any] | None = None
    decide: bool = False


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
    if crosses:
        refuse_barred(giver)
    taker.barred = giver.barred
    given = choose_seat(taker.tier, item=taker, now=now) if crosses else same_person(giver_seat)
    if given.is_full:
        _no_room(taker.tier, giver, now=now)
    asks = crosses and taker.tier.asks_acceptance
    if not asks:
        taker.accept()
    taker.give(given.seat, now=now)
    keep(taker, cause=cause if asks else Cause.PASSED, by=by, now=now, why=given.why)
    handoff = _write(giver, taker, giver_seat=giver_seat, brief=brief, now=now)
    if not asks:
        handoff.accept()
        handoff.answered_at, handoff.answered_by = now, by
    insert(handoff)
    if not giver.is_open:
        carry_tasks(giver, taker)
        giver.give(None if crosses else giver_seat, now=now)
    if crosses:
        _tell_receiver(taker, kind=Notice.Kind.OFFERED if asks else Notice.Kind.ASSIGNED, now=now)
    return handoff


def _no_room(tier: Tier, giver: ConveyorItem, *, now: datetime) -> None:
    """The receiving tier is full: its setting says whether the client waits there, or stays and is kept warm."""
    if tier.when_full == WhenFull.KEEP_WARM and giver.seat_id is not None:
        raise NoRoom(tier)
    tell_of_full(tier, now=now)


def tell_of_full(tier: Tier, *, now: datetime) -> None:
    """The heads of sales hear once a day that nobody at a tier has room."""
    day = now.astimezone(tier.pipeline.zone).date()
    heads = appointed(tier.pipeline, "head_pipeline")
    tell(heads, kind=Notice.Kind.FULL, stage="", record_id=None, event=f"full:{tier.pk}:{day}", now=now)


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
    """Open tasks travel with the client; a record that was read under its lock knows whether it has any."""
    if giver.next_task_at is None:
        return
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


@act
def accept(model: type[ConveyorItem], pk: int, *, by: User, now: datetime, seen: int | None = None) -> ConveyorItem:
    """The receiver takes an offered client; from now on it is theirs and in full view."""
    item = hold(model, pk, by=by, now=now, seen=seen)
    if item.state != "offered":
        raise Taken(_("This offer has been answered already."))
    refuse(item, Act.ACCEPT, by=by)
    refuse_barred(item)
    seat = item.seat or sight_of(by).seat_at(item.tier_id)
    if seat is None:
        raise Refused(why_not(Act.ACCEPT, item, frozenset()))
    if item.seat is None:
        # Out of the pool an offer is taken on the same terms as any other record.
        refuse_picking(item, by=by)
        refuse_resting(item, seat, now=now)
        refuse_full(seat, now=now)
        refuse_hoarding(seat)
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
    quietly: bool = False,
) -> None:
    """Gives a locked record to another seat or to the pool; what was only offered is offered anew with the same brief.

    `quietly` leaves it to the caller to tell the receiver, once for a whole book.
    """
    hand_over_many([Handing(item, seat, cause, why)], by=by, now=now, quietly=quietly)


def hand_over_many(handings: Sequence[Handing], *, by: User | None, now: datetime, quietly: bool = False) -> None:
    """The same for many locked records at once; their receivers are told."""
    offers = open_offers([handing.item for handing in handings if handing.item.state == "offered"])
    spent = spent_by_record(
        [(item, item.step) for item, seat, cause, *_rest in handings if _sleeps_no_more(cause, seat)]
    )
    for item, seat, cause, _why, decide in handings:
        item.give(seat, now=now, decide=decide)
        if _sleeps_no_more(cause, seat):
            # It is the same owner's still: sleep neither takes of the time in the step nor gives it anew.
            item.step_spent = spent[item.pk]
    keep_many([Moved(item, cause, why) for item, _seat, cause, why, _decide in handings], by=by, now=now)
    for old in offers.values():
        old.expire()
        old.answered_at = now
        old.save()
    again = [(item, offers[item.stage, item.pk]) for item, *_rest in handings if (item.stage, item.pk) in offers]
    HandOff.objects.bulk_create([_offered_anew(item, old, now=now) for item, old in again])
    if not quietly:
        tell_many(news_of(handings), now=now)


def _sleeps_no_more(cause: Cause, seat: Seat | None) -> bool:
    """Whether a record wakes with its owner; the sweep wakes it with nobody else."""
    return cause == Cause.WOKEN and seat is not None


def news_of(handings: Iterable[Handing]) -> list[tuple[int, Notice.Kind, str, int, str]]:
    """What the receivers of records that have been handed over are told; who is woken hears of that alone."""
    return [
        (seat.user_id, _news(item), item.stage, item.pk, f"{item.stage}:{item.pk}:{item.version}:given")
        for item, seat, cause, *_rest in handings
        if seat is not None and cause != Cause.WOKEN
    ]


def open_offers(items: Sequence[ConveyorItem]) -> dict[tuple[str, int], HandOff]:
    """The hand-offs by which records are offered now, locked, by stage and number of the record."""
    if not items:
        return {}
    stages: dict[str, list[int]] = {}
    for item in items:
        stages.setdefault(item.stage, []).append(item.pk)
    of_these = [Q(to_stage=stage, to_id__in=records) for stage, records in stages.items()]
    rows = HandOff.objects.select_for_update().filter(reduce(or_, of_these), state=HandOff.State.OFFERED)
    return {(row.to_stage, row.to_id): row for row in rows.order_by("id")}


def _news(item: ConveyorItem) -> Notice.Kind:
    return Notice.Kind.OFFERED if item.state == "offered" else Notice.Kind.ASSIGNED


def _offered_anew(item: ConveyorItem, old: HandOff, *, now: datetime) -> HandOff:
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
    kept = {field: getattr(old, field) for field in same}
    return HandOff(**kept, to_tier_id=item.tier_id, receiver=item.seat, offered_at=now)


@act
def mark_brief(model: type[ConveyorItem], pk: int, *, by: User, mark: int, now: datetime) -> HandOff:
    """The receiver says from 1 to 5 how good the brief was."""
    item = hold_for(Act.MARK, model, pk, by=by, now=now)
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
