"""What leaves the house: notices, written in the same transaction as the fact they tell of.

Looks down on tiers and users.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import datetime
from typing import NamedTuple

from django.db import connection, transaction

from pipeline_crm.bulk import array_of
from pipeline_crm.tiers.models import Pipeline
from pipeline_crm.users.models import User

from .digests import next_due, waiting_for
from .models import Channel, Digest, Mail, Mute, Notice

# One statement, however many rows: a notice for each, muted where its reader muted the kind, and a delivery by e-mail for
# those that are really new and whose reader wants a digest. An event that was told already changes nothing.
TELL = """
WITH told AS (
    INSERT INTO outbox_notice (user_id, kind, stage, record_id, event, at, is_muted)
    SELECT user_id, kind, stage, record_id, event, %(now)s, EXISTS (
        SELECT FROM outbox_mute m WHERE m.user_id = given.user_id AND m.kind = given.kind AND m.channel = 'bell')
    FROM unnest(%(users)s::bigint[], %(kinds)s::text[], %(stages)s::text[], %(records)s::bigint[], %(events)s::text[])
        AS given (user_id, kind, stage, record_id, event)
    ON CONFLICT (user_id, event) DO NOTHING
    RETURNING id, user_id, kind
), wanted AS (
    INSERT INTO outbox_delivery (notice_id, channel)
    SELECT told.id, 'email'
    FROM told JOIN outbox_digest d ON d.user_id = told.user_id AND d.due_at IS NOT NULL
    WHERE NOT EXISTS (
        SELECT FROM outbox_mute m WHERE m.user_id = told.user_id AND m.kind = told.kind AND m.channel = 'email')
)
SELECT count(*) FROM told
"""


def tell(
    users: Iterable[int], *, kind: Notice.Kind, stage: str, record_id: int | None, event: str, now: datetime
) -> None:
    """Puts a notice into the outbox of each person, once per event, in the transaction of the fact itself."""
    tell_many([(user, kind, stage, record_id, event) for user in users], now=now)


def tell_many(rows: Iterable[tuple[int, str, str, int | None, str]], *, now: datetime) -> int:
    """Puts many notices (user, kind, stage, record, event) into the outbox in one statement; returns how many were new."""
    # In one order for everybody, so that two who tell the same events wait for each other and not in a ring.
    told = sorted({(row[0], row[4]): row for row in rows}.items())
    if not told:
        return 0
    users, kinds, stages, records, events = zip(*(row for _key, row in told), strict=True)
    arrays = {"users": array_of(users, "bigint"), "records": array_of(records, "bigint"), "events": array_of(events)}
    with connection.cursor() as cursor:
        cursor.execute(TELL, arrays | {"now": now, "kinds": array_of(kinds), "stages": array_of(stages)})
        return int(cursor.fetchone()[0])


def read_all(*, of: int, now: datetime) -> int:
    """Marks every unread notice of a person as read; returns how many there were."""
    return Notice.objects.unread_by(of).update(read_at=now)


class Choice(NamedTuple):
    """What a person wants to hear of, and how."""

    rhythm: str
    hour: int
    pipeline: Pipeline | None
    asked: Collection[str]  # the kinds that the person was asked about; of the others nothing changes
    muted: Collection[tuple[str, str]]  # kind and channel


@transaction.atomic
def choose(choice: Choice, *, by: User, now: datetime) -> Digest:
    """Keeps what a person wants to hear of; what they mute is not mailed any more, even if it was waiting."""
    Digest.objects.get_or_create(user=by)
    digest = Digest.objects.select_for_update().get(user=by)
    began = digest.due_at is None
    changed = (digest.rhythm, digest.hour, digest.pipeline) != (choice.rhythm, choice.hour, choice.pipeline)
    digest.rhythm, digest.hour, digest.pipeline = choice.rhythm, choice.hour, choice.pipeline
    if changed:
        digest.due_at = next_due(digest, now=now)
    digest.save()
    _mute(by, choice)
    quiet = [kind for kind, channel in choice.muted if channel == Channel.EMAIL]
    waiting = waiting_for(by.pk)
    if began or digest.due_at is None:
        waiting.delete()
    else:
        waiting.filter(notice__kind__in=quiet).delete()
    if digest.due_at is None:
        _call_back(by)
    return digest


def _mute(by: User, choice: Choice) -> None:
    pairs = sorted({(kind, channel) for kind, channel in choice.muted if kind in choice.asked})
    Mute.objects.filter(user=by, kind__in=choice.asked).delete()
    Mute.objects.bulk_create([Mute(user=by, kind=kind, channel=channel) for kind, channel in pairs])


def _call_back(by: User) -> None:
    """A mail that is not out yet is not sent any more; one that is being sent at this moment is."""
    due = Mail.objects.select_for_update(skip_locked=True).filter(user=by, due_at__isnull=False)
    Mail.objects.filter(pk__in=list(due.values_list("pk", flat=True))).update(due_at=None)
