from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from .models import Notice


def tell(users: Iterable[int], *, kind: Notice.Kind, stage: str, record_id: int, event: str, now: datetime) -> None:
    """Puts a notice into the outbox of each person, once per event, in the transaction of the fact itself."""
    Notice.objects.bulk_create(
        [
            Notice(user_id=user, kind=kind, stage=stage, record_id=record_id, event=event, at=now)
            for user in sorted(set(users))
        ],
        ignore_conflicts=True,
    )


def read_all(*, of: int, now: datetime) -> int:
    """Marks every unread notice of a person as read; returns how many there were."""
    return Notice.objects.filter(user_id=of, read_at=None).update(read_at=now)
