"""How clients leave the house as a file: asked for, approved where it is much, fetched by one person, and gone."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any
from uuid import UUID

from celery import current_app
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import Sum
from django.http import Http404
from django.utils.translation import gettext as _

from pipeline_crm.access.exporting import approvers, approves, may_export
from pipeline_crm.access.gate import visible
from pipeline_crm.access.identity import act, eyes_of, system_scope
from pipeline_crm.access.sight import read_sight
from pipeline_crm.audit.actions import note
from pipeline_crm.audit.models import Kind
from pipeline_crm.conveyor.errors import Refused
from pipeline_crm.outbox.actions import tell
from pipeline_crm.outbox.models import Notice
from pipeline_crm.sealing import seal
from pipeline_crm.tiers.models import Pipeline
from pipeline_crm.users.models import User

from . import vault
from .making import ask_approvers
from .models import Export
from .orders import MOST_ROWS, Order, is_still_theirs

if TYPE_CHECKING:
    from django.db.models import QuerySet

DAY = timedelta(hours=24)
UNANSWERED = timedelta(hours=72)  # after which nobody need answer any more
MOST_FETCHES = 3
SLOW = timedelta(minutes=30)
MOST_AT_ONCE = 5  # exports of one person that wait, are made or can be fetched


@dataclass(frozen=True)
class Wish:
    """How somebody wants their file, and what for."""

    format: str
    contacts: str
    reason: str
    language: str


def free_rows(pipeline: Pipeline, user: User, *, now: datetime) -> int:
    """How many rows somebody may still export today before a second person has to approve it."""
    taken = Export.objects.filter(pipeline=pipeline, asker=user, approver=None, asked_at__gt=now - DAY)
    ended = (Export.State.REFUSED, Export.State.LAPSED, Export.State.FAILED, Export.State.WAITING)
    # What was withdrawn before anybody fetched it has not left the house.
    left = taken.exclude(state__in=ended).exclude(state=Export.State.OVER, fetches=0)
    return max(0, pipeline.export_rows - (left.aggregate(rows=Sum("rows"))["rows"] or 0))


@act
def ask(order: Order, wish: Wish, *, by: User, now: datetime) -> Export:
    """Asks for a file: made at once up to the day's rows, above them when a second person has approved."""
    pipeline = at_the_counter(by, order.scope.pipeline)
    with eyes_of(by.pk):
        rows = order.count()
    free = free_rows(pipeline, by, now=now)
    refuse_impossible(by, rows)
    is_free = rows <= free and wish.contacts != Export.Contacts.FULL
    if not is_free and not approvers(pipeline, other_than=by.pk):
        raise Refused(
            _(
                "A second person has to approve this, and there is none here. Narrow the filter, leave the contacts out, "
                "or ask an administrator to name somebody who approves."
            )
        )
    export = Export.objects.create(
        state=Export.State.QUEUED if is_free else Export.State.WAITING,
        asker=by,
        pipeline=pipeline,
        stage=order.stage,
        question=seal(json.dumps(order.question)),
        format=wish.format,
        contacts=wish.contacts,
        reason=wish.reason,
        language=wish.language,
        rows=rows,
        free_rows=free,
        asked_at=now,
    )
    note(Kind.EXPORT_ASKED, by=by, pipeline=pipeline.pk, now=now, detail=_told(export, order))
    if is_free:
        transaction.on_commit(ring, robust=True)
    else:
        ask_approvers(export, now=now)
    return export


def _told(export: Export, order: Order) -> dict[str, Any]:
    """What the journal keeps of a wish: which filters were set, never to what."""
    return {
        "export": export.pk,
        "rows": export.rows,
        "contacts": export.contacts,
        "format": export.format,
        "filter": sorted(order.question),
        "needs_approval": export.state == Export.State.WAITING,
    }


def ring() -> None:
    """Wakes a worker; where nobody hears, the clock's next ring will do, or the person's own button."""
    current_app.send_task("pipeline_crm.exchange.tasks.exports", retry=False, ignore_result=True)


