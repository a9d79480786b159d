"""A record as one line or one card: what its reader may know of the client, what is next, and until when."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any

from django.db.models import QuerySet
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django_fsm import can_proceed

from pipeline_crm.access.sight import Sight
from pipeline_crm.tiers.setup import SetUp, setup
from pipeline_crm.tiers.stages import Stage
from pipeline_crm.timeline.models import Task

from .desks import DESKS
from .faces import ClockFace, clock_face
from .models import HandOff
from .questions import IDS, question
from .records import Clock, ConveyorItem, ConveyorQuerySet, Openness

WISHES = ("source", "product")  # what a lead or a deal says of itself without saying who it is

ENDS = ("reason",)  # why a record was closed; every stage has it
FURNISHED = (*WISHES, *ENDS)  # what comes out of the set-up in memory, besides where the record stands

# What is to be done when nobody has set a task: the clock that runs tells.
WHAT_NEXT: dict[str, tuple[str, Promise]] = {
    Clock.ANSWER: ("inbox", gettext_lazy("Answer the offer")),
    Clock.FIRST_TOUCH: ("phone", gettext_lazy("Make the first call")),
    Clock.SILENCE: ("phone", gettext_lazy("Get in touch again")),
    Clock.STEP: ("arrow-right", gettext_lazy("Move on from this step")),
    Clock.POOL: ("hand-grab", gettext_lazy("Waits for anybody")),
    Clock.PARKED: ("calendar-event", gettext_lazy("Waits for its date")),
}

# By which transition a record leaves its stage, and on whose page that is done.
WAYS_OUT = {Stage.LEAD: ("qualify", Stage.DEAL, "offer"), Stage.DEAL: ("win", Stage.ACCOUNT, "win")}


@dataclass(frozen=True, slots=True)
class Card:
    """A record as its reader sees it; without a name where the name is not theirs to know."""

    item: ConveyorItem
    openness: Openness
    title: str
    need: str
    todo: str
    sign: str
    face: ClockFace | None
    url: str
    brief: HandOff | None = None
    came_back: str = ""

    def act(self, name: str) -> str:
        """The address of something done with the record."""
        return DESKS[self.item.stage].url(name, self.item.pk)

    @property
    def way_out(self) -> str:
        """The page on which the record leaves its stage; nothing where it cannot now."""
        verb, stage, page = WAYS_OUT.get(self.item.stage, ("", None, ""))
        return DESKS[stage].url(page, self.item.pk) if stage and can_proceed(getattr(self.item, verb)) else ""

    @property
    def move(self) -> str:
        """Where it is put on another step."""
        return self.act("move")

    @property
    def claim(self) -> str:
        """Where it is taken out of the pool."""
        return self.act("claim")

    @property
    def accept(self) -> str:
        """Where its offer is accepted."""
        return self.act("accept")

    @property
    def again(self) -> str:
        """Where a won deal's brief is completed and offered once more."""
        return DESKS[Stage.ACCOUNT].url("offer-again", self.item.pk)

    @property
    def is_hidden(self) -> bool:
        """Whether the client is still nobody's."""
        return self.openness is Openness.HIDDEN

    @property
    def is_late(self) -> bool:
        """Whether its clock has run out."""
        return self.face is not None and self.face.state == "over"


@cache
def wishes_of(model: type[ConveyorItem]) -> tuple[str, ...]:
    """Which of the words that say what is wanted a stage has."""
    return tuple(field.name for field in model._meta.get_fields() if field.name in WISHES)


def with_wishes(rows: ConveyorQuerySet) -> ConveyorQuerySet:
    """Rows with everything that a line or a card shows, in one query."""
    return rows.for_cards().select_related(*ENDS, *wishes_of(rows.model))


def house_of(sight: Sight) -> SetUp:
    """The set-up that a person's sight was read from."""
    return sight.house or setup()


