"""Who receives the next record: pure choices on frozen facts.

The caller reads the facts under a lock and writes the answer down; nothing here reads or
remembers. To add a strategy, write one function and one line in `STRATEGIES`.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _


class Skip(TextChoices):
    """Why a seat could not receive this record."""

    INACTIVE = "inactive", _("no longer works here")
    CLOSED = "closed", _("takes nothing new")
    ABSENT = "absent", _("is away")
    OFF_SHIFT = "off_shift", _("is off shift")
    COOL_DOWN = "cool_down", _("let this record lie before")
    FULL = "full", _("has no room")


@dataclass(frozen=True, slots=True)
class Candidate:
    """A seat that may receive the record.

    `turn` is the serial number of its last assignment (0: none yet), `served` the number of
    records assigned to it so far in this epoch, `weight` its share in relation to the others.
    """

    seat_id: int
    open_items: int
    capacity: int
    weight: int = 1
    turn: int = 0
    served: int = 0


@dataclass(frozen=True, slots=True)
class SeatFacts(Candidate):
    """A seat as it stands now; `barred` when this record may not come back to it."""

    is_open: bool = True
    is_active: bool = True
    absent: bool = False
    barred: bool = False
    off_shift: bool = False

    @property
    def skip(self) -> Skip | None:
        """The first reason, from the lasting to the passing, to pass over this seat."""
        reasons = {
            Skip.INACTIVE: not self.is_active,
            Skip.CLOSED: not self.is_open,
            Skip.ABSENT: self.absent,
            Skip.OFF_SHIFT: self.off_shift,
            Skip.COOL_DOWN: self.barred,
            Skip.FULL: self.open_items >= self.capacity,
        }
        return next((reason for reason, holds in reasons.items() if holds), None)


@dataclass(frozen=True, slots=True)
class Choice:
    """Who receives the record, and why; no seat means the pool."""

    seat_id: int | None
    strategy: str
    candidates: tuple[int, ...] = ()
    skipped: Mapping[int, Skip] = field(default_factory=dict)

    def as_json(self) -> dict[str, object]:
        """The reasons as they are kept with the assignment."""
        return {
            "strategy": self.strategy,
            "seat": self.seat_id,
            "candidates": list(self.candidates),
            "skipped": {str(seat_id): skip.value for seat_id, skip in self.skipped.items()},
        }


Strategy = Callable[[Sequence[Candidate]], Candidate | None]


def round_robin(candidates: Sequence[Candidate]) -> Candidate | None:
    """Whoever has waited longest for a record."""
    return min(candidates, key=lambda c: (c.turn, c.seat_id), default=None)


def least_loaded(candidates: Sequence[Candidate]) -> Candidate | None:
    """Whoever has most room, in relation to what they can hold."""
    # Ties go round, so that the oldest seat is not always the first to be filled.
    return min(candidates, key=lambda c: (_load(c), c.turn, c.seat_id), default=None)


def weighted(candidates: Sequence[Candidate]) -> Candidate | None:
    """Whoever is furthest behind their share; a seat of weight 0 has none."""
    sharing = [c for c in candidates if c.weight > 0]
    return min(sharing, key=lambda c: (_share_after_next(c), c.turn, c.seat_id), default=None)


def pool(candidates: Sequence[Candidate]) -> Candidate | None:
    """Nobody: people take the next one themselves."""
    return None


STRATEGIES: dict[str, Strategy] = {
    "round_robin": round_robin,
    "least_loaded": least_loaded,
    "weighted": weighted,
    "pool": pool,
}


def narrow(facts: Iterable[SeatFacts]) -> tuple[tuple[SeatFacts, ...], dict[int, Skip]]:
    """Those who may receive the record, and the reason against each of the others."""
    facts = sorted(facts, key=lambda seat: seat.seat_id)
    skipped = {seat.seat_id: skip for seat in facts if (skip := seat.skip)}
    return tuple(seat for seat in facts if seat.seat_id not in skipped), skipped


def choose(strategy: str, facts: Iterable[SeatFacts]) -> Choice:
    """Who receives the record by this strategy; an unknown strategy is a `KeyError`."""
    candidates, skipped = narrow(facts)
    chosen = STRATEGIES[strategy](candidates)
    return Choice(
        seat_id=chosen.seat_id if chosen else None,
        strategy=strategy,
        candidates=tuple(seat.seat_id for seat in candidates),
        skipped=skipped,
    )


def _load(candidate: Candidate) -> Fraction:
    return Fraction(candidate.open_items, candidate.capacity)


def _share_after_next(candidate: Candidate) -> Fraction:
    """Half of the next record counts, which spreads a big share over the run (Sainte-Laguë)."""
    return Fraction(2 * candidate.served + 1, candidate.weight)
