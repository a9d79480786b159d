"""What people do with a record at any stage; every page, import and task calls these."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Exists, Model, OuterRef, QuerySet
from django.http import Http404
from django.utils.translation import gettext as _

from pipeline_crm.access.identity import act
from pipeline_crm.access.policy import Act
from pipeline_crm.access.sight import sight_of
from pipeline_crm.clients.models import Client
from pipeline_crm.outbox.actions import tell
from pipeline_crm.outbox.models import Notice
from pipeline_crm.tiers.models import Reason, Seat, Step, Tier
from pipeline_crm.tiers.setup import setup
from pipeline_crm.timeline.models import TOUCHES, Cause, Entry, Movement, Task
from pipeline_crm.users.models import User

from .assignment import (
    LET_GO,
    choose_seat,
    refuse_full,
    refuse_gone,
    refuse_hoarding,
    refuse_picking,
    refuse_resting,
)
from .clocks import wind
from .consent import refuse_barred, refuse_barred_touch
from .errors import Refused, Taken
from .handoff import hand_over, settle
from .moves import hold, hold_for, keep, record, refuse
from .records import ConveyorItem
from .stays import spent_on
from .writing import update


@act
def claim(model: type[ConveyorItem], pk: int, *, by: User, now: datetime) -> ConveyorItem:
    """Somebody takes a record out of the pool; two people never get the same one."""
    item = hold(model, pk, by=by, now=now)
    if not item.in_pool:
        raise Taken(_("This client is no longer in the pool."))
    refuse_picking(item, by=by)
    refuse(item, Act.TAKE, by=by)
    seat = sight_of(by).seat_at(item.tier_id)
    if seat is not None:
        refuse_resting(item, seat, now=now)
    _take(item, by=by, now=now)
    return item


@act
def take_next(model: type[ConveyorItem], tier: Tier, *, by: User, now: datetime) -> ConveyorItem:
    """Somebody takes the most urgent record of a tier's pool, without choosing."""
    seat = sight_of(by).seat_at(tier.pk)
    if seat is None:
        raise Http404
    pool = model.objects.in_pool(tier).exclude(Exists(_let_go_by(seat, model, now)))
    item = pool.most_urgent().select_for_update(of=("self",), skip_locked=True).select_related("client").first()
    if item is None:
        raise Refused(_("The pool is empty: there is nobody waiting now."))
    setup().attach([item])
    _take(item, by=by, now=now)
    return item


def _let_go_by(seat: Seat, model: type[ConveyorItem], now: datetime) -> QuerySet[Movement]:
    """Movements by which a person let a record go so lately that it does not come back to them yet."""
    since = now - timedelta(hours=seat.tier.cool_down_hours)
    return Movement.objects.filter(
        stage=model.stage, record_id=OuterRef("pk"), from_seat=seat, cause__in=LET_GO, at__gt=since
    )


def _take(item: ConveyorItem, *, by: User, now: datetime) -> None:
    refuse_barred(item)
    seat = sight_of(by).seat_at(item.tier_id)
    if seat is None:
        raise Refused(_("You have no open seat at this tier, so you cannot take its clients."))
    refuse_full(seat, now=now)
    refuse_hoarding(seat)
    if item.state == "offered":
        settle(item, seat=seat, by=by, now=now, cause=Cause.CLAIMED)
    else:
        item.hops = 0
        item.give(seat, now=now)
        keep(item, cause=Cause.CLAIMED, by=by, now=now)


@act
def release(model: type[ConveyorItem], pk: int, *, by: User, now: datetime, seen: int | None = None) -> ConveyorItem:
    """The owner puts a record back into the pool; the team lead, one that waited for their decision."""
    item = hold_for(Act.RELEASE, model, pk, by=by, now=now, seen=seen)
    refuse_barred(item)
    if item.in_pool:
        raise Refused(_("This record is in the pool already."))
    item.hops = 0
    if item.awaits_lead:
        # Its place has not changed, so nothing moved; but now it waits for everybody, and from now on.
        item.give(None, now=now)
        wind(item)
        update(item)
        return item
    hand_over(item, None, cause=Cause.RELEASED, by=by, now=now)
    return item


@act
def move_step(
    model: type[ConveyorItem], pk: int, *, step_id: int, by: User, now: datetime, seen: int | None = None
) -> ConveyorItem:
    """Puts a record on another step of its stage."""
    item = hold_for(Act.WORK, model, pk, by=by, now=now, seen=seen)
    step = Step.objects.filter(pipeline=item.pipeline_id, stage=item.stage, pk=step_id).first()
    if step is None:
        raise Refused(_("There is no such step at this stage any more. Reload the page and choose again."))
    if step.pk != item.step_id:
        item.stand(step, now=now, spent=spent_on(step, item))
        keep(item, cause=Cause.STEPPED, by=by, now=now)
    return item


@act
def touch[Item: ConveyorItem](
    model: type[Item],
    pk: int,
    *,
    kind: str,
    by: User,
    now: datetime,
    text: str = "",
    outcome: str = "",
    seen: int | None = None,
) -> Item:
    """Writes down a call, a message or a meeting; this, and no mere edit, turns the clock of silence back."""
    item = hold_for(Act.WORK, model, pk, by=by, now=now, seen=seen)
    refuse_barred_touch(item, kind)
    said = refuse_untold(kind, text, outcome)
    be_touched(item, now=now)
    update(item)
    record(item, kind=kind, by=by, now=now, text=text, outcome=said)
    return item


