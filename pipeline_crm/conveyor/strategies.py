"""Who receives the next record: pure choices on frozen facts.

The caller reads the facts under a lock and writes the answer down; nothing here reads or
remembers. To add a strategy, write one function and one line in `STRATEGIES`.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from hashlib import blake2b
from types import MappingProxyType
from typing import Any, NamedTuple

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _

CATCH_UP = 3  # how many records, at weight 1, somebody who was away gets before it is everybody's turn again


class Skip(TextChoices):
    """Why a seat could not receive this record."""

    INACTIVE = "inactive", _("no longer works here")
    CLOSED = "closed", _("takes nothing new")
    ABSENT = "absent", _("is away")
    PAUSED = "paused", _("takes a pause")
    OFF_SHIFT = "off_shift", _("is off shift")
    RULE = "rule", _("is not in the rule")
    COOL_DOWN = "cool_down", _("let this record lie before")
    CAP = "cap", _("has had enough for today")
    FULL = "full", _("has no room")


NO_ROOM = frozenset({Skip.CAP, Skip.FULL})


class Case(NamedTuple):
    """What is known of the record that is given: its expected value in money, and a number of its own to break ties by."""

    worth: int = 0
    salt: int = 0


class Bars(NamedTuple):
    """Whom a record may not go to: seats that let it lie before; with a rule, all that it does not name."""

    barred: Collection[int] = ()
    allowed: Collection[int] | None = None


NO_BARS, NO_CASE = Bars(), Case()


@dataclass(frozen=True, slots=True)
class Candidate:
    """A seat that may receive the record.

    `turn` is the serial number of its last assignment (0: none yet), `served` the number of records assigned to it so
    far, `worth` their expected value, `weight` its share in relation to the others, `rate` how often it closes well.
    """

    seat_id: int
    open_items: int
    capacity: int
    weight: float = 1
    turn: int = 0
    served: int = 0
    worth: int = 0
    rate: float = 0.5


@dataclass(frozen=True, slots=True)
class SeatFacts(Candidate):
    """A seat as it stands now, whatever the record; `left_today` of its daily cap."""

    is_open: bool = True
    is_active: bool = True
    absent: bool = False
    paused: bool = False
    off_shift: bool = False
    left_today: int | None = None

    def skip(self, bars: Bars) -> Skip | None:
        """The first reason, from the lasting to the passing, to pass over this seat for a record with these bars."""
        if not (self.is_active and self.is_open):
            return Skip.CLOSED if self.is_active else Skip.INACTIVE
        if self.absent or self.paused or self.off_shift:
            return Skip.ABSENT if self.absent else Skip.PAUSED if self.paused else Skip.OFF_SHIFT
        if bars.allowed is not None and self.seat_id not in bars.allowed:
            return Skip.RULE
        if self.seat_id in bars.barred:
            return Skip.COOL_DOWN
        if self.left_today is not None and self.left_today <= 0:
            return Skip.CAP
        return Skip.FULL if self.open_items >= self.capacity else None

    def but(self, **changes: Any) -> SeatFacts:
        """The same seat with something else about it; a sweep asks this so often that `replace` would be too slow."""
        other = object.__new__(SeatFacts)
        for name in FACTS:
            object.__setattr__(other, name, changes[name] if name in changes else getattr(self, name))
        return other


FACTS = tuple(fact.name for fact in fields(SeatFacts))


class Choice(NamedTuple):
    """Who receives the record, and why; no seat means the pool.

    `served` and `worth` are what the chosen one counts as having had, levelled with the others, before this record.
    """

    seat_id: int | None
    strategy: str
    candidates: tuple[int, ...] = ()
    skipped: Mapping[int, Skip] = MappingProxyType({})
    served: int = 0
    worth: int = 0

    @property
    def is_full(self) -> bool:
        """Nobody received it, and those who could have got it have no room."""
        return self.seat_id is None and not self.candidates and not NO_ROOM.isdisjoint(self.skipped.values())

    def as_json(self) -> dict[str, object]:
        """The reasons as they are kept with the assignment."""
        return {
            "strategy": self.strategy,
            "seat": self.seat_id,
            "candidates": list(self.candidates),
            "skipped": {str(seat_id): skip.value for seat_id, skip in self.skipped.items()},
        }


Strategy = Callable[[Sequence[Candidate], Case], Candidate | None]


def round_robin(candidates: Sequence[Candidate], case: Case = NO_CASE) -> Candidate | None:
    """Whoever has had the fewest; among those, whoever has waited longest."""
    return _least(candidates, [(c.served, c.turn) for c in candidates], case)


def least_loaded(candidates: Sequence[Candidate], case: Case = NO_CASE) -> Candidate | None:
    """Whoever has most room, in relation to what they can hold."""
    # Equal loads go round, so that the oldest seat is not always the first to be filled.
    return _least(candidates, [(c.open_items / c.capacity, c.turn) for c in candidates], case)


def weighted(candidates: Sequence[Candidate], case: Case = NO_CASE) -> Candidate | None:
    """Whoever is furthest behind their share; a seat of weight 0 has none."""
    # Half of the next record counts, which spreads a big share over the run (Sainte-Laguë).
    weighty = [c for c in candidates if c.weight]
    return _least(weighty, [((2 * c.served + 1) / c.weight, c.turn) for c in weighty], case)


def expected_value(candidates: Sequence[Candidate], case: Case = NO_CASE) -> Candidate | None:
    """Money by skill: the expected value of what each has received stays in proportion to how often they close well."""
    # What has no amount still is work: it counts as one, so that such records go round too.
    worth = max(case.worth, 1)
    return _least(candidates, [((2 * c.worth + worth) / c.rate, c.turn) for c in candidates], case)


def pool(candidates: Sequence[Candidate], case: Case = NO_CASE) -> Candidate | None:
    """Nobody: people take the next one themselves."""
    return None


STRATEGIES: dict[str, Strategy] = {
    "round_robin": round_robin,
    "least_loaded": least_loaded,
    "weighted": weighted,
    "expected_value": expected_value,
    "pool": pool,
}


@dataclass(frozen=True, slots=True)
class Measure:
    """What a strategy keeps in balance: which count, in proportion to what, and how much one record adds to it."""

    of: Callable[[Candidate], int]
    share: Callable[[Candidate], float]
    unit: Callable[[Sequence[Candidate], Case], float]
    lift: Callable[[SeatFacts, int], SeatFacts]


def _lift_served(seat: SeatFacts, served: int) -> SeatFacts:
    return replace(seat, served=served)


def _lift_worth(seat: SeatFacts, worth: int) -> SeatFacts:
    return replace(seat, worth=worth)


def _usual_worth(candidates: Sequence[Candidate], case: Case) -> float:
    """What a record may well be worth, with room for large ones: four times the average of what was given so far."""
    return 4 * max(case.worth, 1, *(c.worth / (c.served or 1) for c in candidates))


MEASURES = {
    "round_robin": Measure(lambda c: c.served, lambda c: 1, lambda *_: 1, _lift_served),
    "weighted": Measure(lambda c: c.served, lambda c: c.weight or 1, lambda *_: 1, _lift_served),
    "expected_value": Measure(lambda c: c.worth, lambda c: c.rate, _usual_worth, _lift_worth),
}


def narrow(facts: Iterable[SeatFacts], bars: Bars = NO_BARS) -> tuple[tuple[SeatFacts, ...], dict[int, Skip]]:
    """Those who may receive the record, and the reason against each of the others."""
    fit, skipped = [], {}
    for seat in facts:
        skip = seat.skip(bars)
        if skip is None:
            fit.append(seat)
        else:
            skipped[seat.seat_id] = skip
    return tuple(fit), skipped


def level(strategy: str, candidates: Sequence[SeatFacts], case: Case = NO_CASE) -> tuple[SeatFacts, ...]:
    """The same seats, nobody further behind the foremost than the bound: who was away catches up so much and no more."""
    if strategy not in MEASURES or not candidates:
        return tuple(candidates)
    measure = MEASURES[strategy]
    had = [measure.of(c) / measure.share(c) for c in candidates]
    least = max(had) - CATCH_UP * measure.unit(candidates, case)
    if min(had) >= least:
        return tuple(candidates)
    return tuple(
        measure.lift(c, int(least * measure.share(c))) if so_far < least else c
        for c, so_far in zip(candidates, had, strict=True)
    )


def choose(strategy: str, facts: Iterable[SeatFacts], case: Case = NO_CASE, bars: Bars = NO_BARS) -> Choice:
    """Who receives the record by this strategy; an unknown strategy is a `KeyError`."""
    candidates, skipped = narrow(facts, bars)
    chosen = STRATEGIES[strategy](level(strategy, candidates, case), case)
    return Choice(
        seat_id=chosen.seat_id if chosen else None,
        strategy=strategy,
        candidates=tuple(seat.seat_id for seat in candidates),
        skipped=skipped,
        served=chosen.served if chosen else 0,
        worth=chosen.worth if chosen else 0,
    )


def _least(candidates: Sequence[Candidate], keys: Sequence[tuple[float, int]], case: Case) -> Candidate | None:
    """The least by its key; between equals the record decides, so that neither the oldest nor the first in a list is favoured."""
    if not keys:
        return None
    least = min(keys)
    equal = [c for c, k in zip(candidates, keys, strict=True) if k == least]
    return equal[0] if len(equal) == 1 else min(equal, key=lambda c: _lot(case.salt, c.seat_id))


def _lot(salt: int, seat_id: int) -> bytes:
    return blake2b(b"%d:%d" % (salt, seat_id), digest_size=8).digest()
