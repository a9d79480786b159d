"""The page on which a head of sales reads who can see a record, why, and what of it; and who had it once."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_safe

from pipeline_crm.access.exporting import heads
from pipeline_crm.access.gate import may
from pipeline_crm.access.policy import Part, Relation, Verdict, verdict
from pipeline_crm.access.sight import sight_of
from pipeline_crm.conveyor.answers import Request, meet, note_look
from pipeline_crm.conveyor.desks import DESKS
from pipeline_crm.conveyor.records import ConveyorItem, Openness
from pipeline_crm.conveyor.words import day_of, full_moment
from pipeline_crm.tiers.models import Seat
from pipeline_crm.tiers.stages import Stage
from pipeline_crm.timeline.models import Cause, Movement
from pipeline_crm.users.models import User

from .seeing import Parted, Seer, who_saw, who_sees

# What of a record is told about here, in the order of the policy.
PARTS = {
    Part.RECORD: gettext_lazy("step and clock"),
    Part.WISH: gettext_lazy("source and product"),
    Part.MONEY: gettext_lazy("amount"),
    Part.NAME: gettext_lazy("name of the client"),
    Part.BRIEF: gettext_lazy("brief"),
    Part.CONTACT: gettext_lazy("contacts"),
    Part.HISTORY: gettext_lazy("history"),
    Part.NOTES: gettext_lazy("notes"),
    Part.TASKS: gettext_lazy("tasks"),
}
ORDER = tuple(Relation)


@dataclass(frozen=True, slots=True)
class Told:
    """One person in words."""

    name: str
    whys: list[str]
    reads: str = ""
    hidden: str = ""


@may("sight.explain")
@require_safe
def who_sees_page(request: Request, stage: str, pk: int) -> HttpResponse:
    """Everybody who can see a record now, and those with whom it was before; for the head of its pipeline."""
    item, now = _met(request, stage, pk), timezone.now()
    seers = who_sees(item, User.objects.filter(is_active=True).order_by("first_name", "last_name", "username"))
    parted = who_saw(item, (seer.person.pk for seer in seers))
    words = Words(item, now)
    told = {
        "item": item,
        "back": DESKS[item.stage].url("record", item.pk),
        "seeing": [words.seer(seer) for seer in sorted(seers, key=_nearest)],
        "parted": [words.parted(one) for one in parted],
    }
    return render(request, "oversight/who_sees.html", told)


def _met(request: Request, stage: str, pk: int) -> ConveyorItem:
    """The record, for the head of its pipeline, who stands in the journal then; for all others as if there were none."""
    if stage not in Stage:
        raise Http404
    item = meet(request, DESKS[Stage(stage)].model, pk)
    if not heads(sight_of(request.user), item.pipeline_id):
        raise Http404
    note_look(request.user, item, Openness.FULL, now=timezone.now())
    return item


def _nearest(seer: Seer) -> int:
    """Whose it is comes first, then who may take it, who leads, who heads."""
    return min(ORDER.index(relation) for relation in seer.relations)


class Words:
    """The sentences about one record, as they are true at one moment."""

    def __init__(self, item: ConveyorItem, now: datetime) -> None:
        self.item, self.today = item, day_of(now)

    def seer(self, seer: Seer) -> Told:
        """Why somebody sees the record, and what of it."""
        said = {part: verdict(part, seer.relations) for part in PARTS}
        masked = _("contacts masked") if said[Part.CONTACT] == Verdict.MASK else ""
        reads = [str(PARTS[part]) for part in PARTS if said[part] == Verdict.ALLOW] + [masked] * bool(masked)
        hidden = [str(PARTS[part]) for part in PARTS if said[part] == Verdict.DENY]
        whys = [self._why(relation, seer) for relation in ORDER if relation in seer.relations]
        return Told(seer.person.name, whys, _list(reads), _list(hidden))

    def parted(self, one: Parted) -> Told:
        """From when until when the record was with somebody, and why they see it no more."""
        came, name = self._at(one.came), one.seat.user.name
        if one.left is not None:
            words = _("It was with them since %(came)s and left their sight %(left)s.")
            return Told(name, [words % {"came": came, "left": self._at(one.left)}])
        return Told(name, [_("It was with them since %(came)s.") % {"came": came}, _standing(one.seat)])

    def _why(self, relation: Relation, seer: Seer) -> str:
        item, since = self.item, {"since": self._at(self.item.owner_since)}
        tier, pipeline = {"tier": item.tier.name}, {"pipeline": item.pipeline.name}
        match relation:
            case Relation.OWNER:
                return self._held(since)
            case Relation.OFFERED:
                return _("It is offered to them since %(since)s and waits for their answer.") % since
            case Relation.POOL:
                return _("They work at the tier “%(tier)s”, and it lies in its pool.") % tier
            case Relation.LED:
                return _("They lead the tier “%(tier)s”.") % tier
            case Relation.HEADED:
                return _("They head the pipeline “%(pipeline)s”.") % pipeline
            case Relation.GLASS:
                glass = next(one for one in seer.sight.glass if one.pipeline_id == item.pipeline_id)
                return _("Emergency access, until %(until)s.") % {"until": self._at(glass.until)}
            case Relation.SHARED:
                loan = seer.sight.loan_of(item.stage, item.pk)
                return _("A team lead shares it with them, until %(until)s.") % {"until": loan and self._at(loan.until)}
            case _:
                return capfirst(relation.value)

    def _held(self, since: dict[str, str]) -> str:
        moves = Movement.objects.filter(stage=self.item.stage, record_id=self.item.pk, to_seat=self.item.seat_id)
        came = moves.exclude(from_seat=self.item.seat_id).select_related("from_seat__user").order_by("-version").first()
        if came is not None and came.cause == Cause.COVERED and came.from_seat is not None:
            words = _("They look after it since %(since)s as a substitute for %(name)s.")
            return words % {**since, "name": came.from_seat.user.name}
        return _("They hold it since %(since)s.") % since

    def _at(self, moment: datetime) -> str:
        return full_moment(moment, today=self.today)


def _standing(seat: Seat) -> str:
    if not seat.user.is_active:
        return _("They do not work here any more.")
    return _("They have no place at the tier “%(tier)s” any more.") % {"tier": seat.tier.name}


def _list(words: Iterable[str]) -> str:
    return ", ".join(words)
