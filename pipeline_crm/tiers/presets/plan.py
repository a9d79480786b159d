"""What a preset is made of; its words become rows of a pipeline, so both languages are kept here, not in gettext."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import time
from decimal import Decimal

from ..models import Reason, Rung, Strategy
from ..stages import Stage, Structure

HOUR = 60
# A working day of nine hours, in the minutes that clocks count.
DAY = 9 * HOUR
WEEK = 5 * DAY


@dataclass(frozen=True, slots=True)
class Words:
    """The same words in the languages of the house."""

    en: str
    ru: str

    def speak(self, language: str) -> str:
        """The words in one language; English where another is not spoken."""
        return self.ru if language.startswith("ru") else self.en


class NoTurn(Words):
    """Words of a reason by which whoever got the record is next in turn again: it was no work, so it was no turn."""

    __slots__ = ()


@dataclass(frozen=True, slots=True)
class StepPlan:
    """A step to draw: how long a record may stay (working minutes) and how likely it is won from there (percent)."""

    name: Words
    limit_minutes: int | None = None
    probability: int = 50


@dataclass(frozen=True, slots=True)
class ProductPlan:
    """A product to draw, with a price in roubles and one for other currencies."""

    name: Words
    roubles: Decimal
    elsewhere: Decimal


@dataclass(frozen=True, slots=True)
class Clocks:
    """Working minutes until a tier is late."""

    answer: int | None = 60
    first_touch: int | None = 2 * HOUR
    silence: int | None = 3 * DAY
    pool: int | None = 2 * HOUR


@dataclass(frozen=True, slots=True)
class DeskPlan:
    """A tier to draw: its name, who receives, its clocks, and whether people choose from the pool themselves."""

    name: Words
    strategy: str = Strategy.LEAST_LOADED
    clocks: Clocks = Clocks()
    cherry_picking: bool = False


@dataclass(frozen=True, slots=True)
class Opening:
    """The hours of some weekdays, Monday being 0."""

    weekdays: tuple[int, ...]
    opens: time
    closes: time


OFFICE_HOURS = (Opening((0, 1, 2, 3, 4), time(9), time(18)),)
REASSIGN_AT_ONCE = ((Rung.Act.REASSIGN, 0),)


@dataclass(frozen=True, slots=True)
class Preset:
    """A whole pipeline on paper, believable for one industry."""

    structure: Structure
    steps: Mapping[Stage, tuple[StepPlan, ...]]
    sources: tuple[Words, ...]
    products: tuple[ProductPlan, ...]
    reasons: Mapping[Reason.Kind, tuple[Words, ...]]
    desks: tuple[DeskPlan, ...] = ()
    hours: tuple[Opening, ...] = OFFICE_HOURS
    ladder: tuple[tuple[str, int], ...] = REASSIGN_AT_ONCE
    cadence_days: int = 30


def step(en: str, ru: str, limit: int | None = None, chance: int = 50) -> StepPlan:
    """A step in one line."""
    return StepPlan(Words(en, ru), limit, chance)


def product(en: str, ru: str, roubles: str, elsewhere: str) -> ProductPlan:
    """A product in one line."""
    return ProductPlan(Words(en, ru), Decimal(roubles), Decimal(elsewhere))


def words(*pairs: tuple[str, str]) -> tuple[Words, ...]:
    """A list of words in both languages."""
    return tuple(Words(en, ru) for en, ru in pairs)


def no_turn(*pairs: tuple[str, str]) -> tuple[Words, ...]:
    """Reasons that give the turn back, in both languages."""
    return tuple(NoTurn(en, ru) for en, ru in pairs)
