"""What the hands do: sweep as the task does, work as people do, look as an inspector does."""

from __future__ import annotations

import json
import logging
import random
import time
from collections.abc import Callable
from datetime import timedelta

from django.db import connection, connections, transaction
from django.utils import timezone

from deals import actions as hunting
from deals.models import Deal
from leads import actions as scouting
from leads.models import Lead
from pipeline_crm.conveyor import actions as belt
from pipeline_crm.conveyor import handoff, tasks
from pipeline_crm.conveyor.errors import Refused
from pipeline_crm.conveyor.handoff import Brief
from pipeline_crm.conveyor.records import ConveyorItem
from pipeline_crm.tiers.models import Reason, Seat
from pipeline_crm.tiers.stages import Stage

from . import builds
from .hands import Diary, Job, lost_its_server

BRIEF = Brief(summary="Wants two rooms with a large kitchen.")
luck = random.Random()
thinking = 0.0


def begin(job: str, database: str, build: str, number: int, diary: Diary) -> None:
    """Sets a fresh process up: its database, its luck, and the careless build that it shall run, if any."""
    global thinking
    luck.seed(number)
    use(database)
    sweeping = logging.getLogger("pipeline_crm.conveyor")
    sweeping.addHandler(_Ear(diary))
    sweeping.propagate = False
    if build:
        builds.BUILDS[build].apply()
        for verb in set(_SHARES) - set(builds.BUILDS[build].verbs or _SHARES):
            del _SHARES[verb]
    # In a small firm people must think longer to get in each other's way.
    thinking = 0.02 if build else 0.002


def use(database: str) -> None:
    """Points Django at another database of the same server."""
    connection.close()
    connections["default"].settings_dict["NAME"] = database


class _Ear(logging.Handler):
    """What the sweep could not do is logged by it, not raised."""

    def __init__(self, diary: Diary) -> None:
        super().__init__(logging.ERROR)
        self.diary = diary

    def emit(self, record: logging.LogRecord) -> None:
        error = record.exc_info[1] if record.exc_info else None
        word = "sweep lost its server" if error is not None and lost_its_server(error) else f"strange {error!r}"
        cause = type(getattr(error, "__cause__", None)).__name__
        self.diary.write("strange deadlock in the sweep" if cause == "DeadlockDetected" else word)


def sweep(diary: Diary) -> None:
    """Rings the sweep again and again, as beat does for the worker; it is the task itself that is called."""
    done = tasks.sweep()
    if done:
        diary.write(f"swept {json.dumps(done)}")
    else:
        time.sleep(0.05)


def work(diary: Diary) -> None:
    """Somebody does one thing to one record, having looked at it a moment before."""
    verb = luck.choices(list(_SHARES), list(_SHARES.values()))[0]
    if _VERBS[verb]():
        diary.write(f"act: {verb}")
    time.sleep(0.01)


def take(diary: Diary) -> None:
    """One of many at a pool takes whatever comes next, until nothing is left."""
    seats = Seat.objects.open().filter(tier__works_lead=True, role=Seat.Role.MEMBER).select_related("tier", "user")
    seat = seats.order_by("id")[diary.seat]
    try:
        while True:
            belt.take_next(Lead, seat.tier, by=seat.user, now=timezone.now())
    except Refused:
        time.sleep(0.2)


def look(diary: Diary) -> None:
    """Takes any hundred records, at any moment, and asks whether each has one holder."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT max(id) FROM leads_lead")
        begin = luck.randrange(max(1, cursor.fetchone()[0]))
        cursor.execute(_A_LOOK, {"begin": begin, "end": begin + 100})
        wrong = cursor.fetchone()[0]
    diary.write(f"strange look: {wrong} records without one holder" if wrong else "look")
    time.sleep(0.15)


_A_LOOK = """
    SELECT count(*) FROM leads_lead r LEFT JOIN tiers_seat s ON s.id = r.seat_id
    LEFT JOIN deals_deal d ON d.lead_id = r.id AND d.state <> 'returned'
    LEFT JOIN conveyor_handoff h ON h.to_stage = 'deal' AND h.to_id = d.id AND h.state = 'offered'
    WHERE r.id BETWEEN %(begin)s AND %(end)s AND (
        s.tier_id <> r.tier_id OR (r.state = 'qualified') <> (d.id IS NOT NULL)
        OR (d.state = 'offered') <> (h.id IS NOT NULL) OR (h.id IS NOT NULL AND h.receiver_id IS DISTINCT FROM d.seat_id)
        OR r.version <> (SELECT count(*) FROM timeline_movement m WHERE m.stage = 'lead' AND m.record_id = r.id))
