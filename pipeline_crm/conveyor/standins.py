"""Somebody who stands as the asker does, but is nobody: for them a question is written once, for all who stand alike.

Every number of theirs is below nothing, so none can be mistaken for that of a real row.
"""

from __future__ import annotations

from collections.abc import Collection, Hashable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any

from pipeline_crm.access.sight import Loan, Sight
from pipeline_crm.tiers.models import Pipeline, Seat, Tier
from pipeline_crm.tiers.stages import Stage
from pipeline_crm.users.models import User

from .questions import CURRENCY

PIPELINE, PERSON = -1, -2
SEATS, WORKED, LED, HEADED, STEPS = -1_000, -2_000, -3_000, -4_000, -5_000
LENT = {stage: -6_000 - 1_000 * place for place, stage in enumerate(Stage)}
ALWAYS = datetime.max.replace(tzinfo=UTC)
Shape = tuple[int, ...]


@dataclass(frozen=True)
class StandIn:
    """The stand-in, and whose numbers stand for which of theirs."""

    shape: Hashable
    user: User
    sight: Sight
    pipeline: Pipeline
    numbers: Mapping[Any, Any]

    def seat(self, pk: int) -> int:
        """Which of the stand-in's seats stands for this one."""
        return self._standing(SEATS, pk)

    def tier(self, pk: int) -> int:
        """Which of the stand-in's own tiers stands for this one."""
        return self._standing(WORKED, pk)

    def _standing(self, first: int, pk: int) -> int:
        return next(
            number
            for number, real in self.numbers.items()
            if real == pk and isinstance(number, int) and first - 1_000 < number <= first
        )


def stand_in(sight: Sight, pipeline: Pipeline | None = None) -> StandIn:
    """Somebody with as many seats and tiers as the person who asks."""
    kinds: tuple[tuple[int, Collection[int]], ...] = (
        (SEATS, sight.seat_ids),
        (WORKED, sight.worked_ids),
        (LED, sight.led_ids),
        (HEADED, sight.headed_ids),
        *((first, sight.lent[stage]) for stage, first in LENT.items()),
    )
    numbers: dict[Any, Any] = {first - place: pk for first, pks in kinds for place, pk in enumerate(sorted(pks))}
    numbers[PERSON] = sight.user_id
    own: dict[Any, Any] = {PIPELINE: pipeline.pk, CURRENCY: pipeline.currency} if pipeline else {}
    shape: Any = tuple(len(pks) for _first, pks in kinds)
    user, nobody = _nobody(shape)
    return StandIn(shape, user, nobody, Pipeline(pk=PIPELINE, currency=CURRENCY), numbers | own)


@lru_cache(maxsize=256)
def _nobody(shape: Shape) -> tuple[User, Sight]:
    seats, worked, led, headed, *lent = shape
    sight = Sight(
        user_id=PERSON,
        seats=tuple(Seat(pk=pk) for pk in _below(SEATS, seats)),
        worked=tuple(Tier(pk=pk) for pk in _below(WORKED, worked)),
        led=tuple(Tier(pk=pk) for pk in _below(LED, led)),
        headed=tuple(Pipeline(pk=pk) for pk in _below(HEADED, headed)),
        loans=tuple(
            Loan(stage, pk, ALWAYS)
            for (stage, first), count in zip(LENT.items(), lent, strict=True)
            for pk in _below(first, count)
        ),
    )
    user = User(pk=PERSON)
    user.__dict__["sight"] = sight
    return user, sight


def _below(first: int, count: int) -> Sequence[int]:
    return range(first, first - count, -1)