def refuse_untold(kind: str, text: str, outcome: str) -> str:
    """A touch must say what was said, or how the call ended; returns how it did."""
    if kind not in TOUCHES:
        raise Refused(_("Say what it was: a call, a message or a meeting."))
    if kind == Entry.Kind.CALL and outcome not in Entry.Outcome.values:
        raise Refused(_("Say how the call ended."))
    if kind != Entry.Kind.CALL and not text.strip():
        raise Refused(_("Write what was said: an empty touch does not count."))
    return outcome if kind == Entry.Kind.CALL else ""


def be_touched(item: ConveyorItem, *, now: datetime) -> None:
    """Somebody has spoken with the client, or tried to."""
    item.touched_at, item.hops = now, 0
    if not item.is_parked:
        wind(item)


@act
def note(model: type[ConveyorItem], pk: int, *, text: str, by: User, now: datetime) -> Entry:
    """Writes a note on a record; no clock moves."""
    item = hold_for(Act.NOTE, model, pk, by=by, now=now)
    if not text.strip():
        raise Refused(_("The note is empty: write something first."))
    return record(item, kind=Entry.Kind.NOTE, by=by, now=now, text=text)


@act
def set_task(model: type[ConveyorItem], pk: int, *, title: str, due_at: datetime, by: User, now: datetime) -> Task:
    """Sets something to do for a client; whoever has the client then, has the task."""
    item = hold_for(Act.WORK, model, pk, by=by, now=now)
    if not title.strip():
        raise Refused(_("Say what is to be done."))
    return Task.objects.create(
        client_id=item.client_id,
        pipeline_id=item.pipeline_id,
        stage=item.stage,
        record_id=item.pk,
        title=title.strip(),
        due_at=due_at,
        by=by,
        created_at=now,
    )


@act
def finish_task(model: type[ConveyorItem], pk: int, *, task_id: int, by: User, now: datetime) -> Task:
    """Ticks a task off; ticking it twice is the same as once."""
    item = hold_for(Act.TICK, model, pk, by=by, now=now)
    task = Task.objects.select_for_update().filter(stage=model.stage, record_id=pk, pk=task_id).first()
    if task is None:
        raise Http404
    if task.done_at is None:
        task.done_at, task.done_by = now, by
        task.save(update_fields=["done_at", "done_by"])
        record(item, kind=Entry.Kind.TASK_DONE, by=by, now=now, text=task.title)
    return task


@act
def reassign(
    model: type[ConveyorItem], pk: int, *, to: Seat | None, by: User, now: datetime, seen: int | None = None
) -> ConveyorItem:
    """The team lead moves a record to a seat of the tier; without a seat, the tier's rule chooses."""
    item = hold_for(Act.REASSIGN, model, pk, by=by, now=now, seen=seen)
    refuse_barred(item)
    _move_to(item, to, by=by, now=now, cause=Cause.MOVED_BY_LEAD)
    return item


def _move_to(item: ConveyorItem, to: Seat | None, *, by: User, now: datetime, cause: Cause) -> None:
    old, why = item.seat, {"strategy": "by_hand"}
    if to is None:
        given = choose_seat(item.home, item=item, now=now, barred=[item.seat_id] if item.seat_id else [])
        to, why = given.seat, given.why
    elif to.tier_id != item.tier_id:
        raise Refused(_("This seat cannot receive the record: it is closed, or it is at another tier."))
    else:
        refuse_gone(to)
    item.hops = 0
    if to == old:
        if item.awaits_lead:
            # It lies in the pool for everybody now; its place has not changed, so nothing moved.
            item.awaits_lead = False
            update(item)
        return
    hand_over(item, to, cause=cause, by=by, now=now, why=why)
    if old is not None and old.user_id != by.pk:
        tell(
            [old.user_id],
            kind=Notice.Kind.MOVED_AWAY,
            stage=item.stage,
            record_id=item.pk,
            event=f"{item.stage}:{item.pk}:{item.version}:moved",
            now=now,
        )


@act
def edit[Item: ConveyorItem](
    model: type[Item],
    pk: int,
    *,
    changes: Mapping[str, Any],
    by: User,
    now: datetime,
    client: Mapping[str, Any] | None = None,
    seen: int | None = None,
) -> Item:
    """Changes details of an open record and of its client; no clock moves. What was changed is written down, not the values."""
    item = hold_for(Act.WORK, model, pk, by=by, now=now, seen=seen)
    changed = _change(item, changes)
    changed += _change(Client.objects.select_for_update().get(pk=item.client_id), client or {})
    if changed:
        record(item, kind=Entry.Kind.EDITED, by=by, now=now, details={"fields": changed})
    return item


def _change(row: Model, values: Mapping[str, Any]) -> list[str]:
    changed = [name for name, value in values.items() if getattr(row, name) != value]
    for name in changed:
        setattr(row, name, values[name])
    if changed:
        row.save(update_fields=changed)
    return changed


@act
def inspect(item: ConveyorItem, *, by: User, now: datetime) -> Entry | None:
    """An administrator who works no desk of this client has opened the record: written down once a day."""
    seen = Entry.objects.filter(stage=item.stage, record_id=item.pk, kind=Entry.Kind.INSPECTED, by=by)
    if seen.filter(at__gte=item.pipeline.midnight(now)).exists():
        return None
    return record(item, kind=Entry.Kind.INSPECTED, by=by, now=now)


def refuse_foreign_reason(reason: Reason, item: ConveyorItem, kind: Reason.Kind) -> None:
    """A reason must come from the pipeline's own list."""
    if reason.pipeline_id != item.pipeline_id or reason.kind != kind:
        raise Refused(_("Choose a reason from the list of this pipeline."))
