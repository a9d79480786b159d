"""What the sweep will do and why: read from the records, the ladders and the people, written by nobody.

The same plan is carried out by the sweep and shown beforehand by `sweep --dry-run` and the team lead's page.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from datetime import datetime
from functools import partial
from types import MappingProxyType
from typing import Any, NamedTuple

from django.db import connection

from pipeline_crm.bulk import array_of
from pipeline_crm.outbox.models import Notice
from pipeline_crm.tiers.models import Rung, Seat, Tier
from pipeline_crm.tiers.setup import SetUp, setup
from pipeline_crm.timeline.models import Cause, Entry

from .assignment import Dealer, earlier_owners
from .clocks import NO_TIME, ladder_of
from .columns import fields_of
from .questions import NOW, Question, kept
from .records import BELT, ConveyorItem, ConveyorQuerySet

TIER = -1  # stands for the tier in a question that is kept
# What the sweep neither asks of a record nor changes, unless a rule is to read it.
UNASKED = ("created_at", "next_task_at", "comment", "campaign", "competitor", "currency")
SHOWN = 200  # how many deeds are foretold for one stage of one tier
# The tiers at which something of one stage is due, whoever has it in hand.
PLACES = """
SELECT '{stage}', tier.id FROM unnest(%(tiers)s::bigint[]) AS tier (id)
WHERE EXISTS (SELECT FROM {table} WHERE tier_id = tier.id AND stale_at <= %(now)s OFFSET 0)
UNION SELECT '{stage}', tier_id FROM {table} WHERE seat_id = ANY (%(gone)s::bigint[]) AND state IN ({opened})
"""


class Deed(NamedTuple):
    """What is due for one record: what is done, to whom it goes and why, who is told, how many rungs are climbed."""

    item: ConveyorItem
    act: str
    cause: Cause | None = None
    to: Seat | None = None
    why: Mapping[str, Any] = MappingProxyType({})
    told: tuple[tuple[int, Notice.Kind], ...] = ()
    entry: Entry.Kind | None = None
    climbs: int = 0

    @property
    def moves(self) -> bool:
        """Whether the record changes hands or state."""
        return self.cause is not None


def places_due(house: SetUp, *, now: datetime) -> list[tuple[type[ConveyorItem], int]]:
    """The stages and tiers where the sweep has something to do, in its order; one question for all of them."""
    sql = " UNION ALL ".join(
        PLACES.format(stage=stage, table=model._meta.db_table, opened=", ".join(f"'{state}'" for state in model.OPEN))
        for stage, model in BELT.items()
    )
    gone = [seat.pk for seat in house.seats.values() if not seat.holds]
    with connection.cursor() as cursor:
        cursor.execute(sql, {"tiers": array_of(house.tiers, "bigint"), "gone": array_of(gone, "bigint"), "now": now})
        places = set(cursor.fetchall())
    return [(model, tier) for tier in sorted(house.tiers) for stage, model in BELT.items() if (stage, tier) in places]


def due(
    model: type[ConveyorItem],
    tier: Tier,
    *,
    now: datetime,
    size: int,
    besides: Collection[int] = (),
    locked: bool = False,
) -> list[ConveyorItem]:
    """So many records of one stage at a tier for which something is due: their owner is gone, or a rung is reached.

    Two questions, each on an index of its own; `locked` passes over what somebody else has in hand.
    """
    rows = partial(_rows, model, whole=not locked or asks_more(tier), locked=locked)
    gone = [seat.pk for seat in tier.seats.all() if not seat.holds]
    left: list[ConveyorItem] = []
    reached: Iterable[ConveyorItem]
    if gone:
        left = list(rows(tier.pk).open().filter(seat__in=gone).exclude(pk__in=besides).order_by("id")[:size])
    if len(left) == size:
        return left
    if besides or not locked:
        reached = rows(tier.pk).exclude(pk__in=besides).stale(now).order_by("stale_at", "id")[:size]
    else:
        # Batch after batch asks the same: it is written once for each size. How many are due is told by the hour.
        asked = kept(
            ("due", model.stage, size, asks_more(tier)),
            lambda: Question([rows(TIER).filter(stale_at__lte=NOW).order_by("stale_at", "id")[:size]]),
        )
        reached = asked.records({TIER: tier.pk}, now=now)
    known = {item.pk for item in left}
    return left + [item for item in reached if item.pk not in known][: size - len(left)]


def _rows(model: type[ConveyorItem], tier_id: int, *, whole: bool, locked: bool) -> ConveyorQuerySet:
    """The records of a tier, with all that a rule may ask of them where they are read as a `whole`."""
    rows = model.objects.filter(tier=tier_id)
    if locked:
        rows = rows.select_for_update(of=("self",), skip_locked=True)
    if whole:
        return rows.select_related("client", *model.COMES_WITH)
    return rows.defer(*(name for name in UNASKED if name in fields_of(model)))


def asks_more(tier: Tier) -> bool:
    """Whether a rule by which records of this tier are given out asks about their clients."""
    places = [tier, tier.helps] if tier.helps is not None else [tier]
    return any(rule.is_on for place in places for rule in place.rules.all())


def foretell(*, now: datetime, tiers: Collection[int] | None = None) -> list[Deed]:
    """What the next sweep would do at these tiers, all of them if none are named; nothing is locked or written."""
    house = setup()
    deeds: list[Deed] = []
    for model, tier_id in places_due(house, now=now):
        if tiers is None or tier_id in tiers:
            tier = house.tiers[tier_id]
            items = due(model, tier, now=now, size=SHOWN)
            deeds += Planner(model, tier, house, now=now).plan(items)
    return deeds


class Planner:
    """Decides for many records of one stage at one tier, each knowing what was decided before it."""

    def __init__(
        self,
        model: type[ConveyorItem],
        tier: Tier,
        house: SetUp,
        *,
        now: datetime,
        locked: Collection[int] | None = None,
    ) -> None:
        """`locked` are the tiers that are held: of those that help, no other is asked; all of them where nothing is written."""
        self.model, self.tier, self.house, self.now, self.locked = model, tier, house, now, locked
        self.dealers: dict[int, Dealer] = {}
        self.earlier: dict[int, set[int]] = {}
        self.ladder = ladder_of(tier)
        self.leads = tier.lead_ids()

    def plan(self, items: Iterable[ConveyorItem]) -> list[Deed]:
        """What is due for each of these records, in their order."""
        return list(self.each(items))

    def each(self, items: Iterable[ConveyorItem]) -> Iterator[Deed]:
        """The same, one after the other."""
        items = self.house.attach(items)
        if items:
            self.earlier = earlier_owners(self.model, [item.pk for item in items], self.tier, now=self.now)
        for item in items:
            yield self.decide(item)

    def decide(self, item: ConveyorItem) -> Deed:
        """What is due for one record."""
        owner = item.seat
        if not item.is_open:
            return self._unfinished(item)
        if item.barred:
            return self._set_aside(item) if owner is not None and not owner.holds else Deed(item, "waits")
        if owner is not None and not owner.holds:
            return self._give_away(item, owner, Cause.SEAT_CLOSED)
        if item.is_parked:
            told = ((owner.user_id, Notice.Kind.WOKEN),) if owner else ()
            return Deed(item, "woken", Cause.WOKEN, to=owner, told=told)
        if item.awaits_lead:
            return Deed(item, "waits", told=self._tell_leads(Notice.Kind.DECIDE))
        if owner is None:
            return self._place(item)
        return self._climb(item, owner)

    def write(self) -> None:
        """Keeps whose turn it is after what was given out."""
        for dealer in self.dealers.values():
            dealer.write()

    def _climb(self, item: ConveyorItem, owner: Seat) -> Deed:
        rung, climbs = item.rung, 1
        while self._is_too_late(item, rung):
            rung, climbs = rung + 1, climbs + 1
        act = self.ladder[min(rung, len(self.ladder) - 1)].act
        if act == Rung.Act.REMIND:
            early = item.due_at is not None and self.now < item.due_at
            kind = Notice.Kind.REMINDED_EARLY if early else Notice.Kind.REMINDED
            return Deed(item, "reminded", told=((owner.user_id, kind),), entry=Entry.Kind.REMINDED, climbs=climbs)
        if act == Rung.Act.WARN:
            return Deed(
                item,
                "warned",
                told=self._tell_leads(Notice.Kind.WARNED),
                entry=Entry.Kind.WARNED,
                climbs=climbs,
            )
        if act == Rung.Act.POOL:
            told = ((owner.user_id, Notice.Kind.TAKEN_AWAY),)
            self._dealer(item).roster.drop(owner.pk)
            return Deed(item, "pooled", Cause.STALE, told=told)
        return self._give_away(item, owner, Cause.EXPIRED if item.state == "offered" else Cause.STALE)

    def _is_too_late(self, item: ConveyorItem, rung: int) -> bool:
        """A word before the breach is worth nothing after it, when another rung follows."""
        ladder = self.ladder
        missed = rung < len(ladder) - 1 and ladder[rung].delay < NO_TIME
        return missed and item.due_at is not None and self.now >= item.due_at

    def _give_away(self, item: ConveyorItem, owner: Seat, cause: Cause) -> Deed:
        """Never back to the seat that let it lie; after so many hops the team lead decides."""
        dealer = self._dealer(item)
        told: tuple[tuple[int, Notice.Kind], ...] = ((owner.user_id, Notice.Kind.TAKEN_AWAY),)
        dealer.roster.drop(owner.pk)
        if cause != Cause.SEAT_CLOSED and item.hops >= dealer.tier.hop_limit:
            why = {"strategy": "team_lead", "hops": item.hops}
            told += self._tell_leads(Notice.Kind.DECIDE)
            return Deed(item, "undecided", Cause.UNDECIDED, why=why, told=told)
        barred = {owner.pk, *self.earlier.get(item.pk, ())}
        given = dealer.deal(item, barred=barred)
        return Deed(item, "reassigned" if given.seat else "pooled", cause, to=given.seat, why=given.why, told=told)

    def _set_aside(self, item: ConveyorItem) -> Deed:
        """Its owner is gone, and nobody may get in touch with the client: it waits for the team lead, who hears of it once."""
        why = {"strategy": "barred"}
        return Deed(item, "undecided", Cause.UNDECIDED, why=why, told=self._tell_leads(Notice.Kind.BARRED))

    def _place(self, item: ConveyorItem) -> Deed:
        """What waited too long in the pool goes to whoever fits; nobody fits, so the team lead is told."""
        given = self._dealer(item).deal(item, barred=self.earlier.get(item.pk, ()))
        if given.seat is not None:
            return Deed(item, "assigned", Cause.ASSIGNED, to=given.seat, why=given.why)
        return Deed(item, "stuck", why=given.why, told=self._tell_leads(Notice.Kind.POOL_STUCK))

    def _unfinished(self, item: ConveyorItem) -> Deed:
        """A returned hand-off that nobody completes: the leads of every tier of the pipeline are told."""
        leads = [pk for tier in self.house.pipelines[item.pipeline_id].tiers.all() for pk in tier.lead_ids()]
        return Deed(item, "warned", told=tuple((user_id, Notice.Kind.WARNED) for user_id in leads))

    def _dealer(self, item: ConveyorItem) -> Dealer:
        home = item.home
        if home.pk not in self.dealers:
            self.dealers[home.pk] = Dealer(home, self.house, now=self.now, locked=self.locked)
        return self.dealers[home.pk]

    def _tell_leads(self, kind: Notice.Kind) -> tuple[tuple[int, Notice.Kind], ...]:
        return tuple((user_id, kind) for user_id in self.leads)
