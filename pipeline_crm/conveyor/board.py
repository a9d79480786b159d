"""The board of a stage: its steps as columns on one stretch of belt, between the joint in and the joint out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from django.utils.translation import gettext as _

from pipeline_crm.tiers.models import Step
from pipeline_crm.tiers.stages import Stage

from .asking import Asked
from .cards import Card, dress
from .joints import JointIn, JointOut, crosses_behind, joint_in, joint_out, returned_of
from .riders import Sums, read_riders
from .scope import Scope
from .words import money_words, span

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
    goes_back = scope.desk.stage == Stage.DEAL and crosses_behind(scope)
    riders = read_riders(scope, asked, steps, goes_back=goes_back)
    items = riders.items["step"]
    everybody = [*items, *riders.items["offer"], *riders.items["pool"], *riders.items["back"]]
    dressed = dress(everybody, sight=scope.sight, now=scope.now, back=returned_of(items, scope.house))
    cards, rest = dressed[: len(items)], {card.item: card for card in dressed[len(items) :]}
    before, behind = joint_in(scope, asked, riders, rest), joint_out(scope, riders, rest)
    columns = [
        _column(step, place, cards, riders.sums.get(step.pk, Sums()), scope, _kind(place, len(steps), before, behind))
        for place, step in enumerate(steps, 1)
    ]
    return Board(columns, before, behind)


def _column(step: Step, place: int, cards: Sequence[Card], sums: Sums, scope: Scope, kind: str) -> StepColumn:
    return StepColumn(
        step=step,
        number=place,
        kind=kind,
        cards=[card for card in cards if card.item.step_id == step.pk],
        currency=scope.pipeline.currency,
        count=sums.count,
        total=sums.total,
        late=sums.late,
    )


def _kind(place: int, last: int, before: JointIn | None, behind: JointOut | None) -> str:
    """Which part of the belt a step is: where the tier goes on before or behind it, the capsule stays open."""
    begins = place == 1 and before is not None
    ends = place == last and (behind is None or behind.crosses)
    return "only" if begins and ends else "first" if begins else "last" if ends else "mid"
