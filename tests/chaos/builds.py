"""Builds as a careless programmer would have made them; the fire must catch each, or it proves nothing.

They are patches on our own functions in the processes of the fire, and nowhere else. Where a law of the database would
stop the carelessness by itself, the law is put to sleep for this one fire, so that the questions have to ring.
"""

from __future__ import annotations

import contextlib
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db import connection, transaction

from leads.models import Lead
from pipeline_crm.conveyor import actions as belt
from pipeline_crm.conveyor import assignment, moves, tasks
from pipeline_crm.conveyor.clocks import wind
from pipeline_crm.conveyor.errors import Refused
from pipeline_crm.outbox import actions as outbox
from pipeline_crm.outbox.models import Notice
from pipeline_crm.tiers.models import Seat
from pipeline_crm.timeline.models import Movement

A_MOMENT = 0.02  # between looking and acting; a careless build has it too, only shorter


@dataclass(frozen=True)
class Build:
    """What is careless, which question must ring, and the laws that sleep meanwhile."""

    apply: Callable[[], None]
    rings: str
    asleep: str = ""
    plan: dict[str, Any] = field(default_factory=dict)
    verbs: tuple[str, ...] = ()  # what its people do, if not everything


_put: list[tuple[Any, str, Any]] = []


@contextlib.contextmanager
def careless(name: str) -> Iterator[None]:
    """Runs a build in this very process, and puts everything back."""
    try:
        BUILDS[name].apply()
        yield
    finally:
        while _put:
            setattr(*_put.pop())


def put_everywhere(old: Any, new: Any) -> None:
    """Replaces a function in every module that has it by name."""
    for module in list(sys.modules.values()):
        for name, value in list(getattr(module, "__dict__", {}).items()):
            if value is old:
                _put.append((module, name, old))
                setattr(module, name, new)


def _sweep(*, locks: bool, looks_again: bool) -> Callable[..., Counter[str]]:
    """A sweep of leads that chooses who receives before it locks anything."""
    remembered: list[Seat] = []

    def sweep(*, now: datetime) -> Counter[str]:
        if looks_again or not remembered:
            remembered[:] = Seat.objects.open().filter(tier__works_lead=True, capacity__gt=0).select_related("user")
        with transaction.atomic() if locks else contextlib.nullcontext():
            rows = Lead.objects.filter(stale_at__lte=now, seat__isnull=False).order_by("id")
            if locks:
                rows = rows.select_for_update(of=("self",), skip_locked=True)
            batch = list(rows.select_related("pipeline", "seat", "tier")[:20])
            time.sleep(A_MOMENT)
            for item in batch:
                others = [seat for seat in remembered if seat.pk != item.seat_id]
                with transaction.atomic():
                    _pass_on(item, others[item.pk % len(others)], now=now)
        return Counter({"reassigned": len(batch)} if batch else {})

    return sweep


def _pass_on(item: Lead, seat: Seat, *, now: datetime) -> None:
    old, item.version = item.seat, item.version + 1
    item.give(seat, now=now)
    wind(item)
    names = ["seat_id", "version", "owner_since", "clock", "clock_since", "due_at", "stale_at", "rung"]
    Lead.objects.filter(pk=item.pk).update(**{name: getattr(item, name) for name in names})
    Movement.objects.create(
        client_id=item.client_id, pipeline_id=item.pipeline_id, stage="lead", record_id=item.pk, version=item.version,
        cause="stale", at=now, from_state=item.state, to_state=item.state, from_step_id=item.step_id,
        to_step_id=item.step_id, from_seat=old, to_seat=seat, from_tier_id=item.tier_id, to_tier_id=item.tier_id,
    )  # fmt: skip
    name = f"lead:{item.pk}:{item.version}"
    for user, kind, event in ((seat.user_id, "assigned", "given"), (old and old.user_id, "taken_away", "taken_away")):
        Notice.objects.bulk_create(
            [Notice(user_id=user, kind=kind, stage="lead", record_id=item.pk, event=f"{name}:{event}", at=now)],
            ignore_conflicts=True,
        )


def _read_then_update() -> None:
    tasks.sweeping.sweep = _sweep(locks=False, looks_again=True)


def _no_second_look() -> None:
    tasks.sweeping.sweep = _sweep(locks=True, looks_again=False)


def _count_before_the_lock() -> None:
    def refuse_full(seat: Seat, **_more: Any) -> None:
        held = Lead.objects.open().filter(seat=seat).count()
        time.sleep(20 * A_MOMENT)
        if held >= seat.capacity:
            raise Refused("Full.")

    put_everywhere(assignment.refuse_full, refuse_full)


def _edit_winds_the_clock() -> None:
    honest = belt.edit

    @transaction.atomic
    def edit(model: Any, pk: int, **words: Any) -> Any:
        item = honest(model, pk, **words)
        item.touched_at = words["now"]
        wind(item)
        item.save()
        return item

    put_everywhere(honest, edit)


def _versions_forgotten() -> None:
    honest = moves.hold

    def hold(*words: Any, **more: Any) -> Any:
        return honest(*words, **more | {"seen": None})

    put_everywhere(honest, hold)


def _events_without_a_name() -> None:
    honest = outbox.tell_many

    def tell_many(notices: Any, **more: Any) -> Any:
        return honest([(*words, f"{event}:{time.monotonic_ns()}") for *words, event in notices], **more)

    put_everywhere(honest, tell_many)


def _nothing() -> None:
    """The carelessness is in the database."""


_ASLEEP = """
    ALTER TABLE leads_lead DISABLE TRIGGER USER; ALTER TABLE timeline_movement DROP CONSTRAINT a_version_has_one_movement
"""
_NO_LEDGER = """
    DO $$ DECLARE name text; BEGIN
        FOR name IN SELECT tgname FROM pg_trigger WHERE tgrelid = 'leads_lead'::regclass AND tgname LIKE '%load%' LOOP
            EXECUTE format('ALTER TABLE leads_lead DISABLE TRIGGER %I', name);
        END LOOP;
    END $$
"""
BUILDS: dict[str, Build] = {
    "reads, then updates": Build(_read_then_update, "versions without gap or double", _ASLEEP),
    "no second look under the lock": Build(_no_second_look, "nobody inactive received"),
    "capacity counted before the lock": Build(
        _count_before_the_lock,
        "load within capacity",
        plan={"room": 1.0, "owners": 6, "scouts": 2, "leavers": 0, "sweepers": 0, "acts": 1},
        verbs=("claim", "take next"),
    ),
    "an edit turns the clock back": Build(
        _edit_winds_the_clock, "each due record acted on", plan={"leavers": 0}, verbs=("edit",)
    ),
    "a lost check of versions": Build(
        _versions_forgotten,
        "an answer to what was seen",
        plan={"sweepers": 0, "owners": 6, "scouts": 2, "leavers": 0, "acts": 60},
        verbs=("step", "touch"),
    ),
    "notices without an event": Build(_events_without_a_name, "notices one per event"),
    "a ledger that nobody keeps": Build(_nothing, "load is the open records", _NO_LEDGER),
}


def put_to_sleep(name: str) -> None:
    """Turns off the laws that would stop a build before any question could ring."""
    if name and BUILDS[name].asleep:
        with connection.cursor() as cursor:
            cursor.execute(BUILDS[name].asleep)
