"""What people want to hear of, and something to tell them."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from pipeline_crm.outbox.actions import Choice, choose, tell
from pipeline_crm.outbox.models import Digest, Notice
from pipeline_crm.tiers.models import Pipeline
from pipeline_crm.users.models import User
from tests.cast import MONDAY


def hears(
    user: User,
    rhythm: str,
    *,
    hour: int = 8,
    pipeline: Pipeline | None = None,
    muted: Iterable[tuple[str, str]] = (),
    now: datetime = MONDAY,
) -> Digest:
    """Makes a person's choice."""
    return choose(Choice(rhythm, hour, pipeline, list(Notice.Kind), list(muted)), by=user, now=now)


def told(user: User, kind: str, event: str, *, now: datetime = MONDAY) -> None:
    """Tells somebody of something."""
    many = kind in Notice.OF_MANY
    tell([user.pk], kind=kind, stage="" if many else "lead", record_id=None if many else 1, event=event, now=now)