def at_the_counter(by: User, pipeline: Pipeline) -> Pipeline:
    """Holds the person's row, so that their wishes are counted one after the other; who has left asks for nothing."""
    if not User.objects.select_for_update(no_key=True).filter(pk=by.pk, is_active=True).exists():
        raise PermissionDenied
    return Pipeline.objects.get(pk=pipeline.pk)


def refuse_impossible(by: User, rows: int) -> None:
    """Raises Refused for a file of nothing, of too much, or one more than somebody may have open."""
    if not rows:
        raise Refused(_("There is nothing here to export. Choose another view or filter."))
    if rows > MOST_ROWS:
        raise Refused(_("One file holds %(most)d rows at most. Narrow the filter.") % {"most": MOST_ROWS})
    if Export.objects.alive().filter(asker=by).count() >= MOST_AT_ONCE:
        raise Refused(
            _("You have %(many)d exports open already. Withdraw one of them, or wait until it is over.")
            % {"many": MOST_AT_ONCE}
        )


# What a second person answers ------------------------------------------------------------------------------------


@act
def approve(key: UUID, *, by: User, words: str, now: datetime) -> Export:
    """A second person lets an export go, with a word about it if they like."""
    export = _to_answer(key, by=by, now=now)
    export.approved_rows = export.rows
    export.approve()
    _answered(export, Kind.EXPORT_APPROVED, by=by, words=words, now=now)
    transaction.on_commit(ring, robust=True)
    return export


@act
def refuse(key: UUID, *, by: User, words: str, now: datetime) -> Export:
    """A second person keeps an export in, and says why."""
    export = _to_answer(key, by=by, now=now)
    export.refuse()
    _answered(export, Kind.EXPORT_REFUSED, by=by, words=words, now=now)
    event = f"export:{export.pk}:refused"
    tell([export.asker_id], kind=Notice.Kind.EXPORT_CLOSED, stage="", record_id=None, event=event, now=now)
    return export


def _answered(export: Export, kind: Kind, *, by: User, words: str, now: datetime) -> None:
    export.approver, export.answer, export.answered_at = by, words, now
    export.save()
    detail = {"export": export.pk, "rows": export.rows, "contacts": export.contacts}
    note(kind, by=by, about=export.asker_id, pipeline=export.pipeline_id, now=now, detail=detail)


def _to_answer(key: UUID, *, by: User, now: datetime) -> Export:
    """An export that waits for an answer of this person; never their own, nor of somebody who has left."""
    by.__dict__["sight"] = sight = read_sight(by)
    export = _held(visible(by, Export.objects.filter(key=key)))
    if export.asker_id == by.pk or not approves(sight, export.pipeline_id):
        raise Refused(_("A second person has to answer this: you asked for it yourself."))
    if export.state != Export.State.WAITING or export.asked_at <= now - UNANSWERED:
        raise Refused(_("This export does not wait for an answer any more."))
    if not User.objects.filter(pk=export.asker_id, is_active=True).exists():
        raise Refused(_("The person who asked does not work here any more."))
    return export


def _held(rows: QuerySet[Export]) -> Export:
    export = rows.select_for_update(of=("self",)).first()
    if export is None:
        raise Http404
    return export


# What the person does with it ------------------------------------------------------------------------------------


@act
def withdraw(key: UUID, *, by: User, now: datetime) -> Export:
    """The person who asked does not want it any more; the file goes at once."""
    export = _held(Export.objects.filter(key=key, asker=by))
    if export.state not in (Export.State.WAITING, Export.State.QUEUED, Export.State.READY):
        raise Refused(_("This export is over already."))
    _end(export, Export.Why.WITHDRAWN)
    detail = {"export": export.pk, "why": export.why}
    note(Kind.EXPORT_OVER, by=by, pipeline=export.pipeline_id, now=now, detail=detail)
    return export


def _end(export: Export, why: str) -> None:
    vault.empty(export)
    export.end(why)
    export.save()


