"""What becomes of one lead after the other: the rows of a firm's years, legal by every law of the database."""

from __future__ import annotations

import random
from collections import Counter
from datetime import UTC, datetime
from typing import Any

from accounts.models import Account
from deals.models import Deal
from leads.models import Lead
from pipeline_crm.clients.models import Client, ContactPoint
from pipeline_crm.conveyor.models import HandOff
from pipeline_crm.outbox.models import Notice
from pipeline_crm.tiers.stages import Stage
from pipeline_crm.timeline.models import Entry, Movement, Task

from .firm import BOOK, FIRST, MODEST, SURNAMES, Firm
from .sheets import SEALED, Sheet, sealed

HOUR, DAY = 3600, 86400
YEARS = 3 * 365 * DAY  # how far back the oldest lead goes
YOUNG = 0.2  # the share of leads that came lately; of these most are open, of the old ones hardly any
OPEN_WHEN_YOUNG, OPEN_WHEN_OLD = 0.7, 0.0125  # together fifteen of a hundred
IN_POOL = 0.02
QUALIFIED = 0.3  # of the closed leads
SMALL = 20_000  # leads of the firm whose past the modest have in every firm
MARK_OF_A_CALL = "Asked about the second quarter, wants a plan of the flat by mail."

_RECORD = [
    "id",
    "client_id",
    "pipeline_id",
    "tier_id",
    "seat_id",
    "step_id",
    "version",
    "created_at",
    "owner_since",
    "step_since",
    "touched_at",
    "clock",
    "clock_since",
    "due_at",
    "stale_at",
    "rung",
    "state",
    "currency",
    "reason_id",
    "next_task_at",
]
_MOVE = [
    "client_id",
    "pipeline_id",
    "stage",
    "record_id",
    "version",
    "cause",
    "by_id",
    "at",
    "from_state",
    "to_state",
    "from_step_id",
    "to_step_id",
    "from_seat_id",
    "to_seat_id",
    "from_tier_id",
    "to_tier_id",
    "why",
]
_ENTRY = ["client_id", "pipeline_id", "stage", "record_id", "kind", "by_id", "at", "text", "outcome"]
_TASK = ["client_id", "pipeline_id", "stage", "record_id", "title", "due_at", "by_id", "created_at"]
_HAND_OFF = [
    "client_id",
    "pipeline_id",
    "from_stage",
    "from_id",
    "to_stage",
    "to_id",
    "from_tier_id",
    "to_tier_id",
    "giver_id",
    "receiver_id",
    "state",
    "summary",
    "need",
    "offered_at",
    "answered_at",
    "answered_by_id",
]


def text_of(moment: float) -> str:
    """A moment as PostgreSQL reads it."""
    return datetime.fromtimestamp(moment, UTC).isoformat()


