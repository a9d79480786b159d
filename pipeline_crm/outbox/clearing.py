"""Old notices go: what a person has read, or never wanted to hear of, is kept for a quarter of a year. So are mails.

A record that still waits for the same thing after that is told of anew, which is a word in season.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Exists, OuterRef, Q, QuerySet

from .models import Delivery, Mail, Notice

KEPT = timedelta(days=90)
LOT = 1_000  # notices that one transaction deletes
LOTS = 500  # as many as one ring does; the next ring begins anew at the oldest


def clear_old(*, now: datetime) -> int:
    """Deletes notices that nobody needs any more, lot by lot; returns how many. May run twice, at once, or be killed."""
    cleared, after = 0, 0
    for _lot in range(LOTS):
        last, gone = _clear_lot(after, before=now - KEPT)
        cleared += gone
        if last is None:
            break
        after = last
    return cleared


@transaction.atomic
def _clear_lot(after: int, *, before: datetime) -> tuple[int | None, int]:
    """Deletes the next lot by number of what may go; the last one's number if there may be more, and how many went."""
    heard = Q(read_at__isnull=False) | Q(is_muted=True) | Q(user__is_active=False)
    rows = Notice.objects.filter(heard, ~Exists(_on_its_way()), at__lt=before, pk__gt=after).order_by("pk")
    done = list(rows.select_for_update(of=("self",), skip_locked=True).values_list("pk", flat=True)[:LOT])
    Notice.objects.filter(pk__in=done).delete()
    return (done[-1] if len(done) == LOT else None), len(done)


def _on_its_way() -> QuerySet[Delivery]:
    """What is still to be mailed of a notice: its mail is not made yet, or not sent."""
    return Delivery.objects.filter(Q(mail=None) | Q(mail__due_at__isnull=False), notice=OuterRef("pk"))


def clear_mails(*, now: datetime) -> int:
    """Deletes mails that went out long ago, or that nobody was left to read; returns how many. May run twice, at once."""
    cleared = 0
    for _lot in range(LOTS):
        gone = _clear_mail_lot(before=now - KEPT)
        cleared += gone
        if gone < LOT:
            break
    return cleared


@transaction.atomic
def _clear_mail_lot(*, before: datetime) -> int:
    rows = Mail.objects.filter(due_at=None, made_at__lt=before).order_by("pk")
    done = list(rows.select_for_update(skip_locked=True).values_list("pk", flat=True)[:LOT])
    # A delivery is made with its notice and never later, so none of these comes again.
    Delivery.objects.filter(mail__in=done).delete()
    Mail.objects.filter(pk__in=done).delete()
    return len(done)
