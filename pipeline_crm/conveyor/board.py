"""The board of a stage: its steps as columns on one stretch of belt, between the joint in and the joint out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.db.models import Count, F, Q, Sum, Window
from django.db.models.functions import RowNumber
from django.utils.translation import gettext as _

from pipeline_crm.tiers.models import Step

from .asking import Asked
from .cards import Card, dress, with_wishes
from .columns import amount_field
from .joints import OFFERED, JointIn, JointOut, joint_in, joint_out, returned_of
from .records import ConveyorItem, ConveyorQuerySet
from .scope import Scope
from .words import money_words, span

CARDS = 20  # in one column; the rest is in the list
WORKING_DAY = 9 * 60  # a limit counts working minutes; a day of them is said as a day
DAY = 24 * 60 * 60


@dataclass(frozen=True)
class StepColumn:
    """One step: what stands on it, how much in all, and what of it is late."""

    step: Step
    number: int
    kind: str
    cards: list[Card]
    currency: str
    count: int = 0
    total: Decimal | None = None
    late: int = 0

    @property
    def more(self) -> int:
        """How many records have no card here."""
        return self.count - len(self.cards)

    @property
    def line(self) -> str:
        """What the step is worth, and how long one may stay: “28.4 M ₽ · up to 2 days”."""
        said = [money_words(self.total, self.currency)] if self.total else []
        return " · ".join([*said, *([limit_words(self.step.limit_minutes)] if self.step.limit_minutes else [])])


@dataclass(frozen=True)
class Board:
    """Everything that one board draws."""

    columns: list[StepColumn]
    joint_in: JointIn | None
    joint_out: JointOut | None

    @property
    def count(self) -> int:
        """How many records ride here."""
        return sum(column.count for column in self.columns)

    @property
    def total(self) -> Decimal:
        """What they are worth together."""
        return sum((column.total or Decimal(0) for column in self.columns), Decimal(0))

    @property
    def late(self) -> int:
        """How many of them are late."""
        return sum(column.late for column in self.columns)


def limit_words(minutes: int) -> str:
    """How long a record may stay on a step, from working minutes: “up to 4 h”, “up to 3 days”."""
    days = round(minutes / WORKING_DAY)
    return _("up to %(span)s") % {"span": span(days * DAY if minutes >= WORKING_DAY else minutes * 60)}


def draw_board(scope: Scope, asked: Asked, steps: Sequence[Step]) -> Board:
    """The board of one view, in the same number of queries however much rides on it."""
    # What is offered stands at the joint, and so does what nobody has yet.
    riding = asked.of(scope).filter(seat__isnull=False).exclude(OFFERED)
    before, behind = joint_in(scope, asked), joint_out(scope, asked)
    items = _top_of_each_step(riding)
    cards = dress(items, sight=scope.sight, now=scope.now, back=returned_of(items))
    sums = _sums(riding, scope)
    columns = [
        StepColumn(
            step=step,
            number=place,
            kind=_kind(place, len(steps), before, behind),
            cards=[card for card in cards if card.item.step_id == step.pk],
            currency=scope.pipeline.currency,
            **sums.get(step.pk, {}),
        )
        for place, step in enumerate(steps, 1)
    ]
    return Board(columns, before, behind)


def _top_of_each_step(rows: ConveyorQuerySet) -> list[ConveyorItem]:
    urgent = [F("due_at").asc(nulls_last=True), F("id").asc()]
    place = Window(RowNumber(), partition_by=F("step"), order_by=urgent)
    return list(with_wishes(rows).annotate(place=place).filter(place__lte=CARDS).order_by("place"))


def _sums(rows: ConveyorQuerySet, scope: Scope) -> dict[int, dict[str, Any]]:
    # Sums in another currency than the pipeline's own would be added to apples.
    worth = Sum(amount_field(rows.model), filter=Q(currency=scope.pipeline.currency))
    late = Count("pk", filter=Q(due_at__lte=scope.now))
    grouped = rows.order_by().values("step").annotate(count=Count("pk"), total=worth, late=late)
    return {row["step"]: {name: row[name] for name in ("count", "total", "late")} for row in grouped}


def _kind(place: int, last: int, before: JointIn | None, behind: JointOut | None) -> str:
    """Which part of the belt a step is: where the tier goes on before or behind it, the capsule stays open."""
    begins = place == 1 and before is not None
    ends = place == last and (behind is None or behind.crosses)
    return "only" if begins and ends else "first" if begins else "last" if ends else "mid"
