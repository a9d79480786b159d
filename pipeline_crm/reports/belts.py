"""The stretches and joints of the whole belt, with what lies on each step and what waits at each joint."""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from pipeline_crm.conveyor.faces import ClockFace, open_ends
from pipeline_crm.conveyor.words import short_span
from pipeline_crm.tiers.models import Pipeline, Step, Tier
from pipeline_crm.tiers.stages import Stage

from . import stuck, sums
from .shapes import Heap, Joint, Pile, Stretch, Tally

PERIODS = (1, 7, 30)
PILES_SHOWN = 7
WARN_FROM = 66  # per cent of the time allowed for an answer


@dataclass(frozen=True)
class Period:
    """The days that figures of flow are counted over, the last one being today."""

    since: datetime
    working_days: int

    @classmethod
    def of(cls, pipeline: Pipeline, days: int, *, now: datetime) -> Period:
        """So many days of a pipeline up to now."""
        since = pipeline.midnight(now) - timedelta(days=days - 1)
        worked = sum(pipeline.calendar.works_on((since + timedelta(days=n)).date()) for n in range(days))
        return cls(since, max(worked, 1))


@dataclass(frozen=True)
class Crossings:
    """How clients were handed on in a period."""

    tallies: dict[tuple[Any, ...], Tally]
    times: dict[tuple[Any, ...], float]
    reasons: dict[tuple[Any, ...], list[tuple[str, int]]]
    passed: dict[str, int]

    @classmethod
    def of(cls, pipeline: Pipeline, period: Period) -> Crossings:
        """The hand-offs of a pipeline in a period."""
        offered = sums.handoffs(pipeline, since=period.since)
        rows = sums.crossing(offered)
        return cls(
            tallies=sums.answered(rows, "to_stage"),
            times=sums.answer_times(rows, "to_stage", calendar=pipeline.calendar),
            reasons=sums.why_returned(rows, "from_tier"),
            passed=sums.passed_on(offered),
        )


@dataclass(frozen=True)
class Belts:
    """All that is needed to draw the belts of a pipeline."""

    pipeline: Pipeline
    steps: Sequence[Step]
    heaps: Mapping[int, Heap]
    crossings: Crossings
    seats: Mapping[int, int]
    period: Period
    now: datetime

    def parts(self) -> list[tuple[Stretch, Joint | None]]:
        """The three stretches, each with the joint after it, or none where the same tier goes on."""
        tiers = [self.pipeline.tier_for(stage) for stage in Stage]
        crosses = [before != after for before, after in itertools.pairwise(tiers)]
        ends = open_ends([*crosses, False])
        return [
            (
                Stretch(
                    open=ends[place], **self.stretch(stage, tiers[place], jointed=place > 0 and crosses[place - 1])
                ),
                self.joint(stage.next, tiers[place + 1]) if stage.next and crosses[place] else None,
            )
            for place, stage in enumerate(Stage)
        ]

    def stretch(self, stage: Stage, tier: Tier, *, jointed: bool) -> dict[str, Any]:
        """What is told over and under one stage; offers are told here only where no joint stands before it."""
        lying = self.lying(stage)
        oldest = min((heap.oldest for heap in lying if heap.oldest), default=None)
        return {
            "stage": stage.value,
            "word": str(stage.label),
            "tier": tier.name,
            "seats": self.seats.get(tier.pk, 0),
            "piles": shortened(self.piles(stage)),
            "on_belt": sum(heap.open for heap in lying),
            "oldest": (self.now - oldest).total_seconds() if oldest else None,
            "out": round(self.crossings.passed.get(stage, 0) / self.period.working_days, 1),
            "offered": 0 if jointed else sum(heap.offered for heap in lying),
        }

    def joint(self, stage: Stage, tier: Tier) -> Joint:
        """The joint before a stage."""
        lying = self.lying(stage)
        return Joint(
            tally=self.crossings.tallies.get((stage.value,), Tally()),
            face=answer_face(self.crossings.times.get((stage.value,)), tier.answer_minutes),
            waiting=sum(heap.offered for heap in lying),
            late=sum(heap.offered_late for heap in lying),
        )

    def lying(self, stage: Stage) -> list[Heap]:
        """What lies on the steps of a stage."""
        return [self.heaps[step.pk] for step in self.steps if step.stage == stage and step.pk in self.heaps]

    def piles(self, stage: Stage) -> list[Pile]:
        """Every step of a stage."""
        return [self.pile(step) for step in self.steps if step.stage == stage]

    def pile(self, step: Step) -> Pile:
        """One step with what lies on it."""
        heap, stay = self.heaps.get(step.pk, Heap()), None
        limit = 60.0 * step.limit_minutes if step.limit_minutes else None
        if limit and heap.stay:
            # The mean moment of coming, told in working time: exact enough for a mean, and one sum however long the pile.
            stay = self.pipeline.calendar.between(self.now - heap.stay, self.now).total_seconds()
        return Pile(
            step=step.pk,
            name=step.name,
            stage=step.stage,
            open=heap.open,
            late=heap.late,
            untouched=heap.untouched,
            stay=stay,
            limit=limit,
            stuck=stuck.is_stuck(heap, stay, limit),
        )


def shortened(piles: Sequence[Pile]) -> list[Pile]:
    """At most seven piles: what comes after the sixth of many is told together."""
    if len(piles) <= PILES_SHOWN:
        return list(piles)
    rest = piles[PILES_SHOWN - 1 :]
    name = ngettext("%(n)d more step", "%(n)d more steps", len(rest)) % {"n": len(rest)}
    together = Pile(
        step=0,
        name=name,
        stage=rest[0].stage,
        open=sum(pile.open for pile in rest),
        late=sum(pile.late for pile in rest),
        stuck=any(pile.stuck for pile in rest),
    )
    return [*piles[: PILES_SHOWN - 1], together]


def answer_face(seconds: float | None, allowed_minutes: int | None) -> ClockFace | None:
    """The clock over a joint: how long an answer takes, against what is allowed."""
    if seconds is None:
        return None
    words = _("answer in %(span)s") % {"span": short_span(int(seconds))}
    if not allowed_minutes:
        return ClockFace("ok", 100, words)
    spent = round(100 * seconds / (60 * allowed_minutes))
    return ClockFace("over" if spent > 100 else "soon" if spent > WARN_FROM else "ok", max(100 - spent, 0), words)
