"""What stands on a board, read in two questions: the records of every column at once, and every figure at once."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Hashable, Iterator, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from django.db.models import (
    Avg,
    CharField,
    Count,
    DateTimeField,
    Exists,
    F,
    OuterRef,
    Q,
    QuerySet,
    Sum,
    TextField,
    Value,
)
from django.db.models.functions import Cast
from django.utils import timezone

from pipeline_crm.tiers.models import Step

from .asking import Asked
from .cards import furnish
from .columns import amount_field, unshown_of
from .models import CameBack, HandedOn, HandOff
from .questions import NOW, Blank, Capped, Figures, Question, kept
from .records import ConveyorItem, ConveyorQuerySet
from .scope import Scope, View
from .standins import STEPS
from .words import MANY

CARDS = 20  # in one column; the rest is in the list
OFFERS = 5
WAITING = 3  # of the pool, which "Take next" empties from the top anyway
OFFERED = Q(state="offered")
MONTH = Blank("month", DateTimeField())


@dataclass(frozen=True)
class Sums:
    """How many records there are, and what they are worth together."""

    count: int = 0
    total: Decimal | None = None
    late: int = 0


@dataclass(frozen=True)
class Given:
    """What was handed on this month, without names: how many, how they were answered, and the mark for the briefs."""

    offered: int = 0
    accepted: int = 0
    returned: int = 0
    mark: float | None = None


@dataclass(frozen=True)
class Riders:
    """The records of a board by where they stand, and its figures."""

    items: dict[str, list[ConveyorItem]]
    sums: dict[int, Sums] = field(default_factory=dict)
    offered: Sums = field(default_factory=Sums)
    pooled: int = 0
    given: Given = field(default_factory=Given)


@dataclass(frozen=True)
class Asking:
    """The questions of one board, written for a stand-in."""

    scope: Scope  # the stand-in's
    asked: Asked
    steps: int
    heads: bool
    goes_back: bool  # whether what went on may come back for its brief

    def riding(self) -> ConveyorQuerySet:
        """What is offered stands at the joint, and so does what nobody has yet."""
        return self.asked.of(self.scope).filter(seat__isnull=False).exclude(OFFERED)

    def offers(self) -> ConveyorQuerySet:
        """What waits for an answer."""
        return self.scope.rows(self.asked.view).filter(OFFERED, seat__isnull=False)

    def has_offers(self) -> bool:
        """Whether anything is ever offered at this stage."""
        return "offered" in self.scope.desk.model.OPEN

    def back(self) -> ConveyorQuerySet:
        """Records that went on and came back because the brief was not enough."""
        same = Q(client=OuterRef("client"), pipeline=OuterRef("pipeline"))
        wanting = CameBack.objects.filter(same)
        rows = self.scope.rows(View.CLOSED).filter(Exists(wanting), Q(state="won"), seat__isnull=False)
        return rows.held_by(*self.scope.sight.seat_ids) if self.asked.view == View.MINE else rows

    def records(self) -> Iterator[QuerySet[Any, Any]]:
        """The most urgent of each column and joint."""
        urgent = F("due_at").asc(nulls_last=True), "id"
        riding, waiting = self.riding(), WAITING if self.scope.desk.stage.rank else OFFERS
        for place in range(self.steps):
            yield _at("step", riding.filter(step=STEPS - place).order_by(*urgent)[:CARDS])
        if self.has_offers():
            yield _at("offer", self.offers().most_urgent()[:OFFERS])
        yield _at("pool", self.scope.rows(View.POOL).most_urgent()[:waiting])
        if self.goes_back:
            yield _at("back", self.back().order_by("-id")[:OFFERS])

    def figures(self) -> Iterator[QuerySet[Any, Any] | Capped]:
        """What stands over the columns and beside the joints."""
        # Sums in another currency than the pipeline's own would be added to apples.
        worth = Sum(amount_field(self.scope.desk.model), filter=Q(currency=self.scope.pipeline.currency))
        told = {"count": Count("pk"), "total": Cast(worth, TextField())}
        late = Count("pk", filter=Q(due_at__lte=NOW))
        yield self.riding().order_by().values("step_id").annotate(**told, late=late)
        if self.has_offers():
            yield self.offers().order_by().values("pipeline_id").annotate(**told)
        yield Capped(self.scope.rows(View.POOL).order_by().values("pk")[: MANY + 1])
        if self.scope.desk.stage.next:
            yield self.given()

    def given(self) -> QuerySet[Any, Any]:
        """Only figures leave here: after a hand-off the names are no longer the giver's to see."""
        stage, sight = self.scope.desk.stage, self.scope.sight
        # From a stage there is one way, to the next. To ask where it leads would read all that ever went there.
        given = HandedOn.objects.filter(pipeline=self.scope.pipeline, from_stage=stage, offered_at__gte=MONTH).exclude(
            state=HandOff.State.EXPIRED
        )
        if self.asked.view == View.MINE:
            given = given.filter(giver__in=sight.seat_ids)
        elif not self.heads:
            given = given.filter(from_tier__in=sight.led_ids)
        return (
            given.order_by()
            .values("pipeline_id")
            .annotate(
                offered=Count("pk"),
                accepted=Count("pk", filter=Q(state=HandOff.State.ACCEPTED)),
                returned=Count("pk", filter=Q(state=HandOff.State.RETURNED)),
                mark=Avg("mark"),
            )
        )


