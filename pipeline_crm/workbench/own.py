"""What is one person's own on the belt, as questions: what they hold, what waits for them, what came of it."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Exists, F, OuterRef, Q, QuerySet
from django.utils import timezone

from accounts.models import Account
from accounts.models import State as AccountState
from deals.models import Deal
from deals.models import State as DealState
from leads.models import Lead
from leads.models import State as LeadState
from pipeline_crm.conveyor.models import HandOff
from pipeline_crm.conveyor.records import BELT
from pipeline_crm.tiers.stages import Stage
from pipeline_crm.timeline.models import Task

Seats = Collection[int]
Rows = Any  # records of any stage: only the models themselves, not what they share, know `state`
WINDOW = timedelta(days=30)  # how far back one's own numbers look


def held(stage: Stage, seats: Seats) -> Rows:
    """Open records of a stage in these hands."""
    return BELT[stage].objects.open().held_by(*seats)


def due_today(stage: Stage, seats: Seats, now: datetime) -> Rows:
    """What is accepted and has a clock that runs out, or a task that is due, before midnight."""
    end = midnight_after(now)
    task = Task.objects.filter(stage=stage, record_id=OuterRef("pk"), done_at=None, due_at__lt=end)
    return held(stage, seats).exclude(state="offered").filter(Q(due_at__lt=end) | Exists(task))


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
    wanting = Account.objects.filter(
        client=OuterRef("client"), pipeline=OuterRef("pipeline"), state=AccountState.RETURNED
    )
    return Deal.objects.filter(Exists(wanting), state=DealState.WON, seat__in=seats)


RETURNED = {Stage.LEAD: returned_leads, Stage.DEAL: returned_deals}


def handed(seats: Seats, from_stage: Stage, now: datetime) -> QuerySet[HandOff]:
    """Own hand-offs to the next tier within the window; one that was offered anew counts once."""
    return HandOff.objects.filter(
        giver__in=seats, from_stage=from_stage, to_stage=from_stage.next, offered_at__gte=now - WINDOW
    ).exclude(state=HandOff.State.EXPIRED)


def crossed(seats: Seats, from_stage: Stage, now: datetime) -> QuerySet[HandOff]:
    """The same, without those that stayed inside one tier."""
    return handed(seats, from_stage, now).exclude(from_tier=F("to_tier"))


def won_after(seats: Seats, now: datetime) -> Rows:
    """Deals that were won out of own leads."""
    return Deal.objects.filter(pk__in=handed(seats, Stage.LEAD, now).values("to_id"), state=DealState.WON)


def kept_after(seats: Seats, now: datetime) -> Rows:
    """The same deals whose client is still one."""
    return _still_clients(won_after(seats, now))


def sold(seats: Seats, now: datetime) -> Rows:
    """Deals that these seats won and handed on."""
    return Deal.objects.filter(pk__in=handed(seats, Stage.DEAL, now).values("from_id"), state=DealState.WON)


def kept_of_sold(seats: Seats, now: datetime) -> Rows:
    """The same deals whose client is still one."""
    return _still_clients(sold(seats, now))


def _still_clients(deals: Rows) -> Rows:
    """A deal counts as kept while its client's account is open, a repeat deal's too."""
    account = Account.objects.open().filter(client=OuterRef("client"), pipeline=OuterRef("pipeline"))
    return deals.filter(Exists(account))