class Years:
    """Writes the rows of one lead after the other, and of the deal and the account that may come of it."""

    def __init__(self, firm: Firm, *, leads: int, now: datetime) -> None:
        self.firm, self.leads, self.now = firm, leads, now.timestamp()
        self.luck = random.Random(leads)  # noqa: S311
        self.deals = self.accounts = 0
        self.members = {stage: seats[1:] for stage, seats in firm.seats.items()}
        self.modest = {seat.pk: BOOK[stage] for stage, seats in firm.seats.items() for seat in seats[-MODEST:]}
        self.held: Counter[int] = Counter()
        self.clients = Sheet(Client, "id", "name", "company", "city", "created_at", "masked_contact")
        self.points = Sheet(ContactPoint, "client_id", *SEALED)
        self.of_stage = {
            Stage.LEAD: Sheet(Lead, *_RECORD, "source_id", "product_id", "amount", "until"),
            Stage.DEAL: Sheet(Deal, *_RECORD, "lead_id", "product_id", "amount", "closed_at"),
            Stage.ACCOUNT: Sheet(Account, *_RECORD, "deal_id", "bought_total", "purchases", "cadence_days"),
        }
        self.moves, self.entries = Sheet(Movement, *_MOVE), Sheet(Entry, *_ENTRY)
        self.tasks, self.handoffs = Sheet(Task, *_TASK), Sheet(HandOff, *_HAND_OFF)
        self.notices = Sheet(Notice, "user_id", "kind", "stage", "record_id", "event", "at")
        told = [self.clients, self.points, *self.of_stage.values(), self.moves, self.entries, self.tasks]
        self.sheets = [*told, self.handoffs, self.notices]

    def live(self, number: int) -> None:
        """All that is written about one lead."""
        age = YEARS * (self.leads - number) / self.leads
        born = self.now - max(age, HOUR)
        self._client(number, born)
        young = number > self.leads * (1 - YOUNG)
        if self.luck.random() < (OPEN_WHEN_YOUNG if young else OPEN_WHEN_OLD):
            self._open_lead(number, born)
        elif self.luck.random() < QUALIFIED:
            self._qualified_lead(number, born)
        else:
            self._lost_lead(number, born)

    def _client(self, number: int, born: float) -> None:
        name = f"{FIRST[number % len(FIRST)]} {SURNAMES[number * 7919 % len(SURNAMES)]}"
        company = f"Firm {number % 5003}" if number % 3 == 0 else ""
        phone = f"+79{number:09d}"
        # As the house masks them, only a hundred times as fast.
        masked = f"+7 {phone[2:5]} •••-••-{phone[-2:]}"
        self.clients.add(number, name, company, "Moscow", text_of(born), masked)
        self.points.add(number, *sealed("phone", phone, masked))
        if number % 2:
            self.points.add(number, *sealed("email", f"client{number}@mail.example", "c••••••@mail.example"))

    def _holder(self, stage: Stage) -> Any:
        """Who holds an open record: anybody who has not got as much as they want."""
        seat = self.luck.choice(self.members[stage])
        while self.held[seat.pk] >= self.modest.get(seat.pk, self.leads):
            seat = self.luck.choice(self.members[stage])
        self.held[seat.pk] += 1
        return seat

    def _worker(self, stage: Stage) -> Any:
        """Who had a record until it was closed: anybody; the modest have worked no more of them than in a small firm."""
        seat = self.luck.choice(self.members[stage])
        while seat.pk in self.modest and self.luck.random() * self.leads > SMALL:
            seat = self.luck.choice(self.members[stage])
        return seat

    # Leads ------------------------------------------------------------------------------------------------------

    def _open_lead(self, number: int, born: float) -> None:
        luck, stage = self.luck, Stage.LEAD
        seat = None if luck.random() < IN_POOL else self._holder(stage)
        state = "new" if seat is None else luck.choice(("new", "contacted", "contacted", "parked"))
        steps = self.firm.steps[stage]
        step = steps[0] if state == "new" else luck.choice(steps)
        chain = [("captured", "new", steps[0])] + ([] if state == "new" else [("contacted", state, step)])
        clock = "pool" if seat is None else {"new": "first_touch", "contacted": "silence", "parked": "parked"}[state]
        due = self.now + luck.uniform(-0.1, 1) * 5 * DAY if state != "parked" else self.now + 9 * DAY
        until = text_of(due) if state == "parked" else None
        task = text_of(self.now + luck.uniform(-1, 6) * DAY) if seat is not None and luck.random() < 0.5 else None
        self._lead(number, born, seat, state, chain, due, clock, until=until, task=task)
        if state != "new" and seat is not None:
            self._call(number, stage, number, seat, born + HOUR)
        if seat is not None and task is not None:
            self._task(number, stage, number, seat, born, task)
        if seat is not None and luck.random() < 0.01:
            self.notices.add(seat.user_id, "assigned", stage, number, f"lead:{number}:1:given", text_of(born))

    def _lost_lead(self, number: int, born: float) -> None:
        seat, steps = self._worker(Stage.LEAD), self.firm.steps[Stage.LEAD]
        chain = [("captured", "new", steps[0]), ("contacted", "contacted", steps[1])]
        chain.append(("disqualified", "disqualified", steps[1]))
        reason = self.luck.choice(self.firm.reasons["disqualify"])
        self._lead(number, born, seat, "disqualified", chain, None, reason=reason)
        self._call(number, Stage.LEAD, number, seat, born + HOUR)

    def _qualified_lead(self, number: int, born: float) -> None:
        scout, steps = self._worker(Stage.LEAD), self.firm.steps[Stage.LEAD]
        chain = [("captured", "new", steps[0]), ("contacted", "contacted", steps[1])]
        chain.append(("qualified", "qualified", steps[1]))
        self._lead(number, born, scout, "qualified", chain, None, leaves=True)
        self._call(number, Stage.LEAD, number, scout, born + HOUR)
        self._deal(number, born + DAY, scout)

    def _lead(
        self, number: int, born: float, seat: Any, state: str, chain: list[tuple[str, str, int]], due: float | None,
        clock: str = "", *, until: str | None = None, reason: int | None = None, leaves: bool = False,
        task: str | None = None,
    ) -> None:  # fmt: skip
        own = (
            self.luck.choice(self.firm.sources), self.luck.choice(self.firm.products),
            self.luck.randrange(1, 900) * 10_000, until,
        )  # fmt: skip
        stays = None if leaves else seat
        at = (state, chain[-1][2], len(chain))
        self._record(Stage.LEAD, number, number, born, stays, *at, due, clock, reason, own, task=task)
        self._chain(Stage.LEAD, number, number, born, seat, chain, leaves=leaves)

    # Deals and accounts -----------------------------------------------------------------------------------------

    def _deal(self, client: int, born: float, giver: Any) -> None:
        luck, stage = self.luck, Stage.DEAL
        self.deals += 1
        number, steps, fate = self.deals, self.firm.steps[stage], luck.random()
        state = "won" if fate < 0.3 else "lost" if fate < 0.9 else "open" if fate < 0.98 else "offered"
        seat = self._holder(stage) if state in ("open", "offered") else self._worker(stage)
        chain = [("offered", "offered", steps[0])]
        if state != "offered":
            chain.append(("accepted", "open", luck.choice(steps) if state == "open" else steps[0]))
        if state in ("won", "lost"):
            chain.append((state, state, chain[-1][2]))
        due = self.now + luck.uniform(-0.1, 1) * 5 * DAY if state in ("open", "offered") else None
        clock = "" if due is None else "answer" if state == "offered" else "silence"
        reason = luck.choice(self.firm.reasons["lose"]) if state == "lost" else None
        amount, closed = luck.randrange(1, 900) * 10_000, text_of(born + 9 * DAY) if due is None else None
        own = (client, luck.choice(self.firm.products), amount, closed)
        stays, leaves = (None if state == "won" else seat), state == "won"
        self._record(stage, number, client, born, stays, state, chain[-1][2], len(chain), due, clock, reason, own)
        self._chain(stage, number, client, born, seat, chain, leaves=leaves)
        self._hand_off(client, Stage.LEAD, client, stage, number, giver, seat, born, answered=state != "offered")
        if state != "offered":
            self._call(client, stage, number, seat, born + DAY)
        if state == "won":
            self._account(client, number, born + 9 * DAY, seat, amount)

    def _account(self, client: int, deal: int, born: float, giver: Any, amount: int) -> None:
        luck, stage = self.luck, Stage.ACCOUNT
        self.accounts += 1
        number, seat, steps = self.accounts, self._holder(stage), self.firm.steps[stage]
        state = "active" if luck.random() < 0.95 else "at_risk"
        chain = [("offered", "offered", steps[0]), ("accepted", "active", luck.choice(steps))]
        if state == "at_risk":
            chain.append(("at_risk", "at_risk", chain[-1][2]))
        due = self.now + luck.uniform(-0.1, 1) * 20 * DAY
        own = (deal, amount, 1, 30)
        self._record(stage, number, client, born, seat, state, chain[-1][2], len(chain), due, "silence", None, own)
        self._chain(stage, number, client, born, seat, chain)
        self._hand_off(client, Stage.DEAL, deal, stage, number, giver, seat, born, answered=True)

    # What all three have ----------------------------------------------------------------------------------------

    def _record(
        self, stage: Stage, number: int, client: int, born: float, seat: Any, state: str, step: int, version: int,
        due: float | None, clock: str, reason: int | None, own: tuple[Any, ...], *, task: str | None = None,
    ) -> None:  # fmt: skip
        firm, since = self.firm, text_of(born)
        ends = text_of(due) if due is not None else None
        # What is late already has had its reminder; nothing here is for the sweep until a measurement says so.
        next_act = text_of(max(due, self.now) + 30 * DAY) if due is not None else None
        touched = text_of(born + HOUR) if version > 1 else None
        self.of_stage[stage].add(
            number, client, firm.pipeline.pk, firm.tiers[stage], seat and seat.pk, step, version, since, since, since,
            touched, clock, since if clock else None, ends, next_act, int(due is not None and due < self.now), state,
            firm.pipeline.currency, reason, task, *own,
        )  # fmt: skip

    def _chain(
        self, stage: Stage, number: int, client: int, born: float, seat: Any, chain: list[tuple[str, str, int]],
        *, leaves: bool = False,
    ) -> None:  # fmt: skip
        firm, tier = self.firm, self.firm.tiers[stage]
        owner, person = (seat.pk, seat.user_id) if seat else (None, None)
        state, step, holder, of = "", None, None, None
        for version, (cause, to_state, to_step) in enumerate(chain, 1):
            to = None if leaves and version == len(chain) else owner
            self.moves.add(
                client, firm.pipeline.pk, stage, number, version, cause, person, text_of(born + version * HOUR),
                state, to_state, step, to_step, holder, to, of, tier, "{}",
            )  # fmt: skip
            state, step, holder, of = to_state, to_step, to, tier

    def _hand_off(
        self, client: int, stage: Stage, number: int, to: Stage, to_number: int, giver: Any, seat: Any, at: float,
        *, answered: bool,
    ) -> None:  # fmt: skip
        firm = self.firm
        answer = (text_of(at + HOUR), seat.user_id) if answered else (None, None)
        self.handoffs.add(
            client, firm.pipeline.pk, stage, number, to, to_number, firm.tiers[stage], firm.tiers[to], giver.pk, seat.pk,
            "accepted" if answered else "offered", "Wants two rooms, mortgage approved.", "Two rooms", text_of(at), *answer,
        )  # fmt: skip

    def _call(self, client: int, stage: Stage, number: int, seat: Any, at: float) -> None:
        pipeline = self.firm.pipeline.pk
        self.entries.add(client, pipeline, stage, number, "call", seat.user_id, text_of(at), MARK_OF_A_CALL, "reached")
        self.entries.add(
            client, pipeline, stage, number, "note", seat.user_id, text_of(at + 60), "Looks for a school.", ""
        )

    def _task(self, client: int, stage: Stage, number: int, seat: Any, born: float, due: str) -> None:
        pipeline = self.firm.pipeline.pk
        self.tasks.add(client, pipeline, stage, number, "Call about the plan", due, seat.user_id, text_of(born))