def furnish[Item: ConveyorItem](items: Sequence[Item], house: SetUp) -> list[Item]:
    """The same without a join: all but the client comes out of the set-up in memory."""
    listed: list[tuple[str, Mapping[int, Any]]] = [("reason", house.reasons)]
    if items:
        lists: dict[str, Mapping[int, Any]] = {"source": house.sources, "product": house.products}
        listed += [(name, lists[name]) for name in wishes_of(type(items[0]))]
    for item in items:
        for name, known in listed:
            found = known.get(getattr(item, f"{name}_id"))
            if found is not None:
                item._state.fields_cache[name] = found
    return house.attach(items)


def dress(
    items: Sequence[ConveyorItem],
    *,
    sight: Sight,
    now: datetime,
    back: Mapping[int, str] | None = None,
    tasks: bool = True,
) -> list[Card]:
    """The cards of these records, in two queries however many; `back` says why a receiver returned one.

    Lines do without `tasks`: they have no room to say what is next.
    """
    known = {item.pk: item.openness(sight) for item in items}
    named = [item for item in items if known[item.pk] > Openness.HIDDEN]
    briefs = _briefs(named, house_of(sight))
    first = _tasks([item for item in named if tasks and known[item.pk] is Openness.FULL])
    came_back = back or {}
    return [
        _card(
            item,
            known[item.pk],
            briefs.get(item.pk),
            _todo(item, first.get(item.pk, "")) if tasks else ("", ""),
            now,
            came_back.get(item.pk, ""),
        )
        for item in items
    ]


def _card(
    item: ConveyorItem,
    openness: Openness,
    brief: HandOff | None,
    next_up: tuple[str, str],
    now: datetime,
    came_back: str,
) -> Card:
    sign, todo = next_up
    wanted = wanted_by(item)
    hidden = openness is Openness.HIDDEN
    return Card(
        item=item,
        openness=openness,
        title=(wanted or _("A client, hidden until taken")) if hidden else item.client.name,
        need="" if hidden else (brief and brief.need) or wanted or item.client.company,
        todo=todo,
        sign=sign,
        face=clock_face(item.due_at, item.clock_since, now, item.clock, item.parked_until()),
        url=DESKS[item.stage].url("record", item.pk),
        brief=brief,
        came_back=came_back,
    )


def wanted_by(item: ConveyorItem) -> str:
    """Where the client came from and what they look for, which tells nobody who it is."""
    words = (getattr(item, name, None) for name in WISHES)
    return " · ".join(str(word) for word in words if word)


def _todo(item: ConveyorItem, task: str) -> tuple[str, str]:
    if task:
        return "checkbox", task
    sign, words = WHAT_NEXT.get(item.clock, ("", ""))
    return sign, str(words)


def _briefs(items: Sequence[ConveyorItem], house: SetUp) -> dict[int, HandOff]:
    """The brief by which each of these records came last; all of one stage, and nobody hands over to the first."""
    if not items or items[0].stage == Stage.LEAD:
        return {}
    stage = items[0].stage
    found = question(lambda: _last_briefs(stage), ("briefs", stage)).records(ids=[item.pk for item in items])
    for handoff in found:
        if (giver := house.seats.get(handoff.giver_id)) is not None:
            handoff._state.fields_cache["giver"] = giver
    return {handoff.to_id: handoff for handoff in found}


def _last_briefs(stage: Stage) -> QuerySet[HandOff]:
    last = HandOff.objects.filter(to_stage=stage, to_id__among=IDS).order_by("to_id", "-id").distinct("to_id")
    return last.only("to_id", "giver", "need", "summary")


def _tasks(items: Sequence[ConveyorItem]) -> dict[int, str]:
    """What is to be done first for each record; all of one stage."""
    with_tasks = [item.pk for item in items if item.next_task_at is not None]
    if not with_tasks:
        return {}
    stage = items[0].stage
    return dict(question(lambda: _first_tasks(stage), ("first tasks", stage)).tuples(ids=with_tasks))


def _first_tasks(stage: Stage) -> QuerySet[Task, Any]:
    rows = Task.objects.filter(stage=stage, record_id__among=IDS, done_at=None)
    return rows.order_by("record_id", "due_at", "id").distinct("record_id").values_list("record_id", "title")
