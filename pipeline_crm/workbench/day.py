"""What one person has to do, most urgent first, over all the stages that they work."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property
from itertools import chain
from typing import TYPE_CHECKING, Any

from django.db.models import F, OuterRef, Subquery
from django.db.models.functions import JSONObject
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from pipeline_crm.access.gate import visible
from pipeline_crm.access.sight import Sight, sight_of
from pipeline_crm.conveyor.cards import wanted_by, with_wishes
from pipeline_crm.conveyor.desks import DESKS
from pipeline_crm.conveyor.faces import ClockFace, Link, clock_face
from pipeline_crm.conveyor.records import URGENT, Clock
from pipeline_crm.conveyor.words import day_words, when_words
from pipeline_crm.tiers.models import Step
from pipeline_crm.tiers.stages import Stage
from pipeline_crm.timeline.models import TOUCHES, Entry, Task

from . import own
from .words import touch_words

if TYPE_CHECKING:
    from pipeline_crm.users.models import User

READ = 200  # records of a stage; more than anybody can do in a day
SHOWN = 8
SOON_STALE = timedelta(days=2)


@dataclass(frozen=True)
class Duty:
    """One record in own hands, and what is to be done with it until when."""

    item: Any  # a record of any stage, with the urgent task and the last touch that `_rows` reads beside it
    now: datetime
    steps: list[Step]

    @property
    def at(self) -> datetime | None:
        """When something is to be done: the clock, or the task that comes before it."""
        moment: datetime | None = self.item.urgent_at
        return moment

    @property
    def sleeps(self) -> bool:
        """Whether the record waits for a date that has not come."""
        return bool(self.item.is_parked and self.item.due_at > self.now)

    @property
    def by_task(self) -> bool:
        """Whether a task is what comes first."""
        return self.item.next_task_at is not None and self.item.next_task_at == self.at

    @cached_property
    def face(self) -> ClockFace | None:
        """The clock as it is drawn; a task's where that comes first."""
        if self.by_task:
            return clock_face(self.at, self.item.task_set, self.now)
        return clock_face(self.item.due_at, self.item.clock_since, self.now, self.item.clock, self.item.parked_until())

    @property
    def url(self) -> str:
        """The page of the record."""
        return DESKS[self.item.stage].url("record", self.item.pk)

    @property
    def when(self) -> str:
        """The hour when it is today's, else the day."""
        here, today = timezone.localtime(self.at or self.now), timezone.localtime(self.now).date()
        return f"{here:%H:%M}" if here.date() == today else day_words(here.date(), today=today)

    @property
    def lies(self) -> str:
        """How long the record has been left alone, or has stood on its step."""
        if self.item.clock == Clock.STEP:
            since = {"step": self.item.step.name, "when": when_words(self.item.step_since, now=self.now)}
            return _("on “%(step)s” since %(when)s") % since
        since_touch = self.item.touched_at or self.item.owner_since
        return _("no touch since %(when)s") % {"when": when_words(since_touch, now=self.now)}

    @property
    def wants(self) -> str:
        """Where the client came from and what they look for."""
        return wanted_by(self.item) or self.item.client.company

    @property
    def origin(self) -> str:
        """The same in a word, for a row: where a lead came from, what a deal is about."""
        return str(getattr(self.item, "source", None) or getattr(self.item, "product", None) or "")

    @property
    def place(self) -> int:
        """The number of its step, from 1."""
        return next((n for n, step in enumerate(self.steps, 1) if step.pk == self.item.step_id), 1)

    @property
    def last(self) -> str:
        """What was last said, or that nobody has called yet."""
        if self.by_task:
            return self.item.task_title
        return self.said or _("new with you, no touch yet")

    @property
    def said(self) -> str:
        """What was last said at this stage."""
        return touch_words(**self.item.last_touch) if self.item.last_touch else ""


@dataclass(frozen=True)
class Day:
    """All that one person holds and has accepted, most urgent first."""

    user: User
    now: datetime
    duties: list[Duty]

    @cached_property
    def due(self) -> list[Duty]:
        """What must be done before midnight."""
        end = own.midnight_after(self.now)
        return [duty for duty in self.duties if duty.at is not None and duty.at < end]

    @cached_property
    def stale_soon(self) -> list[Duty]:
        """What is not due today, but nobody has touched or moved it for long."""
        end = max(own.midnight_after(self.now), self.now) + SOON_STALE
        return [
            duty
            for duty in self.duties
            if duty not in self.due and duty.item.clock in (Clock.SILENCE, Clock.STEP) and duty.item.due_at < end
        ]

    @property
    def lists(self) -> list[Link]:
        """Where the rest of what is due stands, stage by stage."""
        rest = Counter(duty.item.stage for duty in self.due[SHOWN:])
        return [Link(DESKS[stage].url("list"), _more(stage, count)) for stage, count in rest.items()]

    @cached_property
    def awake(self) -> list[Duty]:
        """What can be worked now."""
        return [duty for duty in self.duties if not duty.sleeps]


def _more(stage: Stage, count: int) -> str:
    words = {
        Stage.LEAD: ngettext("%(n)d more lead today", "%(n)d more leads today", count),
        Stage.DEAL: ngettext("%(n)d more deal today", "%(n)d more deals today", count),
        Stage.ACCOUNT: ngettext("%(n)d more account today", "%(n)d more accounts today", count),
    }
    return words[stage] % {"n": count}


def stages_of(sight: Sight) -> list[Stage]:
    """The stages at which a person may hold records; a farmer's repeat deals among them."""
    at = {seat.tier_id for seat in sight.seats}
    return [stage for stage in Stage if any(tier.pk in at for tier in sight.tiers_for(stage))]


def day_of(user: User, steps: dict[tuple[int, str], list[Step]], *, now: datetime) -> Day:
    """Reads the day of one person: one query a stage."""
    sight = sight_of(user)
    rows = chain.from_iterable(_rows(user, stage, sight.seat_ids) for stage in stages_of(sight))
    duties = [Duty(item, now, steps.get((item.pipeline_id, item.stage), [])) for item in rows]
    return Day(user, now, sorted(duties, key=_urgency))


def _urgency(duty: Duty) -> tuple[bool, Any, int, int]:
    return duty.at is None, duty.at or duty.now, duty.item.stage.rank, duty.item.pk


def _rows(user: User, stage: Stage, seats: own.Seats) -> own.Rows:
    tasks = Task.objects.filter(stage=stage, record_id=OuterRef("pk"), done_at=None).order_by("due_at", "id")
    touches = Entry.objects.filter(stage=stage, record_id=OuterRef("pk"), kind__in=TOUCHES).order_by("-at", "-id")
    rows: own.Rows = visible(user, with_wishes(own.held(stage, seats)))
    return (
        rows.accepted()
        .annotate(
            task_set=Subquery(tasks.values("created_at")[:1]),
            task_title=Subquery(tasks.values("title")[:1]),
            last_touch=Subquery(touches.values(said=JSONObject(kind="kind", outcome="outcome", text="text"))[:1]),
            urgent_at=URGENT,
        )
        .order_by(F("urgent_at").asc(nulls_last=True), "id")[:READ]
    )


def steps_of(sight: Sight) -> dict[tuple[int, str], list[Step]]:
    """The steps of every stage of the pipelines in which a person has a seat, in order; one query."""
    pipelines = {seat.tier.pipeline_id for seat in sight.seats}
    steps: dict[tuple[int, str], list[Step]] = {}
    for step in Step.objects.filter(pipeline__in=pipelines).order_by("position", "id"):
        steps.setdefault((step.pipeline_id, step.stage), []).append(step)
    return steps