def _at(spot: str, rows: ConveyorQuerySet) -> QuerySet[Any, Any]:
    # Chosen by an index first: otherwise the client of whatever might stand there is joined, and both walls asked about it.
    chosen = rows.model._default_manager.filter(pk__in=rows.values("pk")).order_by(*rows.query.order_by)
    told = chosen.select_related("client").defer(*unshown_of(rows.model, on_board=True))
    return told.annotate(spot=Value(spot, output_field=CharField()))


def read_riders(scope: Scope, asked: Asked, steps: Sequence[Step], *, goes_back: bool) -> Riders:
    """Everything that one board draws, in the same two questions however much rides on it."""
    heads = scope.pipeline.pk in scope.sight.headed_ids
    asking = Asking(scope.anybody, asked, len(steps), heads, goes_back)
    numbers = {**scope.stand_in.numbers, **{STEPS - place: step.pk for place, step in enumerate(steps)}}
    month = timezone.localtime(scope.now).replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    key: tuple[Hashable, ...] = (*scope.asks, asked.asks, len(steps), heads, goes_back)
    if asked.search:
        records, sums = Question(asking.records()), Figures(asking.figures())
    else:
        records = kept(("board", *key), lambda: Question(asking.records(), planned=True))
        sums = kept(("board's figures", *key), lambda: Figures(asking.figures(), planned=True))
    items = furnish(records.records(numbers, now=scope.now), scope.house)
    return _sorted_out(items, sums.row(numbers, now=scope.now, month=month), asking)


def _sorted_out(items: Sequence[Any], told: list[list[dict[str, Any]]], asking: Asking) -> Riders:
    by_spot: defaultdict[str, list[ConveyorItem]] = defaultdict(list)
    for item in items:
        by_spot[item.spot].append(item)
    parts = iter(told)
    sums = {row["step_id"]: _sum(row) for row in next(parts)}
    offered = [_sum(row) for row in next(parts)] if asking.has_offers() else []
    pooled = sum(row["count"] for row in next(parts))
    given = next(parts) if asking.scope.desk.stage.next else []
    answers = [Given(**{name: row[name] for name in Given.__dataclass_fields__}) for row in given]
    return Riders(by_spot, sums, offered[0] if offered else Sums(), pooled, answers[0] if answers else Given())


def _sum(row: dict[str, Any]) -> Sums:
    return Sums(row["count"], Decimal(row["total"]) if row["total"] is not None else None, row.get("late", 0))
