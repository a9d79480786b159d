"""A firm on which the fire is laid: one pipeline that never sleeps, its people, and many leads that fall due in time."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import connection, transaction
from django.utils import timezone

from benchmarks.sheets import SEALED, Sheet, sealed, unguarded
from deals.models import Deal
from leads.models import Lead
from pipeline_crm.clients.models import Client, ContactPoint
from pipeline_crm.conveyor.models import HandOff
from pipeline_crm.tiers import actions as drawing
from pipeline_crm.tiers.models import Pipeline, Rung, Seat, Tier
from pipeline_crm.tiers.stages import Stage, Structure
from pipeline_crm.timeline.models import Entry, Movement
from pipeline_crm.users.models import User
from tests.cast import make_head

CLOCK = timedelta(hours=10)  # every clock gives this much: nothing falls due twice in one fire
AGO = timedelta(days=3)
# What the tests' own bookkeeping needs: an act writes here in its own transaction which version it saw and made.
ACTS = """CREATE TABLE IF NOT EXISTS chaos_act (
    verb text NOT NULL, stage text NOT NULL, record_id bigint NOT NULL, seen int NOT NULL, became int NOT NULL)"""
WIDE_OPEN = {
    "off_hours": True,
    "untouched_limit": None,
    "cherry_picking": True,
    "hop_limit": 30,
    "ramp_days": 0,
}


@dataclass(frozen=True)
class World:
    """The numbers of the people and of the pipeline."""

    pipeline: int
    chief: int
    scouts: tuple[int, ...]
    hunters: tuple[int, ...]
    leads: int


# Of a hundred leads: so many of each kind.
SHARES = {"late": 67, "fresh": 5, "talked": 8, "pool": 10, "stuck": 5, "offered": 5}


def lay(
    *, leads: int, seconds: float, scouts: int, room: float, hunters: int = 8, shares: dict[str, int] = SHARES
) -> World:
    """Draws the firm and writes its leads, which fall due one after the other within so many seconds."""
    with connection.cursor() as cursor:
        cursor.execute(ACTS)
    pipeline = _draw()
    chief = make_head(pipeline)
    capacity = math.ceil(leads * 0.82 / scouts * room)
    seats = {
        Stage.LEAD: _seat(pipeline, Stage.LEAD, scouts, capacity),
        Stage.DEAL: _seat(pipeline, Stage.DEAL, hunters, 30_000),
    }
    _seat(pipeline, Stage.ACCOUNT, 2, 1_000)
    Rows(Pipeline.objects.get(pk=pipeline.pk), seats, leads=leads, seconds=seconds).write(shares)
    return World(
        pipeline.pk,
        chief.pk,
        tuple(seat.pk for seat in seats[Stage.LEAD]),
        tuple(seat.pk for seat in seats[Stage.DEAL]),
        leads,
    )


def _draw() -> Pipeline:
    pipeline = drawing.draw("Fire", structure=Structure.THREE)
    pipeline.hours.all().delete()
    pipeline.steps.update(limit_minutes=None)
    minutes = int(CLOCK / timedelta(minutes=1))
    knobs = {name: value for name, value in WIDE_OPEN.items() if hasattr(Tier, name)}
    Tier.objects.filter(pipeline=pipeline).update(
        strategy="least_loaded",
        answer_minutes=minutes,
        first_touch_minutes=minutes,
        silence_minutes=minutes,
        pool_minutes=minutes,
        **knobs,
    )
    Rung.objects.all().delete()
    hunters = pipeline.tier_for(Stage.DEAL)
    for act, delay in ((Rung.Act.REMIND, 0), (Rung.Act.WARN, 60), (Rung.Act.REASSIGN, 120)):
        Rung.objects.create(tier=hunters, act=act, delay_minutes=delay)
    return pipeline


def _seat(pipeline: Pipeline, stage: Stage, count: int, capacity: int) -> list[Seat]:
    tier = pipeline.tier_for(stage)
    boss = User.objects.create(username=f"{stage}-boss")
    Seat.objects.create(tier=tier, user=boss, role=Seat.Role.LEAD, capacity=0)
    people = [User.objects.create(username=f"{stage}-{number}") for number in range(count)]
    return [Seat.objects.create(tier=tier, user=person, capacity=capacity) for person in people]


_RECORD = """id client_id pipeline_id tier_id seat_id step_id version state created_at owner_since step_since touched_at
    clock clock_since due_at stale_at currency"""
_MOVE = """client_id pipeline_id stage record_id version cause at from_state to_state from_step_id to_step_id
    from_seat_id to_seat_id from_tier_id to_tier_id"""
_ENTRY = "client_id pipeline_id stage record_id kind at outcome"
_TOLD = """client_id pipeline_id from_stage from_id to_stage to_id from_tier_id to_tier_id giver_id receiver_id state
    summary offered_at"""


class Rows:
    """Writes every lead with the history that the laws ask for, by COPY."""

    def __init__(self, pipeline: Pipeline, seats: dict[Stage, list[Seat]], *, leads: int, seconds: float) -> None:
        self.pipeline, self.seats, self.leads, self.seconds = pipeline, seats, leads, seconds
        self.tier = {stage: pipeline.tier_for(stage).pk for stage in Stage}
        self.step = {stage: pipeline.first_step(stage).pk for stage in Stage}
        self.now = timezone.now()
        self.client = Sheet(Client, "id", "name", "created_at", "masked_contact")
        self.point = Sheet(ContactPoint, "client_id", *SEALED)
        self.lead, self.deal = Sheet(Lead, *_RECORD.split()), Sheet(Deal, *_RECORD.split(), "lead_id")
        self.move, self.entry = Sheet(Movement, *_MOVE.split()), Sheet(Entry, *_ENTRY.split())
        self.handoff = Sheet(HandOff, *_TOLD.split())

    def write(self, shares: dict[str, int]) -> None:
        """All rows in one transaction."""
        sheets = [self.client, self.point, self.lead, self.deal, self.move, self.entry, self.handoff]
        with transaction.atomic(), unguarded([sheet.table for sheet in sheets]):
            for number, kind in enumerate(_kinds(self.leads, shares), 1):
                getattr(self, f"_{kind}")(number)
            for sheet in sheets:
                sheet.send()
            self._load()
        with connection.cursor() as cursor:
            cursor.execute("VACUUM (ANALYZE)")

    def _load(self) -> None:
        """What the triggers would have added up, had they been awake."""
        with connection.cursor() as cursor:
            cursor.execute("SELECT to_regclass('conveyor_load') IS NOT NULL")
            if cursor.fetchone()[0]:
                for table, states in (("leads_lead", Lead.OPEN), ("deals_deal", Deal.OPEN)):
                    cursor.execute(
                        f"INSERT INTO conveyor_load (seat_id, delta) SELECT seat_id, count(*) FROM {table}"  # noqa: S608
                        " WHERE seat_id IS NOT NULL AND state = ANY (%s) GROUP BY seat_id",
                        [list(states)],
                    )

    def _due(self, number: int) -> datetime:
        # A fifth is late from the start, the others fall due evenly while the fire burns.
        share = (number * 7919 % self.leads) / self.leads
        return self.now + timedelta(seconds=self.seconds * max(0.0, share * 1.2 - 0.2))

    def _late(self, number: int) -> None:
        self._alone(number, self._owner(number), self._due(number), "first_touch")

    def _fresh(self, number: int) -> None:
        self._alone(number, self._owner(number), self.now + CLOCK, "first_touch")

    def _pool(self, number: int) -> None:
        self._alone(number, None, self.now + CLOCK, "pool")

    def _stuck(self, number: int) -> None:
        self._alone(number, None, self._due(number), "pool")

    def _talked(self, number: int) -> None:
        """Somebody has talked with the client: the stuff that hand-offs are made of."""
        seat, at = self._owner(number), self.now - timedelta(minutes=number % 50)
        self._person(number)
        self._record(self.lead, Stage.LEAD, number, seat, "contacted", 2, at, self.now + CLOCK, "silence", touched=at)
        self._moves(Stage.LEAD, number, [("captured", "new", seat), ("contacted", "contacted", seat)])
        self.entry.add(number, self.pipeline.pk, "lead", number, "call", at.isoformat(), "reached")

    def _offered(self, number: int) -> None:
        """A deal that lies with a hunter who does not answer; the ladder of the hunters begins with a reminder."""
        giver, seats, at = self._owner(number), self.seats[Stage.DEAL], self.now - AGO
        taker = seats[number % len(seats)].pk
        self._person(number)
        self._record(self.lead, Stage.LEAD, number, None, "qualified", 3, at, None, "")
        whole = [("captured", "new", giver), ("contacted", "contacted", giver), ("qualified", "qualified", None)]
        self._moves(Stage.LEAD, number, whole)
        self._record(self.deal, Stage.DEAL, number, taker, "offered", 1, at, self._due(number), "answer", number)
        self._moves(Stage.DEAL, number, [("offered", "offered", taker)])
        tiers = (self.tier[Stage.LEAD], self.tier[Stage.DEAL])
        self.handoff.add(
            number, self.pipeline.pk, "lead", number, "deal", number, *tiers, giver, taker, "offered", "A need.", at
        )

    def _alone(self, number: int, seat: int | None, due: datetime, clock: str) -> None:
        self._person(number)
        self._record(self.lead, Stage.LEAD, number, seat, "new", 1, self.now - AGO, due, clock)
        self._moves(Stage.LEAD, number, [("captured", "new", seat)])

    def _person(self, number: int) -> None:
        masked = f"+7 {number % 1000:03d} •••-••-{number % 100:02d}"
        self.client.add(number, f"Client {number}", (self.now - AGO).isoformat(), masked)
        self.point.add(number, *sealed("phone", f"+79{number:09d}", masked))

    def _owner(self, number: int) -> int:
        seats = self.seats[Stage.LEAD]
        return seats[number % len(seats)].pk

    def _record(
        self, sheet: Sheet, stage: Stage, number: int, seat: int | None, state: str, version: int, since: datetime,
        due: datetime | None, clock: str, *own: int, touched: datetime | None = None,
    ) -> None:  # fmt: skip
        began, ends = (self.now - AGO).isoformat(), due and due.isoformat()
        sheet.add(
            number, number, self.pipeline.pk, self.tier[stage], seat, self.step[stage], version, state, began, began,
            began, touched and touched.isoformat(), clock, (touched.isoformat() if touched else began) if clock else None,
            ends, ends, self.pipeline.currency, *own,
        )  # fmt: skip

    def _moves(self, stage: Stage, number: int, chain: list[tuple[str, str, int | None]]) -> None:
        state, step, holder, tier = "", None, None, None
        here, at = (self.step[stage], self.tier[stage]), (self.now - AGO).isoformat()
        for version, (cause, to_state, seat) in enumerate(chain, 1):
            place = (state, to_state, step, here[0], holder, seat, tier, here[1])
            self.move.add(number, self.pipeline.pk, stage, number, version, cause, at, *place)
            state, step, holder, tier = to_state, here[0], seat, here[1]


def _kinds(leads: int, shares: dict[str, int]) -> Iterator[str]:
    """The kinds of so many leads, well mixed."""
    hundred = [kind for kind, share in shares.items() for _ in range(share)]
    for number in range(leads):
        yield hundred[number * 37 % 100]
