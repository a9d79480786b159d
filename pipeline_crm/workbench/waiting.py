"""Who waits at the joint: clients offered to a person, and clients of theirs that came back."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from django.db.models import OuterRef, QuerySet, Subquery
from django.db.models.functions import JSONObject
from django.urls import reverse
from django.utils.text import Truncator

from pipeline_crm.access.gate import visible
from pipeline_crm.access.sight import sight_of
from pipeline_crm.conveyor.desks import DESKS
from pipeline_crm.conveyor.faces import ClockFace, clock_face
from pipeline_crm.conveyor.models import HandOff
from pipeline_crm.conveyor.records import ConveyorItem
from pipeline_crm.tiers.stages import Stage

from . import own
from .day import stages_of

if TYPE_CHECKING:
    from pipeline_crm.users.models import User

SHOWN = 20  # of each kind; the list has the rest
LONGEST_WORDS = 180


@dataclass(frozen=True)
class Waiting:
    """One client at the joint: an offer to answer, or a return to look into."""

    item: ConveyorItem
    offered: bool
    words: str
    reason: str
    face: ClockFace | None
    url: str
    act_url: str

    @property
    def return_url(self) -> str:
        """Where an offer is sent back with a reason."""
        return DESKS[self.item.stage].url("return", self.item.pk)


def waiting_for(user: User, *, now: datetime) -> list[Waiting]:
    """What came back first, then the offers, each by its clock; one query for each stage and kind."""
    sight, stages = sight_of(user), stages_of(sight_of(user))
    came_back = [stage for stage in stages if stage in own.RETURNED]
    received = [stage for stage in stages if stage is not Stage.LEAD]
    return [
        *(one for stage in came_back for one in _returned(user, stage, sight.seat_ids, now)),
        *(one for stage in received for one in _offered(user, stage, sight.seat_ids, now)),
    ]


def _returned(user: User, stage: Stage, seats: Any, now: datetime) -> Iterator[Waiting]:
    rows: own.Rows = visible(user, own.RETURNED[stage](seats).for_cards())
    sent_back = HandOff.objects.filter(from_stage=stage, from_id=OuterRef("pk"), state=HandOff.State.RETURNED)
    told = sent_back.order_by("-id").values(told=JSONObject(reason="reason__name", comment="comment"))
    for item in rows.annotate(told=Subquery(told[:1])).most_urgent()[:SHOWN]:
        act = "deals:offer" if stage == Stage.LEAD else "accounts:offer-again"
        yield _row(item, now, offered=False, reason=item.told["reason"], words=item.told["comment"], act=act)


def _offered(user: User, stage: Stage, seats: Any, now: datetime) -> Iterator[Waiting]:
    rows: own.Rows = visible(user, own.offered(stage, seats).for_cards())
    for item in rows.annotate(told=Subquery(_briefs(stage)[:1])).most_urgent()[:SHOWN]:
        yield _row(item, now, offered=True, reason="", words=item.told or "", act=f"{DESKS[stage].namespace}:accept")


def _briefs(stage: Stage) -> QuerySet[HandOff, Any]:
    offers = HandOff.objects.filter(to_stage=stage, to_id=OuterRef("pk"), state=HandOff.State.OFFERED)
    return offers.order_by("-id").values("summary")


def _row(item: ConveyorItem, now: datetime, *, offered: bool, reason: str, words: str, act: str) -> Waiting:
    return Waiting(
        item=item,
        offered=offered,
        words=Truncator(words).chars(LONGEST_WORDS),
        reason=reason,
        face=clock_face(item.due_at, item.clock_since, now, item.clock, item.parked_until()),
        url=DESKS[item.stage].url("record", item.pk),
        act_url=reverse(act, args=[item.pk]),
    )
