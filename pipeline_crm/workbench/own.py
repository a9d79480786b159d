"""What is one person's own on the belt, as questions: what they hold, what waits for them, what came of it."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime, timedelta

from django.db.models import Exists, F, OuterRef, QuerySet
from django.utils import timezone

from accounts.models import Account
from accounts.models import State as AccountState
from deals.models import Deal
from deals.models import State as DealState
from leads.models import Lead
from leads.models import State as LeadState
from pipeline_crm.conveyor.models import HandOff
from pipeline_crm.conveyor.records import BELT, ConveyorItem
from pipeline_crm.tiers.stages import Stage

Seats = Collection[int]
WINDOW = timedelta(days=30)  # how far back one's own numbers look


def held(stage: Stage, seats: Seats) -> QuerySet[ConveyorItem]:
    """Open records of a stage in these hands."""
    return BELT[stage].objects.open().held_by(*seats)


def due_today(stage: Stage, seats: Seats, now: datetime) -> QuerySet[ConveyorItem]:
    """What is accepted and has a clock that runs out before midnight."""
    return held(stage, seats).exclude(state="offered").filter(due_at__lt=midnight_after(now))


def midnight_after(now: datetime) -> datetime:
    """The end of the reader's day."""
    return timezone.localtime(now).replace(hour=0, minute=0, second=0, microsecond=0) + timedelta(days=1)


def offered(stage: Stage, seats: Seats) -> QuerySet[ConveyorItem]:
    """Clients who wait at the joint for an answer of these seats."""
    return BELT[stage].objects.filter(state="offered", seat__in=seats)


def returned_leads(seats: Seats) -> QuerySet[ConveyorItem]:
    """Leads that a hunter has sent back, until they are handed on or closed."""
    came_back = HandOff.objects.filter(
        from_stage=Stage.LEAD, from_id=OuterRef("pk"), state=HandOff.State.RETURNED, to_stage=Stage.DEAL
    )
    return Lead.objects.filter(Exists(came_back), state=LeadState.CONTACTED, seat__in=seats)


def returned_deals(seats: Seats) -> QuerySet[ConveyorItem]:
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


def won_after(seats: Seats, now: datetime) -> QuerySet[ConveyorItem]:
    """Deals that were won out of own leads."""
    return Deal.objects.filter(pk__in=handed(seats, Stage.LEAD, now).values("to_id"), state=DealState.WON)


def kept_after(seats: Seats, now: datetime) -> QuerySet[ConveyorItem]:
    """The same deals whose client is still one."""
    return _still_clients(won_after(seats, now))


def sold(seats: Seats, now: datetime) -> QuerySet[ConveyorItem]:
    """Deals that these seats won and handed on."""
    return Deal.objects.filter(pk__in=handed(seats, Stage.DEAL, now).values("from_id"), state=DealState.WON)


def kept_of_sold(seats: Seats, now: datetime) -> QuerySet[ConveyorItem]:
    """The same deals whose client is still one."""
    return _still_clients(sold(seats, now))


def _still_clients(deals: QuerySet[ConveyorItem]) -> QuerySet[ConveyorItem]:
    """A deal counts as kept while its client's account is open, a repeat deal's too."""
    account = Account.objects.open().filter(client=OuterRef("client"), pipeline=OuterRef("pipeline"))
    return deals.filter(Exists(account))
