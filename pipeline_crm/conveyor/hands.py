"""Through whose hands a client went, and how long each had them: read from the movements."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import NamedTuple

from pipeline_crm.tiers.setup import SetUp
from pipeline_crm.tiers.stages import Stage
from pipeline_crm.timeline.models import Movement
from pipeline_crm.timeline.reading import of_trail

from .records import BELT


class Step(NamedTuple):
    """What a movement tells of the hands: where it left the record, and with whom."""

    stage: str
    record_id: int
    at: datetime
    state: str
    seat_id: int | None
    first: str
    last: str
    username: str

    @property
    def holder(self) -> int | None:
        """Who works the record from here on: nobody while it is only offered, in the pool or closed."""
        return self.seat_id if self.state in BELT[Stage(self.stage)].OPEN and self.state != "offered" else None

    @property
    def name(self) -> str:
        return f"{self.first} {self.last}".strip() or self.username


@dataclass(frozen=True)
class Spell:
    """All the time that one person had the client at one stage."""

    stage: Stage
    seat_id: int
    name: str
    seconds: float
    last_at: datetime
    is_now: bool


class Stay(NamedTuple):
    """How long the client was at a stage, and who had them last."""

    seconds: float
    name: str


def walk(trail: Mapping[Stage, list[int]], house: SetUp) -> list[Step]:
    """The movements of the records in the order in which each record moved."""
    return walked(Movement.objects.filter(of_trail(trail)), house)


def walked(moves: Iterable[Movement], house: SetUp) -> list[Step]:
    """The same out of movements that were read already; names come out of memory."""
    steps = []
    for move in sorted(moves, key=lambda each: (each.stage, each.record_id, each.version)):
        seat = house.seats.get(move.to_seat_id or 0)
        first, last, username = (
            (seat.user.first_name, seat.user.last_name, seat.user.username) if seat else ("", "", "")
        )
        steps.append(Step(move.stage, move.record_id, move.at, move.to_state, move.to_seat_id, first, last, username))
    return steps


def spells(steps: Iterable[Step], *, now: datetime) -> list[Spell]:
    """Who has had the client, the latest first."""
    had: dict[tuple[str, int], Spell] = {}
    for step, until in _with_ends(list(steps)):
        if step.holder is None:
            continue
        key = (step.stage, step.holder)
        before = had[key].seconds if key in had else 0
        end = until or now
        had[key] = Spell(
            stage=Stage(step.stage),
            seat_id=step.holder,
            name=step.name,
            seconds=before + (end - step.at) / timedelta(seconds=1),
            last_at=end,
            is_now=until is None,
        )
    return sorted(had.values(), key=lambda spell: (spell.is_now, spell.last_at, spell.stage.rank), reverse=True)


def stays(steps: Iterable[Step], *, now: datetime) -> dict[Stage, Stay]:
    """For each stage, how long the latest record stood there and whose hands it left."""
    stay: dict[Stage, Stay] = {}
    began: dict[tuple[str, int], datetime] = {}
    for step, until in _with_ends(list(steps)):
        start = began.setdefault((step.stage, step.record_id), step.at)
        stage, is_open = Stage(step.stage), step.state in BELT[Stage(step.stage)].OPEN
        end = (until or now) if is_open else step.at
        earlier = stay[stage].name if stage in stay else ""
        stay[stage] = Stay((end - start) / timedelta(seconds=1), step.name if step.holder else earlier)
    return stay


def _with_ends(steps: list[Step]) -> Iterable[tuple[Step, datetime | None]]:
    """Each movement with the moment of the record's next one; None for the last."""
    # Between two questions of a page the record may have left its reader's sight, and its history with it.
    for step, after in zip(steps, [*steps[1:], None], strict=False):
        follows = after is not None and (after.stage, after.record_id) == (step.stage, step.record_id)
        yield step, after.at if follows and after is not None else None
