"""The four beats of every act: hold (lock), shift (the move itself), keep (save), record (what did not move it)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from itertools import chain
from typing import TYPE_CHECKING, Any, NamedTuple, cast

from django.db.models import Q, QuerySet
from django.http import Http404
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django_fsm import TransitionNotAllowed

from pipeline_crm.access.identity import system_scope
from pipeline_crm.access.policy import Act, Relation, doers
from pipeline_crm.access.sight import Sight, sight_of
from pipeline_crm.bulk import insert_rows, update_rows
from pipeline_crm.tiers.setup import setup
from pipeline_crm.tiers.stages import Stage
from pipeline_crm.timeline.models import Cause, Entry, Movement

from .clocks import wind
from .errors import Refused, Taken
from .reaching import reach_record
from .records import OFFERED, ConveyorItem
from .writing import insert, write_with

if TYPE_CHECKING:
    from pipeline_crm.users.models import User

JUST_NOW = timedelta(minutes=10)
# What a move may change on the record of any stage.
MOVED = (
    "state",
    "seat",
    "tier",
    "step",
    "version",
    "owner_since",
    "step_since",
    "step_spent",
    "clock",
    "clock_since",
    "due_at",
    "stale_at",
    "rung",
    "score",
    "hops",
    "awaits_lead",
)

# Said to whom an act is not for, whatever the state of the record.
ONLY_FOR: dict[tuple[Act, Stage] | Act, Promise] = {
    Act.TAKE: gettext_lazy("You have no open seat at this tier, so you cannot take its clients."),
    Act.ACCEPT: gettext_lazy("Only the person this client is offered to can accept it."),
    Act.MARK: gettext_lazy("Only the person who works this client can mark the brief."),
    Act.SHARE: gettext_lazy("Only the team lead can share an open record of the tier with a colleague."),
    Act.REASSIGN: gettext_lazy("Only the team lead or the head of sales can move a record to somebody else."),
    (Act.REOPEN, Stage.LEAD): gettext_lazy("Only the team lead can open a closed lead again."),
    (Act.REOPEN, Stage.DEAL): gettext_lazy("Only the team lead can open a closed deal again."),
    **dict.fromkeys((Act.NOTE, Act.TICK, Act.REVEAL, Act.CONSENT), gettext_lazy("Take or accept this client first.")),
}


class Moved(NamedTuple):
    """A record that has moved, why it did, and why it lies where it lies now."""

    item: ConveyorItem
    cause: Cause
    why: Mapping[str, Any] | None = None


def hold[Item: ConveyorItem](
    model: type[Item], pk: int, *, by: User | None, now: datetime, seen: int | None = None
) -> Item:
    """Locks a record that the actor may see; `seen` is the version they saw, `by=None` is the conveyor itself.

    Raises Http404 for what is hidden or absent, Taken for a race that the actor has just lost.
    """
    if by is None:
        # The manager belongs to the record of any stage; here the stage is known.
        rows = cast("QuerySet[Item]", model.objects.select_for_update(of=("self",)).select_related("client"))
        return setup().attach([rows.get(pk=pk)])[0]
    try:
        item = reach_record(by, model, pk, locked=True)
    except Http404:
        tell_who_was_first(model, pk, by=by, now=now)
        raise
    setup().attach([item])
    if seen is not None and item.version != seen:
        raise Taken(_lost_to(_last_move(model, pk), sight_of(by)))
    return item


def hold_for[Item: ConveyorItem](
    act: Act, model: type[Item], pk: int, *, by: User, now: datetime, seen: int | None = None
) -> Item:
    """Locks a record with which the policy lets the actor do this act; raises Refused where it does not."""
    item = hold(model, pk, by=by, now=now, seen=seen)
    refuse(item, act, by=by)
    if item.client.erased_at is not None and act is not Act.CLOSE:
        raise Refused(_("The data of this client are erased: the record can be closed, and nothing else."))
    return item


def refuse(item: ConveyorItem, act: Act, *, by: User) -> None:
    """Raises Refused, with a sentence, unless somebody who reached the record may do the act with it now."""
    sight = sight_of(by)
    if not item.allows(act, sight):
        raise Refused(why_not(act, item, item.relations(sight)))


def why_not(act: Act, item: ConveyorItem, relations: frozenset[Relation]) -> str:
    """The sentence for somebody who may not do an act: what they could do first, or whom they should ask."""
    if act == Act.REASSIGN and not relations.isdisjoint(doers(act)):
        return _("This record is closed: there is nothing to move.")
    said = ONLY_FOR.get(act) or ONLY_FOR.get((act, item.stage))
    if said is not None:
        return str(said)
    if not item.is_open:
        return _("This record is closed. Ask your team lead to open it again.")
    if item.state == OFFERED and act != Act.RETURN:
        return _("This client is only offered. Accept first, then work.")
    return _("Nobody has this client yet. Take it from the pool first.")


def keep(
    item: ConveyorItem, *, cause: Cause, by: User | None, now: datetime, why: dict[str, Any] | None = None
) -> Movement:
    """Saves a record that has moved and writes its one movement."""
    movement = Movement(**_word(item, cause=cause, by=by, now=now, why=why))
    write_with(item, movement)
    return movement


def keep_many(moves: Iterable[Moved], *, by: User | None, now: datetime) -> None:
    """The same for many locked records, in one statement for each kind of row."""
    by_model: dict[type[ConveyorItem], list[ConveyorItem]] = {}
    movements = []
    for item, cause, why in moves:
        movements.append(_word(item, cause=cause, by=by, now=now, why=why))
        by_model.setdefault(type(item), []).append(item)
    for items in by_model.values():
        update_rows(items, _changed(items))
    insert_rows(Movement, movements)
    for item in chain.from_iterable(by_model.values()):
        item.remember()


def _changed(items: Sequence[ConveyorItem]) -> list[str]:
    """The fields in which any of these records, all of one stage, is no longer as it was read."""
    moved: list[Any] = [items[0]._meta.get_field(name) for name in (*MOVED, *items[0].ALSO_MOVED)]
    kept = [(item.__dict__, item.stood) for item in items]
    return [field.name for field in moved if any(now[field.attname] != stood.get(field.attname) for now, stood in kept)]


def _word(
    item: ConveyorItem, *, cause: Cause, by: User | None, now: datetime, why: Mapping[str, Any] | None
) -> dict[str, Any]:
    """Counts the version, winds the clock and words the movement of a record that has moved."""
    stood = item.stood if item.pk else {}
    item.version += 1
    item.score = item.expected_value()
    wind(item)
    return {
        "client_id": item.client_id,
        "pipeline_id": item.pipeline_id,
        "stage": item.stage,
        "record_id": item.pk,
        "version": item.version,
        "cause": cause,
        "by_id": by.pk if by else None,
        "at": now,
        "from_state": stood.get("state") or "",
        "to_state": item.state,
        "from_step_id": stood.get("step_id"),
        "to_step_id": item.step_id,
        "from_seat_id": stood.get("seat_id"),
        "to_seat_id": item.seat_id,
        "from_tier_id": stood.get("tier_id"),
        "to_tier_id": item.tier_id,
        "why": why or {},
    }


def record(
    item: ConveyorItem,
    *,
    kind: str,
    by: User | None,
    now: datetime,
    text: str = "",
    outcome: str = "",
    details: dict[str, Any] | None = None,
) -> Entry:
    """Writes one entry into the history of a record."""
    entry = Entry(
        client_id=item.client_id,
        pipeline_id=item.pipeline_id,
        stage=item.stage,
        record_id=item.pk,
        kind=kind,
        by=by,
        at=now,
        text=text.strip(),
        outcome=outcome,
        details=details or {},
    )
    insert(entry)
    return entry


def shift(item: ConveyorItem, verb: str, *args: Any) -> None:
    """Calls a transition; one that the state does not allow is refused with a sentence."""
    try:
        getattr(item, verb)(*args)
    except TransitionNotAllowed as wrong:
        raise Refused(
            _("This cannot be done now: the record is “%(state)s”. Look at it again; somebody may have moved it.")
            % {"state": item.get_state_display()}
        ) from wrong


def _last_move(model: type[ConveyorItem], pk: int) -> Movement | None:
    return (
        Movement.objects.filter(stage=model.stage, record_id=pk)
        .select_related("by", "to_seat__user")
        .order_by("-version")
        .first()
    )


def tell_who_was_first(model: type[ConveyorItem], pk: int, *, by: User, now: datetime) -> None:
    """Somebody who could take the record a moment ago learns who was faster; everybody else learns nothing."""
    with system_scope("who was too late no longer sees what they lost"):
        _tell(model, pk, by=by, now=now)


def _tell(model: type[ConveyorItem], pk: int, *, by: User, now: datetime) -> None:
    sight = sight_of(by)
    # Only what was open lay in a pool: a client who comes back to a colleague after a hand-off was in none.
    from_pool = Q(from_seat=None, from_tier__in=sight.worked_ids, from_state__in=model.OPEN)
    within_reach = Q(from_seat__in=sight.seat_ids) | from_pool
    last = _last_move(model, pk)
    recent = Movement.objects.filter(within_reach, stage=model.stage, record_id=pk, at__gte=now - JUST_NOW).exclude(
        by=by
    )
    if last is None or last.to_tier_id not in sight.worked_ids or _was_for_decision(last):
        return
    if recent.filter(pk=last.pk).exists():
        raise Taken(_lost_to(last, sight))


def _was_for_decision(move: Movement) -> bool:
    """Whether a record lay with nobody and waited for its team lead alone, so that no member could have taken it."""
    if move.from_seat_id is not None or move.cause == Cause.CLAIMED:
        return False
    before = Movement.objects.filter(stage=move.stage, record_id=move.record_id, version=move.version - 1)
    return before.filter(cause=Cause.UNDECIDED).exists()


def _lost_to(move: Movement | None, sight: Sight) -> str:
    """Who was first, named only to colleagues of the same tier."""
    if move is None or move.to_tier_id not in sight.worked_ids | sight.led_ids:
        return _("Somebody has just changed this record. Look at it again and repeat what still holds.")
    if move.cause in (Cause.STALE, Cause.EXPIRED, Cause.SEAT_CLOSED):
        return _("This client waited too long and has just been passed on.")
    if move.to_seat is not None and move.to_seat_id not in sight.seat_ids and move.to_seat_id != move.from_seat_id:
        return _("%(name)s has just taken this client.") % {"name": move.to_seat.user.name}
    if move.by is not None:
        return _("%(name)s has just changed this record. Look at it again and repeat what still holds.") % {
            "name": move.by.name
        }
    return _("This record has just moved by itself. Look at it again and repeat what still holds.")
