"""How long the owner of a record has worked it on a step before; what it slept does not count."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import timedelta
from itertools import groupby
from operator import itemgetter
from typing import Any

from pipeline_crm.tiers.models import Step
from pipeline_crm.timeline.models import Movement

from .records import ConveyorItem

_MOVES = ("record_id", "at", "to_step_id", "from_seat_id", "to_seat_id", "from_state", "to_state")


def spent_on(step: Step, item: ConveyorItem) -> int:
    """The working minutes that the same owner has spent on a step before.

    They count again, for otherwise who steps to and fro, or parks, would never run out of time.
    """
    return spent_by_record([(item, step)])[item.pk]


def spent_by_record(asked: Sequence[tuple[ConveyorItem, Step]]) -> dict[int, int]:
    """The same for many records of one stage, by their numbers."""
    spent = {item.pk: 0 for item, _step in asked}
    if not asked:
        return spent
    by_record = {item.pk: (item, step) for item, step in asked}
    moves = Movement.objects.filter(stage=asked[0][0].stage, record_id__in=by_record)
    rows = moves.order_by("record_id", "version").values(*_MOVES)
    for pk, of_one in groupby(rows, key=itemgetter("record_id")):
        spent[pk] = _add_up(*by_record[pk], of_one)
    return spent


def _add_up(item: ConveyorItem, step: Step, moves: Iterable[dict[str, Any]]) -> int:
    calendar, came, spent = item.pipeline.calendar, None, timedelta(0)
    for move in moves:
        if _begins_anew(item, move):
            came, spent = None, timedelta(0)
        if came is not None:
            spent += calendar.between(came, move["at"])
        works = move["to_step_id"] == step.pk and move["to_state"] != "parked"
        came = move["at"] if works else None
    return int(spent / timedelta(minutes=1))


def _begins_anew(item: ConveyorItem, move: dict[str, Any]) -> bool:
    """Another owner, or the same one who accepts the record or has it opened again."""
    worked = move["from_state"] in item.OPEN and move["from_state"] != "offered"
    return move["from_seat_id"] != move["to_seat_id"] or not worked