@dataclass(frozen=True)
class Fetched:
    """The export as it is after somebody came for its file; without a sentence the file is theirs."""

    export: Export
    sentence: str = ""


@act
def fetch(key: UUID, *, by: User, now: datetime) -> Fetched:
    """The person comes for their file: everything is asked anew, and what has changed is told in a sentence.

    Another person's export and none at all give the same 404.
    """
    export = _held(Export.objects.filter(key=key, asker=by).select_related("pipeline"))
    by.__dict__["sight"] = sight = read_sight(by)
    if export.state != Export.State.READY or export.expires_at is None:
        raise Refused(_("There is no file to fetch: it is not made yet, or it is deleted already."))
    if now >= export.expires_at:
        return _denied(export, Export.Why.TIME, by=by, now=now)
    if export.fetches >= MOST_FETCHES:
        return _denied(export, Export.Why.USED, by=by, now=now)
    if not may_export(sight, export.pipeline_id, export.stage):
        return _denied(export, Export.Why.RIGHT, by=by, now=now)
    with eyes_of(by.pk):
        is_theirs = is_still_theirs(export, user=by)
    if not is_theirs:
        return _made_anew(export, by=by, now=now)
    export.fetches, export.fetched_at = export.fetches + 1, now
    export.save(update_fields=["fetches", "fetched_at"])
    detail = {"export": export.pk, "rows": export.rows, "contacts": export.contacts, "time": export.fetches}
    note(Kind.EXPORT_FETCHED, by=by, pipeline=export.pipeline_id, now=now, detail=detail)
    return Fetched(export)


def _denied(export: Export, why: Export.Why, *, by: User, now: datetime) -> Fetched:
    _end(export, why)
    detail = {"export": export.pk, "why": why.value}
    note(Kind.DENIED, by=by, pipeline=export.pipeline_id, now=now, detail=detail)
    return Fetched(export, str(why.label))


def _made_anew(export: Export, *, by: User, now: datetime) -> Fetched:
    vault.empty(export)
    export.make_anew()
    export.save()
    detail = {"export": export.pk, "why": "changed"}
    note(Kind.DENIED, by=by, pipeline=export.pipeline_id, now=now, detail=detail)
    transaction.on_commit(ring, robust=True)
    return Fetched(
        export, _("Since the file was made, clients in it have gone to others. It is being made anew without them.")
    )


# What the hour does ----------------------------------------------------------------------------------------------


def clear(*, now: datetime) -> int:
    """Ends what nobody answered or fetched in time; returns how many. May run twice, at once, or be killed."""
    late = Export.objects.waiting().filter(asked_at__lte=now - UNANSWERED)
    over = Export.objects.filter(state=Export.State.READY, expires_at__lte=now)
    # Whoever fetches for the last time may have a slow line.
    used = Export.objects.filter(state=Export.State.READY, fetches__gte=MOST_FETCHES, fetched_at__lte=now - SLOW)
    return _each(late, _lapse, now) + _each(over, _run_out, now) + _each(used, _used_up, now)


def _each(rows: QuerySet[Export], ending: Callable[[Export, datetime], None], now: datetime) -> int:
    done = 0
    with system_scope("the clock looks at everybody's exports"):
        found = list(rows.values_list("pk", flat=True))
    for pk in found:
        with system_scope("what is over is ended by the clock"):
            export = rows.select_for_update(of=("self",), skip_locked=True).filter(pk=pk).first()
            if export is not None:
                ending(export, now)
                done += 1
    return done


def _lapse(export: Export, now: datetime) -> None:
    export.lapse()
    export.save()
    event = f"export:{export.pk}:lapsed"
    tell([export.asker_id], kind=Notice.Kind.EXPORT_CLOSED, stage="", record_id=None, event=event, now=now)


def _run_out(export: Export, now: datetime) -> None:
    _end(export, Export.Why.TIME)


def _used_up(export: Export, now: datetime) -> None:
    _end(export, Export.Why.USED)
