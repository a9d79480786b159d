"""How a client's data come to be erased: asked for by a head of sales, stopped while there is time, done in one transaction.

All of an erasure happens in one transaction, so whatever dies in the middle leaves the client as they were, and the next ring
begins anew; a second worker passes over what the first has in hand.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import TYPE_CHECKING
from uuid import UUID

from celery import current_app
from django.db import connection, transaction
from django.http import Http404
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from pipeline_crm.access.exporting import heads
from pipeline_crm.access.gate import visible
from pipeline_crm.access.identity import act, system_scope
from pipeline_crm.access.policy import Act, Relation, may_do
from pipeline_crm.access.sight import read_sight, sight_of
from pipeline_crm.audit.actions import note
from pipeline_crm.audit.models import Kind
from pipeline_crm.clients.models import Client
from pipeline_crm.clients.suppression import suppress
from pipeline_crm.conveyor.clocks import wind
from pipeline_crm.conveyor.errors import Refused
from pipeline_crm.conveyor.moves import hold
from pipeline_crm.conveyor.records import BELT, ConveyorItem
from pipeline_crm.conveyor.writing import update
from pipeline_crm.outbox.actions import tell
from pipeline_crm.outbox.models import Notice
from pipeline_crm.sealing import mark
from pipeline_crm.tiers.actions import appointed
from pipeline_crm.tiers.models import Pipeline
from pipeline_crm.tiers.setup import setup

from .models import Erasure
from .outside import tell_outside
from .removing import Words, remove_exports, remove_flashes, words_of

if TYPE_CHECKING:
    from pipeline_crm.users.models import User

WAITS = timedelta(hours=24)  # in which another head, or the same, may stop it
MARKED = "erased client"


def refuse_stranger(item: ConveyorItem, by: User) -> None:
    """Raises 404 for whoever is not the head of sales of the record's pipeline; broken glass is not enough."""
    relations = [Relation.HEADED] if heads(sight_of(by), item.pipeline_id) else []
    if not may_do(Act.ANSWER, "pipeline", relations):
        raise Http404


@act
def ask(
    model: type[ConveyorItem],
    pk: int,
    *,
    basis: str,
    by: User,
    now: datetime,
    no_contact: bool = False,
    although_open: bool = False,
) -> Erasure:
    """A head of sales takes a client's wish to be erased: it runs in a day, unless a head of a pipeline stops it."""
    item = hold(model, pk, by=by, now=now)
    refuse_stranger(item, by)
    client = Client.objects.select_for_update(no_key=True).get(pk=item.client_id)
    open_records = _open_records(client, although_open=although_open)
    erasure = Erasure.objects.create(
        client=client,
        pipelines=pipelines_of(client.pk),
        pipeline_id=item.pipeline_id,
        mark=mark(MARKED, str(client.pk)),
        basis=basis,
        no_contact=no_contact,
        open_records=open_records,
        by=by,
        asked_at=now,
        runs_at=now + WAITS,
    )
    _note(erasure, "asked", by=by, now=now)
    _tell_heads(erasure, Notice.Kind.ERASURE_ASKED, now=now)
    return erasure


def _open_records(client: Client, *, although_open: bool) -> int:
    """How many records of a client are worked still; raises Refused where that, or an earlier wish, stands in the way."""
    if client.erased_at is not None:
        raise Refused(_("The data of this client are erased already."))
    if Erasure.objects.filter(client=client, state=Erasure.State.ASKED).exists():
        raise Refused(_("The erasure of this client is asked for already."))
    open_records = sum(model.objects.open().filter(client=client).count() for model in BELT.values())
    if open_records and not although_open:
        words = ngettext(
            "%(n)d record of this client is open still. Say that the data go although somebody works it.",
            "%(n)d records of this client are open still. Say that the data go although somebody works them.",
            open_records,
        )
        raise Refused(words % {"n": open_records})
    return open_records


def pipelines_of(client_id: int) -> list[int]:
    """The pipelines that know a client."""
    found: set[int] = set()
    for model in BELT.values():
        found |= set(model.objects.filter(client=client_id).values_list("pipeline", flat=True))
    return sorted(found)


@act
def stop(key: UUID, *, by: User, now: datetime) -> Erasure:
    """A head of sales of a pipeline that knows the client keeps the erasure from running."""
    by.__dict__["sight"] = sight = read_sight(by)
    rows = visible(by, Erasure.objects.filter(key=key)).select_for_update(of=("self",))
    erasure = rows.first()
    if erasure is None or not any(heads(sight, pk) for pk in erasure.pipelines):
        raise Http404
    if erasure.state != Erasure.State.ASKED:
        raise Refused(_("It is too late to stop this: it has come to its end."))
    erasure.stop()
    erasure.stopped_at, erasure.stopped_by = now, by
    erasure.save()
    _note(erasure, "stopped", by=by, now=now)
    _tell_heads(erasure, Notice.Kind.ERASURE_DONE, now=now)
    return erasure


