"""Contacts get new seals and new marks when the keys change, lot by lot and while people work.

Whoever writes a contact locks it by its marks under every key and looks for it under every key, so none is taken in twice
while some lie under the one key and some under the other. Killed at any moment, the next run goes on with what is left.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field

from cryptography.fernet import InvalidToken
from django.db import IntegrityError, transaction

from pipeline_crm import sealing
from pipeline_crm.bulk import update_rows

from .models import ContactPoint

LOT = 500


@dataclass
class Rotation:
    """What a run has done: how many lie under the newest key now, and which could not be brought there."""

    done: int = 0
    locked: list[int] = field(default_factory=list)  # no key of ours opens them
    twice: list[int] = field(default_factory=list)  # somebody else has the same contact under the newest key already


def rotate_points(within: Callable[[], AbstractContextManager[None]] = nullcontext) -> Rotation:
    """Seals and marks every contact with the newest key, each lot `within` what lets the database show it.

    May run twice, at once, or be killed.
    """
    run = Rotation()
    after: int | None = 0
    while after is not None:
        with within():
            after = _rotate_lot(run, after)
    return run


def older_points() -> int:
    """How many contacts do not lie under the newest key."""
    return ContactPoint.objects.exclude(key=sealing.newest_key()).count()


@transaction.atomic
def _rotate_lot(run: Rotation, after: int) -> int | None:
    """The next lot by number; the number of its last one, None when there was nothing more."""
    older = ContactPoint.objects.exclude(key=sealing.newest_key()).filter(pk__gt=after).order_by("pk")
    lot = list(older.select_for_update(no_key=True)[:LOT])
    opened = [point for point in lot if _renew(point, run)]
    try:
        with transaction.atomic():
            _write(opened)
        run.done += len(opened)
    except IntegrityError:
        _write_one_by_one(opened, run)
    return lot[-1].pk if lot else None


def _renew(point: ContactPoint, run: Rotation) -> bool:
    try:
        value = point.opened()
    except InvalidToken:
        run.locked.append(point.pk)
        return False
    point.sealed = sealing.reseal(point.sealed)
    point.mark_by(value)
    return True


def _write_one_by_one(points: Sequence[ContactPoint], run: Rotation) -> None:
    for point in points:
        try:
            with transaction.atomic():
                _write([point])
            run.done += 1
        except IntegrityError:
            run.twice.append(point.pk)


def _write(points: Sequence[ContactPoint]) -> None:
    update_rows(points, ["sealed", "mark", "end_mark", "key"])
