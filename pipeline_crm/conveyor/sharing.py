"""Who would get what of a book: records dealt out in memory, for the preview and for the act alike."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from pipeline_crm.tiers.models import Seat, Tier, WhenFull
from pipeline_crm.tiers.setup import setup
from pipeline_crm.tiers.stages import Stage

from .assignment import NOBODY, Dealer, Given, earlier_owners
from .records import BELT, ConveyorItem, ConveyorQuerySet
from .strategies import SeatFacts


@dataclass(frozen=True)
class Portion:
    """What one receiver would get of a book, by stage; no seat is the pool."""

    seat: Seat | None
    stages: Counter[str] = field(default_factory=Counter)

    @property
    def more(self) -> int:
        """How many records."""
        return self.stages.total()


@dataclass(frozen=True)
class Preview:
    """Who would get what of a book; `refusals` says of each seat why it takes nothing of what goes into the pool."""

    stages: Counter[str]
    portions: Sequence[Portion] = ()
    refusals: dict[int, str] = field(default_factory=dict)


def preview(seat: Seat, *, to: Seat | None = None, now: datetime) -> Preview:
    """Who would get how much of a seat's open book, by stage, and why the rest would go into the pool; nothing is written."""
    seat = setup().seats[seat.pk]
    book = urgent_first(item for model in BELT.values() for item in setup().attach(rows_of_book(model, seat)))
    portions: dict[int | None, Portion] = {}
    pooled: dict[str, Any] = {}
    for item, given in Hands(seat, to, now=now).deal(book):
        key = given.seat.pk if given.seat else None
        portions.setdefault(key, Portion(given.seat)).stages[item.stage] += 1
        pooled = pooled if given.seat else given.why
    return Preview(
        stages=Counter(item.stage for item in book),
        portions=sorted(portions.values(), key=lambda one: (one.seat is None, -one.more)),
        refusals={int(pk): skip for pk, skip in pooled.get("skipped", {}).items() if int(pk) != seat.pk},
    )


def keeps_warm(tier: Tier, *, now: datetime) -> bool:
    """Whether a client offered to this tier now would stay with the giver, because nobody has room; nothing is written."""
    house = setup()
    if house.tiers[tier.pk].when_full != WhenFull.KEEP_WARM:
        return False
    return Dealer(tier, house, now=now).deal(None).is_full


def rows_of_book(model: type[ConveyorItem], seat: Seat) -> ConveyorQuerySet:
    """A seat's open records of one stage, with what rules ask of them."""
    return model.objects.open().held_by(seat).select_related("client", *(["lead"] if model.stage == Stage.DEAL else []))


def urgent_first(items: Iterable[ConveyorItem]) -> list[ConveyorItem]:
    """One order for the preview and for the act: what runs out first is given out first."""
    return sorted(items, key=lambda item: (item.due_at is None, item.due_at or item.created_at, item.stage, item.pk))


class Hands:
    """Those who receive: one certain person as far as they have room, the others by the tier's rule."""

    def __init__(self, seat: Seat, to: Seat | None, *, now: datetime, strategy: str = "by_hand") -> None:
        self.seat, self.now, self.strategy = seat, now, strategy
        self.dealer = Dealer(seat.tier, setup(), now=now)
        self.to = to.pk if to is not None else None

    def deal(self, book: Sequence[ConveyorItem]) -> Iterator[tuple[ConveyorItem, Given]]:
        """Chooses for each record of a book; never the seat that gives it away."""
        resting = {model: self._resting(model, book) for model in BELT.values()}
        for item in book:
            yield item, self._for_one(item, {self.seat.pk, *resting[type(item)].get(item.pk, ())})

    def _resting(self, model: type[ConveyorItem], book: Sequence[ConveyorItem]) -> dict[int, set[int]]:
        records = [item.pk for item in book if type(item) is model]
        return earlier_owners(model, records, self.dealer.tier, now=self.now) if records else {}

    def _for_one(self, item: ConveyorItem, barred: set[int]) -> Given:
        roster = self.dealer.roster
        if item.barred:
            return NOBODY
        if item.seat_id is not None:
            roster.drop(item.seat_id)
        if self.to is not None and takes_in_person(roster.facts.get(self.to)):
            why = {"strategy": self.strategy, "seat": self.to, "candidates": [self.to], "skipped": {}}
            return Given(roster.hold(self.to), why)
        return self.dealer.deal(item, barred=barred)


def takes_in_person(facts: SeatFacts | None) -> bool:
    """Whether somebody named by a person may get one more; their shift, a pause and what they had today do not count."""
    if facts is None or not (facts.is_active and facts.is_open) or facts.absent:
        return False
    return facts.open_items < facts.capacity
