"""Notices by e-mail: what is in a mail is written down first, then it is sent; each step is whole or absent.

Whoever rings may ring twice, late, or at once with others: a digest and a mail are taken by one worker at a time. A worker
that dies after the mail server took a mail and before that was written down leads to a second try, which is the same message
with the same Message-ID, so that the reader's mailbox shows it once.
"""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime, time, timedelta, tzinfo

from django.db import transaction
from django.db.models import QuerySet

from pipeline_crm.tiers.models import Seat

from .letters import letter_of
from .models import Channel, Delivery, Digest, Mail

LOT = 100  # as many as one ring does; the next ring goes on
PATIENCE = 3  # after so many failures in a ring the mail server is left in peace until the next one
FIRST_WAIT = timedelta(minutes=1)
LONGEST_WAIT = timedelta(hours=6)

log = logging.getLogger(__name__)


def ring(*, now: datetime) -> Counter[str]:
    """Makes the mails whose hour has come and sends those that are due; returns what was done how often."""
    done: Counter[str] = Counter()
    for step in (make_one, send_one):
        _repeat(step, done, now)
    return done


def _repeat(step: Callable[..., str | None], done: Counter[str], now: datetime) -> None:
    for _each in range(LOT):
        what = step(now=now)
        if what is None:
            return
        done[what] += 1
        if done["put_off"] >= PATIENCE:
            return


@transaction.atomic
def make_one(*, now: datetime) -> str | None:
    """Writes down what goes into the next person's mail and when their next one is due; None when nobody's hour has come."""
    digest = (
        Digest.objects.select_for_update(skip_locked=True, of=("self",))
        .select_related("user", "pipeline")
        .filter(due_at__lte=now)
        .order_by("due_at", "user_id")
        .first()
    )
    if digest is None:
        return None
    digest.due_at = next_due(digest, now=now)
    digest.save(update_fields=["due_at"])
    waiting = waiting_for(digest.user_id)
    if not (digest.user.is_active and digest.user.email):
        waiting.delete()
        return "nobody"
    # While an earlier mail is still on its way, what is new waits for the next one: nobody gets ten after a bad day.
    if not waiting.exists() or Mail.objects.filter(user=digest.user_id, due_at__isnull=False).exists():
        return "nothing"
    waiting.update(mail=Mail.objects.create(user=digest.user, made_at=now, due_at=now))
    return "made"


@transaction.atomic
def send_one(*, now: datetime) -> str | None:
    """Sends the mail that has been due longest and writes that down with it; None when none is due."""
    mail = (
        Mail.objects.select_for_update(skip_locked=True, of=("self",))
        .select_related("user")
        .filter(due_at__lte=now)
        .order_by("due_at", "id")
        .first()
    )
    if mail is None:
        return None
    mail.due_at, done = None, "nobody"
    if mail.user.is_active and mail.user.email:
        try:
            letter_of(mail).send()
            mail.sent_at, done = now, "sent"
        # Whatever is wrong with one mail, the others must not wait for it.
        except Exception:
            log.exception("Mail %s was not sent and is tried again.", mail.pk)
            mail.tries, done = mail.tries + 1, "put_off"
            mail.due_at = now + wait_after(mail.tries)
    mail.save(update_fields=["due_at", "sent_at", "tries"])
    return done


def waiting_for(user_id: int) -> QuerySet[Delivery]:
    """What a person is yet to get by e-mail."""
    return Delivery.objects.filter(notice__user=user_id, channel=Channel.EMAIL, mail=None)


def wait_after(tries: int) -> timedelta:
    """How long to wait after so many failures: twice as long each time, up to six hours."""
    return min(FIRST_WAIT * 2 ** min(tries - 1, 20), LONGEST_WAIT)


def zone_of(digest: Digest) -> tzinfo:
    """The time zone a person's hour is read in: of their first desk, else of the pipeline they chose it in."""
    seat = Seat.objects.open().filter(user=digest.user_id).select_related("tier__pipeline").order_by("id").first()
    pipeline = seat.tier.pipeline if seat else digest.pipeline
    return pipeline.zone if pipeline else UTC


def next_due(digest: Digest, *, now: datetime) -> datetime | None:
    """When the next mail is made; None for a person who wants none."""
    if digest.rhythm == Digest.Rhythm.NEVER:
        return None
    return next_hour(digest.hour if digest.rhythm == Digest.Rhythm.DAILY else None, zone_of(digest), now=now)


def next_hour(hour: int | None, zone: tzinfo, *, now: datetime) -> datetime:
    """The next time the clock on the wall shows this hour, or any full one when none is named; once on every date.

    An hour that the clocks skip comes when they have skipped it; of one that they show twice, it is the first.
    """
    shown = now.astimezone(zone)
    if hour is None:
        return now.astimezone(UTC).replace(second=0, microsecond=0) + timedelta(minutes=60 - shown.minute)
    dates = (shown.date() + timedelta(days=days) for days in range(3))
    hours = (datetime.combine(date, time(hour), zone).astimezone(UTC) for date in dates)
    return next(at for at in hours if at > now)
