"""What is one person's own on the belt, as questions: what they hold, what waits for them, what came of it."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Case, Exists, F, IntegerField, OuterRef, Q, QuerySet, Value, When
from django.utils import timezone

from deals.models import Deal
from deals.models import State as DealState
from leads.models import Lead
from leads.models import State as LeadState
from pipeline_crm.conveyor.models import CameBack, HandedOn, HandOff
from pipeline_crm.conveyor.questions import Blank
from pipeline_crm.conveyor.records import BELT
from pipeline_crm.tiers.stages import Stage

from .tally import Marks

Seats = Collection[int]
Rows = Any  # records of any stage: only the models themselves, not what they share, know `state`
Moment = datetime | Blank  # a blank, where the question is written before the hour is known
WINDOW = timedelta(days=30)  # how far back one's own numbers look


def held(stage: Stage, seats: Seats) -> Rows:
    """Open records of a stage in these hands."""
    return BELT[stage].objects.open().held_by(*seats)


def due_before(stage: Stage, seats: Seats, end: Moment) -> Rows:
    """What these hands have accepted, and whose clock runs out, or a task is due, before that moment; most urgent first."""
    return BELT[stage].objects.accepted().held_by(*seats).urgent_before(end).order_by("urgent_at")


def midnight_after(now: datetime) -> datetime:
    """The end of the reader's day."""
    return timezone.localtime(now).replace(hour=0, minute=0, second=0, microsecond=0) + timedelta(days=1)


def offered(stage: Stage, seats: Seats) -> Rows:
    """Clients who wait at the joint for an answer of these seats."""
    rows: Rows = BELT[stage].objects.all()
    return rows.filter(state="offered", seat__in=seats)


def returned_leads(seats: Seats) -> Rows:
    """Leads that a hunter has sent back, until they are handed on or closed."""
    came_back = HandOff.objects.filter(
        from_stage=Stage.LEAD, from_id=OuterRef("pk"), state=HandOff.State.RETURNED, to_stage=Stage.DEAL
    )
    return Lead.objects.filter(Exists(came_back), state=LeadState.CONTACTED, seat__in=seats)


def returned_deals(seats: Seats) -> Rows:
    """Won deals whose brief the farmers found wanting, until the client is offered again."""
    wanting = CameBack.objects.filter(client=OuterRef("client"), pipeline=OuterRef("pipeline"))
    return Deal.objects.filter(Exists(wanting), state=DealState.WON, seat__in=seats)


RETURNED = {Stage.LEAD: returned_leads, Stage.DEAL: returned_deals}


def handed(seats: Seats, from_stage: Stage, since: Moment) -> QuerySet[HandedOn]:
    """Own hand-offs to the next tier since then; one that was offered anew counts once."""
    # From a stage there is one way, to the next. To ask where it leads would read all that ever went there.
    given = HandedOn.objects.filter(giver__in=seats, from_stage=from_stage, offered_at__gte=since)
    return given.exclude(state=HandOff.State.EXPIRED)


def won_after(seats: Seats, since: Moment) -> QuerySet[HandedOn]:
    """Own leads out of which a deal was won."""
    return handed(seats, Stage.LEAD, since).filter(won=True)


def kept_after(seats: Seats, since: Moment) -> QuerySet[HandedOn]:
    """The same whose client is still one."""
    return won_after(seats, since).filter(kept=True)


def answers(given: QuerySet[HandedOn]) -> Marks:
    """How many of these hand-offs the next tier has accepted, and how many it has answered."""
    to_another = ~Q(from_tier=F("to_tier"))
    accepted, returned = HandOff.State.ACCEPTED, HandOff.State.RETURNED
    rows = given.annotate(
        accepted=_marked(to_another, state=accepted), answered=_marked(to_another, state__in=[accepted, returned])
    )
    return Marks(rows, {"accepted": "COUNT(accepted)", "answered": "COUNT(answered)"})


def fates(given: QuerySet[HandedOn]) -> Marks:
    """The same, how many of their deals were won, and in how many of those the client is still one."""
    told = answers(given)
    rows = told.rows.annotate(sold=_marked(won=True), stays=_marked(won=True, kept=True))
    return Marks(rows, {**told.counts, "won": "COUNT(sold)", "kept": "COUNT(stays)"})


def _marked(*where: Q, **also: Any) -> Case:
    return Case(When(Q(*where, **also), then=Value(1)), output_field=IntegerField())


def sold(seats: Seats, since: Moment) -> QuerySet[HandedOn]:
    """Deals that these seats won and handed on; one that came back for its brief, and was offered again, once."""
    return handed(seats, Stage.DEAL, since).filter(won=True).distinct("from_id")


def kept_of_sold(seats: Seats, since: Moment) -> QuerySet[HandedOn]:
    """The same whose client is still one."""
    return sold(seats, since).filter(kept=True)