# What the hour does ----------------------------------------------------------------------------------------------


def run_due(*, now: datetime) -> int:
    """Runs every erasure whose hour has come; returns how many. May run twice, at once, or be killed."""
    with system_scope("what is to be erased is found by the clock"):
        due = Erasure.objects.filter(state=Erasure.State.ASKED, runs_at__lte=now)
        waiting = list(due.order_by("runs_at").values_list("pk", flat=True))
    done = sum(run(pk, now=now) for pk in waiting)
    tell_outside()
    return done


@act
def run(pk: int, *, now: datetime) -> bool:
    """Erases one client; False when there is nothing to do, or somebody else is at it."""
    waiting = Erasure.objects.filter(pk=pk, state=Erasure.State.ASKED, runs_at__lte=now)
    erasure = waiting.select_for_update(of=("self",), skip_locked=True).first()
    if erasure is None:
        return False
    # In the order that everybody keeps: the records, then their client.
    items = [item for model in BELT.values() for item in _locked(model, erasure.client_id)]
    client = Client.objects.select_for_update().get(pk=erasure.client_id)
    words = words_of(client)
    if erasure.no_contact:
        suppress(words.points, now=now)
    _bar(items, now=now)
    erasure.begin()
    erasure.save(update_fields=["state"])
    erasure.removed = _removed(erasure, items, words)
    erasure.finish()
    erasure.done_at = max(now, erasure.runs_at)
    erasure.save(update_fields=["state", "done_at", "removed"])
    _note(erasure, "done", by=erasure.by, now=now)
    _tell_heads(erasure, Notice.Kind.ERASURE_DONE, now=now)
    transaction.on_commit(tell_outside, robust=True)
    return True


def _locked(model: type[ConveyorItem], client_id: int) -> list[ConveyorItem]:
    rows = model.objects.filter(client=client_id).order_by("pk").select_for_update(of=("self",))
    return setup().attach(list(rows.select_related("client")))


def _bar(items: Iterable[ConveyorItem], *, now: datetime) -> None:
    """Nobody works what is left: its clock stops, and out of a pool nobody takes it."""
    for item in items:
        item.barred = True
        item.awaits_lead = item.awaits_lead or (item.is_open and item.seat_id is None)
        wind(item)
        update(item)


def _removed(erasure: Erasure, items: Iterable[ConveyorItem], words: Words) -> dict[str, int]:
    """Removes everything, and counts it by table."""
    files, questions = remove_exports(items, words)
    flashes = remove_flashes()
    with connection.cursor() as cursor:
        cursor.execute("SELECT crm_erase(%s, %s)::text", [erasure.pk, [word.lower() for word in words.told]])
        counted: dict[str, int] = json.loads(cursor.fetchone()[0])
    counted |= {"exchange_exportpart": files, "django_session": flashes}
    counted["exchange_export"] = counted.get("exchange_export", 0) + questions
    return {table: n for table, n in sorted(counted.items()) if n}


def _note(erasure: Erasure, what: str, *, by: User | None, now: datetime) -> None:
    note(
        Kind.ERASED,
        by=by,
        now=now,
        pipeline=erasure.pipeline_id,
        client=erasure.client_id,
        detail={"act": what, "erasure": erasure.pk, "basis": erasure.basis},
    )


def _tell_heads(erasure: Erasure, kind: Notice.Kind, *, now: datetime) -> None:
    pipelines = Pipeline.objects.filter(pk__in=erasure.pipelines)
    people = {person for home in pipelines for person in appointed(home, "head_pipeline")}
    event = f"erasure:{erasure.pk}:{erasure.state}"
    tell(sorted(people), kind=kind, stage="", record_id=None, event=event, now=now)


def ring() -> None:
    """Wakes a worker; where nobody hears, the clock's next ring will do."""
    current_app.send_task("pipeline_crm.erasure.tasks.erasures", retry=False, ignore_result=True)


@act
def again(client_id: int, *, known_since: datetime, now: datetime) -> Erasure | None:
    """Erases anew whom a backup has brought back; somebody else who has the number since is left alone."""
    client = Client.objects.filter(pk=client_id, created_at=known_since, erased_at=None).first()
    if client is None:
        return None
    alive = Erasure.objects.select_for_update().filter(client=client, state=Erasure.State.ASKED).first()
    if alive is not None and alive.runs_at <= now:
        return alive
    if alive is not None:
        raise Refused(_("The erasure of this client is asked for already."))
    return Erasure.objects.create(
        client=client,
        pipelines=pipelines_of(client.pk),
        mark=mark(MARKED, str(client.pk)),
        basis=Erasure.Basis.AGAIN,
        asked_at=now,
        runs_at=now,
    )
