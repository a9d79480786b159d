"""What a rule of assignment would have done in the last days, before it is switched on: numbers only, no client.

The clients are looked at as they are known today, and everybody among the rule's people as if they had begun empty-handed
and had been there all the time: the question is whom the rule means, not who happened to be away.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from itertools import batched
from typing import Any, NamedTuple

from django.db.models import F, Min, Q

from pipeline_crm.access.identity import system_scope
from pipeline_crm.tiers.models import Rule, Strategy, Tier
from pipeline_crm.tiers.setup import SetUp, setup
from pipeline_crm.tiers.stages import Stage
from pipeline_crm.timeline.models import Movement

from .records import BELT, ConveyorItem
from .roster import Roster
from .rules import came_at, conditions_of, facts_of, in_order
from .strategies import Case, Choice, SeatFacts, choose

DAYS = 30
MOST, AT_ONCE = 10_000, 1_000
ENDLESS = 1_000_000  # as much room as nobody fills, in relation to what each may hold
BY_STRATEGY = [strategy.value for strategy in Strategy]


class Row(NamedTuple):
    """One person: how many of the fitting records they got, and how many the rule would have given them."""

    name: str
    went: int
    would_go: int


@dataclass
class DryRun:
    """The counts of a dry run; `is_capped` when more was given out than is looked at."""

    looked: int = 0
    fits: int = 0
    taken_before: dict[str, int] = field(default_factory=dict)
    rows: list[Row] = field(default_factory=list)
    is_capped: bool = False
    to_pool: bool = False


@system_scope("a configurator learns numbers of clients whom they must not see")
def dry_run(rule: Rule, *, now: datetime) -> DryRun:
    """Follows the latest assignments of the rule's tier as if the rule had been on, after those before it that are on."""
    house = setup()
    tier = house.tiers[rule.tier_id]
    before, told = _before(rule, tier), DryRun(to_pool=tier.strategy == Strategy.POOL)
    given = list(_given(tier, since=now - timedelta(days=DAYS))[: MOST + 1])
    told.is_capped, told.looked = len(given) > MOST, min(len(given), MOST)
    people = _Empty(tier, conditions_of(rule).seats, house, now=now)
    went: Counter[int] = Counter()
    asks = any(each.returning is not None for each in (*before, rule))
    for item, seat_id, is_known in _items(given[:MOST][::-1], tier, asks=asks):
        facts = facts_of(item, returning=is_known)
        if not conditions_of(rule).fit(facts):
            continue
        first = next((each for each in before if conditions_of(each).fit(facts)), None)
        if first is not None:
            told.taken_before[first.name] = told.taken_before.get(first.name, 0) + 1
            continue
        told.fits += 1
        went[seat_id] += 1
        people.give(Case(worth=item.expected_value(), salt=item.client_id))
    told.rows = _rows(went, people.got, house)
    return told


def _before(rule: Rule, tier: Tier) -> list[Rule]:
    """The rules that are asked first: on, and above this one."""
    listed = in_order([*(each for each in tier.rules.all() if each.pk != rule.pk), rule])
    return [each for each in listed[: listed.index(rule)] if each.is_on]


def _given(tier: Tier, *, since: datetime) -> Any:
    """The newest assignments by strategy to people of a tier: which record, and to whom."""
    chosen = Movement.objects.filter(pipeline=tier.pipeline_id, to_tier=tier, at__gte=since, to_seat__isnull=False)
    anew = chosen.filter(Q(from_seat=None) | ~Q(from_seat=F("to_seat")), why__strategy__in=BY_STRATEGY)
    return anew.order_by("-at", "-id").values_list("stage", "record_id", "to_seat")


def _items(
    given: Sequence[tuple[str, int, int]], tier: Tier, *, asks: bool
) -> Iterator[tuple[ConveyorItem, int, bool]]:
    """The records in the order in which they were given, a chunk at a time; `asks` whether clients were known before."""
    for chunk in batched(given, AT_ONCE):
        found: dict[tuple[str, int], ConveyorItem] = {}
        for stage in {stage for stage, _pk, _seat in chunk}:
            keys = [pk for its, pk, _seat in chunk if its == stage]
            found.update({(stage, item.pk): item for item in _read(Stage(stage), keys)})
        known = _known(found.values(), tier.pipeline_id) if asks else set()
        for stage, pk, seat_id in chunk:
            if (item := found.get((stage, pk))) is not None:
                yield item, seat_id, (stage, pk) in known


def _read(stage: Stage, keys: Collection[int]) -> list[ConveyorItem]:
    origin = {Stage.LEAD: (), Stage.DEAL: ("lead",), Stage.ACCOUNT: ("deal__lead",)}[stage]
    rows = BELT[stage].objects.filter(pk__in=keys).select_related("client", *origin)
    return setup().attach(rows)


def _known(items: Collection[ConveyorItem], pipeline_id: int) -> set[tuple[str, int]]:
    """Which of these records are of clients who had another one before they came this time."""
    clients, first = {item.client_id for item in items}, dict[int, datetime]()
    for model in BELT.values():
        rows = model.objects.filter(client__in=clients, pipeline=pipeline_id).order_by()
        for client_id, at in rows.values_list("client").annotate(Min("created_at")):
            first[client_id] = min(at, first.get(client_id, at))
    return {(item.stage, item.pk) for item in items if first[item.client_id] < came_at(item)}


class _Empty:
    """The rule's people, who have received nothing yet and have room without end, each in proportion to their own."""

    def __init__(self, tier: Tier, allowed: Collection[int], house: SetUp, *, now: datetime) -> None:
        self.strategy, self.serial = tier.strategy, 0
        at_work = [each for pk, each in Roster(tier, house, now=now).facts.items() if pk in allowed]
        self.facts = {each.seat_id: _emptied(each) for each in at_work if each.is_open and each.is_active}
        self.got: Counter[int] = Counter()

    def give(self, case: Case) -> None:
        """Gives one record by the tier's strategy."""
        choice: Choice = choose(self.strategy, self.facts.values(), case)
        if choice.seat_id is None:
            return
        was, self.serial = self.facts[choice.seat_id], self.serial + 1
        self.facts[was.seat_id] = replace(
            was, open_items=was.open_items + 1, turn=self.serial, served=was.served + 1, worth=was.worth + case.worth
        )
        self.got[was.seat_id] += 1


def _emptied(facts: SeatFacts) -> SeatFacts:
    return replace(
        facts, open_items=0, capacity=facts.capacity * ENDLESS, turn=0, served=0, worth=0, absent=False, paused=False,
        off_shift=False, left_today=None,
    )  # fmt: skip


def _rows(went: Counter[int], would_go: Counter[int], house: SetUp) -> list[Row]:
    named = {pk: seat.user.name for pk, seat in house.seats.items()}
    rows = [Row(named.get(pk, "–"), went[pk], would_go[pk]) for pk in went | would_go]
    return sorted(rows, key=lambda row: (-row.would_go, -row.went, row.name))
