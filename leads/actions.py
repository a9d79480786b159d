"""What a scout does with a lead, from the first word to the door of the hunters."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import TYPE_CHECKING

from django.utils.translation import gettext as _

from pipeline_crm.access.identity import act
from pipeline_crm.access.policy import Act
from pipeline_crm.clients.actions import Person, enrol, find, lock_points, points_of
from pipeline_crm.clients.models import Client
from pipeline_crm.clients.suppression import is_suppressed
from pipeline_crm.conveyor import actions as belt
from pipeline_crm.conveyor.assignment import Given, choose_seat, give_turn_back, room_for_one_more
from pipeline_crm.conveyor.consent import refuse_barred, refuse_barred_touch, tell_leads
from pipeline_crm.conveyor.errors import Refused
from pipeline_crm.conveyor.moves import hold_for, keep, record, shift
from pipeline_crm.conveyor.records import BELT, ConveyorItem
from pipeline_crm.conveyor.stays import spent_on
from pipeline_crm.conveyor.writing import update
from pipeline_crm.outbox.actions import tell
from pipeline_crm.outbox.models import Notice
from pipeline_crm.tiers.models import Pipeline, Product, Reason, Seat, Source
from pipeline_crm.tiers.stages import Stage
from pipeline_crm.timeline.models import Cause, Entry

from .models import Lead, State

if TYPE_CHECKING:
    from pipeline_crm.users.models import User


@dataclass(frozen=True)
class Enquiry:
    """What somebody told us when they came: who they are, how to reach them, what they want."""

    person: Person
    phones: tuple[str, ...] = ()
    emails: tuple[str, ...] = ()
    source: Source | None = None
    campaign: str = ""
    product: Product | None = None
    amount: Decimal | None = None
    comment: str = ""


@dataclass(frozen=True)
class Captured:
    """A new lead, or the record of whoever has the client already; which of them is nobody's business but the owner's."""

    item: ConveyorItem
    known: bool


@act
def capture(
    pipeline: Pipeline,
    enquiry: Enquiry,
    *,
    by: User | None,
    now: datetime,
    keep_for: Seat | None = None,
    bought: bool = False,
) -> Captured:
    """Somebody showed an interest: a new lead, or word to the person who looks after this client already.

    `bought` comes out of a list and not from the client, so it says nothing of one who must not be contacted.
    """
    points = points_of(enquiry.phones, enquiry.emails, country=pipeline.country)
    if not points:
        raise Refused(_("Write a phone number or an e-mail address: without one nobody can be reached."))
    lock_points(points)
    client = find(points)
    silenced = client is None and is_suppressed(points)
    if bought and (silenced or (client is not None and client.is_barred)):
        raise Refused(_("The client has asked not to be contacted."))
    item = looked_after(client, pipeline) if client else None
    if item is not None:
        _pass_enquiry(item, enquiry, by=by, now=now)
        return Captured(item, known=True)
    client = client or enrol(enquiry.person, points, now=now, silenced=silenced)
    return Captured(_begin(pipeline, client, enquiry, by=by, now=now, keep_for=keep_for), known=False)


def looked_after(client: Client, pipeline: Pipeline) -> ConveyorItem | None:
    """The record by which somebody has this client, the furthest along the belt, locked."""
    for stage in reversed(Stage):
        rows = (
            BELT[stage].objects.select_for_update(of=("self",)).filter(client=client, pipeline=pipeline).order_by("-id")
        )
        # An account stays the farmer's even when the client has left.
        item = (rows if stage == Stage.ACCOUNT else rows.open()).first()
        if item is not None:
            return item
    return None


def _begin(
    pipeline: Pipeline, client: Client, enquiry: Enquiry, *, by: User | None, now: datetime, keep_for: Seat | None
) -> Lead:
    tier = pipeline.tier_for(Stage.LEAD)
    lead = Lead(
        client=client,
        pipeline=pipeline,
        tier=tier,
        step=pipeline.first_step(Stage.LEAD),
        created_at=now,
        step_since=now,
        currency=pipeline.currency,
        source=enquiry.source,
        campaign=enquiry.campaign,
        product=enquiry.product,
        amount=enquiry.amount,
        comment=enquiry.comment,
    )
    lead.barred = client.is_barred
    given = Given(keep_for, {"strategy": "own"})
    if lead.barred or keep_for is None or keep_for.tier_id != tier.pk or not room_for_one_more(keep_for, now=now):
        given = choose_seat(tier, item=lead, now=now)
    seat = given.seat
    lead.give(seat, now=now)
    keep(lead, cause=Cause.CAPTURED, by=by, now=now, why=given.why)
    if lead.barred:
        tell_leads(lead, now=now)
    if seat is not None and (by is None or seat.user_id != by.pk):
        tell(
            [seat.user_id],
            kind=Notice.Kind.ASSIGNED,
            stage=lead.stage,
            record_id=lead.pk,
            event=f"lead:{lead.pk}:1:given",
            now=now,
        )
    return lead


def _pass_enquiry(item: ConveyorItem, enquiry: Enquiry, *, by: User | None, now: datetime) -> None:
    said = {"source": str(enquiry.source or ""), "product": str(enquiry.product or "")}
    entry = record(item, kind=Entry.Kind.ENQUIRY, by=by, now=now, text=enquiry.comment, details=said)
    owners = [item.seat.user_id] if item.seat else item.tier.lead_ids()
    tell(owners, kind=Notice.Kind.ENQUIRY, stage=item.stage, record_id=item.pk, event=f"enquiry:{entry.pk}", now=now)


@act
def log_touch(
    lead_id: int, *, kind: str, by: User, now: datetime, text: str = "", outcome: str = "", seen: int | None = None
) -> Lead:
    """Writes down a call, message or meeting; a talk with a new or parked lead makes it contacted."""
    lead = hold_for(Act.WORK, Lead, lead_id, by=by, now=now, seen=seen)
    refuse_barred_touch(lead, kind)
    said = belt.refuse_untold(kind, text, outcome)
    belt.be_touched(lead, now=now)
    talked = kind == Entry.Kind.MEETING or outcome == Entry.Outcome.REACHED
    if talked and lead.state in (State.NEW, State.PARKED):
        _contact(lead, now=now)
        keep(lead, cause=Cause.CONTACTED, by=by, now=now)
    else:
        update(lead)
    record(lead, kind=kind, by=by, now=now, text=text, outcome=said)
    return lead


@act
def contact(lead_id: int, *, by: User, now: datetime, seen: int | None = None) -> Lead:
    """Calls a parked lead back before its date."""
    lead = hold_for(Act.PARK, Lead, lead_id, by=by, now=now, seen=seen)
    refuse_barred(lead)
    if lead.state == State.NEW:
        raise Refused(_("Nobody has talked with this client yet. Write down the call, and the lead is contacted."))
    _contact(lead, now=now)
    keep(lead, cause=Cause.CONTACTED, by=by, now=now)
    return lead


def _contact(lead: Lead, *, now: datetime) -> None:
    """What is called back has slept: that takes nothing of the time in its step, as when it wakes by itself."""
    if lead.state == State.PARKED:
        lead.stand(lead.step, now=now, spent=spent_on(lead.step, lead))
    shift(lead, "contact")


@act
def park(lead_id: int, *, until: datetime, by: User, now: datetime, seen: int | None = None) -> Lead:
    """The client asked to be called on a later day; the lead comes back by itself."""
    lead = hold_for(Act.PARK, Lead, lead_id, by=by, now=now, seen=seen)
    if until <= now:
        raise Refused(_("Choose a moment in the future: a lead cannot sleep until yesterday."))
    shift(lead, "park", until)
    keep(lead, cause=Cause.PARKED, by=by, now=now)
    return lead


@act
def disqualify(lead_id: int, *, reason: Reason, by: User, now: datetime, seen: int | None = None) -> Lead:
    """There is no need, or nobody to talk with; the lead is closed with a reason."""
    lead = hold_for(Act.CLOSE, Lead, lead_id, by=by, now=now, seen=seen)
    belt.refuse_foreign_reason(reason, lead, Reason.Kind.DISQUALIFY)
    shift(lead, "disqualify", reason)
    if reason.gives_turn_back:
        give_turn_back(lead, now=now)
    keep(lead, cause=Cause.DISQUALIFIED, by=by, now=now)
    return lead


@act
def reopen(lead_id: int, *, by: User, now: datetime, seen: int | None = None) -> Lead:
    """The team lead opens a disqualified lead again; its owner has it, or the tier's rule chooses."""
    lead = hold_for(Act.REOPEN, Lead, lead_id, by=by, now=now, seen=seen)
    shift(lead, "reopen")
    given = choose_seat(lead.home, item=lead, now=now, first=lead.seat)
    lead.give(given.seat, now=now)
    keep(lead, cause=Cause.REOPENED, by=by, now=now, why=given.why)
    return lead