"""


# What people do ----------------------------------------------------------------------------------------------------


def _a_seat(stage: Stage) -> Seat | None:
    seats = list(
        Seat.objects.open().filter(tier__works_lead=stage == Stage.LEAD, role=Seat.Role.MEMBER, capacity__gt=0)
    )
    seats = [seat for seat in seats if seat.capacity > 0]
    if stage == Stage.DEAL:
        seats = list(Seat.objects.open().filter(tier__works_deal=True, role=Seat.Role.MEMBER))
    return luck.choice(seats) if seats else None


def _any(model: type[ConveyorItem], **which: object) -> ConveyorItem | None:
    """Some record of these; which one is left to luck, and in a careless firm all want the same few."""
    if thinking > 0.01 and which.get("seat"):
        few = list(model.objects.filter(**which).order_by("id")[:2])
        return luck.choice(few) if few else None
    from_here = luck.randrange(10**6)
    top = model.objects.order_by("-id").values_list("pk", flat=True).first() or 1
    rows = model.objects.filter(**which).order_by("id")
    return rows.filter(pk__gte=from_here % top).first() or rows.first()


def _act(verb: str, item: ConveyorItem, act: Callable[[], ConveyorItem | None]) -> bool:
    """Does it, after a moment of thinking, and writes in the same transaction which version was seen and made."""
    time.sleep(luck.random() * thinking)
    with transaction.atomic():
        after = act() or item
        became = (
            type(item).objects.values_list("version", flat=True).get(pk=item.pk) if after is item else after.version
        )
        with connection.cursor() as cursor:
            row = [verb, item.stage, item.pk, item.version, became]
            cursor.execute("INSERT INTO chaos_act VALUES (%s, %s, %s, %s, %s)", row)
    return True


def _own(state: str, stage: Stage = Stage.LEAD) -> tuple[Seat, ConveyorItem] | None:
    seat = _a_seat(stage)
    item = _any(Lead if stage == Stage.LEAD else Deal, seat=seat, state=state) if seat else None
    return (seat, item) if seat and item else None


def _touch() -> bool:
    if found := _own(luck.choice(["new", "contacted"])):
        seat, item = found
        outcome = luck.choice(["reached", "no_answer"])
        return _act(
            "touch",
            item,
            lambda: scouting.log_touch(
                item.pk, kind="call", outcome=outcome, by=seat.user, now=timezone.now(), seen=item.version
            ),
        )
    return False


def _step() -> bool:
    if found := _own("contacted"):
        seat, item = found
        steps = [step for step in item.pipeline.steps.filter(stage="lead") if step.pk != item.step_id]
        step = luck.choice(steps).pk
        return _act(
            "step",
            item,
            lambda: belt.move_step(Lead, item.pk, step_id=step, by=seat.user, now=timezone.now(), seen=item.version),
        )
    return False


def _park() -> bool:
    if found := _own("contacted"):
        seat, item = found
        now = timezone.now()
        return _act(
            "park",
            item,
            lambda: scouting.park(item.pk, until=now + timedelta(days=2), by=seat.user, now=now, seen=item.version),
        )
    return False


def _edit() -> bool:
    if found := _own(luck.choice(["new", "contacted"])):
        seat, item = found
        words = {"comment": f"Thought of {luck.random()}"}
        return _act(
            "edit",
            item,
            lambda: belt.edit(Lead, item.pk, changes=words, by=seat.user, now=timezone.now(), seen=item.version),
        )
    return False


def _release() -> bool:
    if found := _own("new"):
        seat, item = found
        return _act(
            "release", item, lambda: belt.release(Lead, item.pk, by=seat.user, now=timezone.now(), seen=item.version)
        )
    return False


def _claim() -> bool:
    seat = _a_seat(Stage.LEAD)
    item = _any(Lead, seat=None, state__in=Lead.OPEN) if seat else None
    if seat is None or item is None:
        return False
    return _act("claim", item, lambda: belt.claim(Lead, item.pk, by=seat.user, now=timezone.now()))


def _take_next() -> bool:
    seat = _a_seat(Stage.LEAD)
    if seat is None:
        return False
    belt.take_next(Lead, seat.tier, by=seat.user, now=timezone.now())
    return True


def _offer() -> bool:
    if found := _own("contacted"):
        seat, item = found

        def give() -> None:
            hunting.offer_from_lead(item.pk, brief=BRIEF, by=seat.user, now=timezone.now(), seen=item.version)

        return _act("offer", item, give)
    return False


def _accept() -> bool:
    if found := _own("offered", Stage.DEAL):
        seat, item = found
        return _act(
            "accept", item, lambda: handoff.accept(Deal, item.pk, by=seat.user, now=timezone.now(), seen=item.version)
        )
    return False


def _return() -> bool:
    if found := _own(luck.choice(["offered", "open"]), Stage.DEAL):
        seat, item = found
        reason = Reason.objects.filter(pipeline=item.pipeline_id, kind="return_deal")[0]

        def send() -> ConveyorItem:
            return hunting.return_to_scout(
                item.pk, reason=reason, comment="", by=seat.user, now=timezone.now(), seen=item.version
            )

        return _act("return", item, send)
    return False


_VERBS: dict[str, Callable[[], bool]] = {
    "touch": _touch,
    "step": _step,
    "park": _park,
    "edit": _edit,
    "release": _release,
    "claim": _claim,
    "take next": _take_next,
    "offer": _offer,
    "accept": _accept,
    "return": _return,
}
_SHARES = {
    "touch": 5, "step": 3, "park": 1, "edit": 3, "release": 1, "claim": 2, "take next": 2, "offer": 3, "accept": 2, "return": 1,
}  # fmt: skip
JOBS: dict[str, Job] = {"sweep": sweep, "work": work, "look": look, "take": take}
