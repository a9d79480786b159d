"""Who receives a record: facts gathered under the tier's lock, narrowed by rules, chosen by a pure function, written down."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, NamedTuple

from django.db import connection
from django.db.models import F, Min, Q
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from pipeline_crm.access.sight import sight_of
from pipeline_crm.bulk import array_of
from pipeline_crm.tiers.models import Rule, Seat, Tier, WhenFull
from pipeline_crm.tiers.setup import SetUp, setup
from pipeline_crm.tiers.shifts import room_of
from pipeline_crm.timeline.models import Cause, Movement

from .errors import Refused
from .loads import load_of
from .models import Turn
from .records import BELT, Clock, ConveyorItem
from .roster import Roster
from .rules import came_at, facts_of, first_fit
from .strategies import STRATEGIES, Case, Choice

if TYPE_CHECKING:
    from pipeline_crm.users.models import User

ADVISORY_SPACE = 7_001  # the first key of the advisory locks of tiers
LET_GO = (Cause.STALE, Cause.EXPIRED, Cause.RELEASED)  # after these an earlier owner cools down
# Record by record: PostgreSQL would rather read all that was let go lately, which in a great sweep is more with every batch.
EARLIER = """
SELECT DISTINCT move.record_id, move.from_seat_id
FROM unnest(%s::bigint[]) AS given (id) CROSS JOIN LATERAL (
    SELECT * FROM timeline_movement m WHERE m.stage = %s AND m.record_id = given.id OFFSET 0
) move
WHERE move.at > %s AND move.cause = ANY (%s::text[]) AND move.from_seat_id IS NOT NULL
"""


class Given(NamedTuple):
    """Who receives a record, none being the pool; why; and whether it was for want of room."""

    seat: Seat | None
    why: dict[str, Any]
    is_full: bool = False


NOBODY = Given(None, {"strategy": "barred"})  # receives whom nobody may get in touch with


def same_person(seat: Seat | None) -> Given:
    """Inside one tier the client stays with whoever has them."""
    return Given(seat, {"strategy": "same_person"})


class Dealer:
    """Gives out records of one tier, one after the other, under its lock; `write` keeps whose turn it is then."""

    def __init__(self, tier: Tier, house: SetUp, *, now: datetime, locked: Collection[int] | None = None) -> None:
        """Of the tiers that help, only those that are `locked` come into question; all of them where nothing is written."""
        self.tier, self.house, self.now = house.tiers[tier.pk], house, now
        self.roster = Roster(self.tier, house, now=now)
        self.rules = [rule for rule in self.tier.rules.all() if rule.is_on]
        helpers = [one for one in helpers_of(self.tier, house) if locked is None or one.pk in locked]
        self.helpers = [Roster(helper, house, now=now) for helper in helpers]

    def deal(self, item: ConveyorItem | None, *, barred: Collection[int] = (), first: Seat | None = None) -> Given:
        """Chooses for one record; `first` goes before the strategy if it fits, and takes no turn for it."""
        if item is not None and item.barred:
            return NOBODY
        if first is not None and self.roster.fits(first.pk, barred=barred):
            why = {"strategy": "earlier_owner", "seat": first.pk, "candidates": [first.pk], "skipped": {}}
            return Given(self.roster.hold(first.pk), why)
        case, rule = _case(item), self._rule(item)
        choice = self.roster.choose(case, barred=barred, rule=rule)
        if choice.seat_id is None and rule is not None and not rule.is_strict and self.tier.strategy != "pool":
            choice = self.roster.choose(case, barred=barred)
        reasons = choice.as_json() | ({"rule": rule.pk, "rule_name": rule.name} if rule else {})
        seat = self.roster.give(choice, case)
        if seat is None and choice.is_full:
            return self._widen(case, choice, reasons, barred)
        return Given(seat, reasons)

    def write(self) -> None:
        """Keeps whose turn it is."""
        for roster in (self.roster, *self.helpers):
            roster.write()

    def _widen(self, case: Case, choice: Choice, why: dict[str, Any], barred: Collection[int]) -> Given:
        """Nobody here has room: a helping tier's people may receive, in their own tier's order."""
        for helper in self.helpers:
            found = helper.choose(case, barred=barred)
            seat = helper.give(found, case)
            if seat is not None:
                return Given(seat, found.as_json() | {"skipped": why["skipped"], "helped_by": helper.tier.pk})
        return Given(None, why, is_full=True)

    def _rule(self, item: ConveyorItem | None) -> Rule | None:
        if item is None or not self.rules:
            return None
        asked = any(rule.returning is not None for rule in self.rules)
        return first_fit(self.rules, facts_of(item, returning=asked and _has_been_here(item)))


def helpers_of(tier: Tier, house: SetUp) -> list[Tier]:
    """The tiers that take what a tier has no room for, where its setting lets them."""
    if tier.when_full != WhenFull.WIDEN:
        return []
    return [other for other in house.tiers.values() if other.helps_id == tier.pk]


def tiers_of_choice(tier: Tier, house: SetUp) -> list[int]:
    """The tiers whose people may receive what is given out here, in the order in which they are locked."""
    return sorted({tier.pk, *(helper.pk for helper in helpers_of(house.tiers[tier.pk], house))})


def lock_tiers(tier_ids: Iterable[int]) -> SetUp:
    """Waits until nobody else assigns at these tiers; they, and the set-up that is returned, are held to the commit.

    Locks are taken in one order by everybody: records, then tiers, then the set-up.
    """
    with connection.cursor() as cursor:
        for tier_id in tier_ids:
            cursor.execute("SELECT pg_advisory_xact_lock(%s, %s)", [ADVISORY_SPACE, tier_id])
    return setup(held=True)


def lock_choice(*tiers: Tier) -> SetUp:
    """Locks every tier whose people may receive what is given out at these; at once, for who locks again waits in rings."""
    return lock_tiers(_to_lock(*tiers))


def _to_lock(*tiers: Tier) -> list[int]:
    wide = any(tier.when_full == WhenFull.WIDEN for tier in tiers)
    house = setup() if wide else None
    return sorted({pk for tier in tiers for pk in (tiers_of_choice(tier, house) if house else [tier.pk])})


def choose_seat(
    tier: Tier,
    *,
    now: datetime,
    item: ConveyorItem | None = None,
    barred: Collection[int] = (),
    first: Seat | None = None,
) -> Given:
    """The seat that receives a record of a tier, and why; `first` goes before the strategy if it fits.

    Must run inside a transaction: it takes the tier's lock, so that no two assignments see the same free place, and
    reads only then who still works here and which tiers help. One that has begun to help since is not locked, and left out.
    """
    locked = _to_lock(tier)
    dealer = Dealer(tier, lock_tiers(locked), now=now, locked=locked)
    resting = set(barred)
    if item is not None and item.pk is not None:
        resting |= earlier_owners(type(item), [item.pk], dealer.tier, now=now).get(item.pk, set())
    given = dealer.deal(item, barred=resting - ({first.pk} if first else set()), first=first)
    dealer.write()
    return given


def earlier_owners(
    model: type[ConveyorItem], records: Sequence[int], tier: Tier, *, now: datetime
) -> dict[int, set[int]]:
    """The seats that let each record lie, or put it back, within the tier's cool-down."""
    since = now - timedelta(hours=tier.cool_down_hours)
    owners: dict[int, set[int]] = {}
    with connection.cursor() as cursor:
        cursor.execute(EARLIER, [array_of(records, "bigint"), model.stage, since, array_of(LET_GO)])
        for record_id, seat_id in cursor.fetchall():
            owners.setdefault(record_id, set()).add(seat_id)
    return owners


def refuse_picking(item: ConveyorItem, *, by: User) -> None:
    """Where everybody takes the next one, only whoever steers the tier picks one out of the pool."""
    if not (item.tier.cherry_picking or sight_of(by).supervises(item.tier)):
        raise Refused(_("Here nobody chooses from the pool: press “Take next”, and you get the most urgent client."))


def refuse_full(seat: Seat, *, now: datetime) -> None:
    """Somebody who holds as much as they may, or no longer works here, takes nothing more out of the pool."""
    house = refuse_gone(seat)
    limit = _limit(house.seats[seat.pk], now)
    if load_of([seat.pk])[seat.pk] >= limit:
        raise Refused(
            _("Your hands are full: you hold %(n)d records, which is your limit. Finish or hand on one first.")
            % {"n": limit}
        )


def refuse_hoarding(seat: Seat) -> None:
    """Who holds too many records without a touch works those first."""
    limit = seat.tier.untouched_limit
    if limit is None:
        return
    held = 0
    for model in BELT.values():
        untouched = Q(touched_at=None) | Q(touched_at__lt=F("owner_since"))
        # Parking a client whom nobody has called is no way to have room for the next.
        working = model.objects.open().held_by(seat).exclude(clock=Clock.ANSWER)
        held += working.filter(untouched)[:limit].count()
    if held >= limit:
        raise Refused(
            ngettext(
                "%(n)d client of yours waits for a first touch. Get in touch first, then take the next.",
                "%(n)d clients of yours wait for a first touch. Get in touch with one of them, then take the next.",
                held,
            )
            % {"n": held}
        )


def refuse_resting(item: ConveyorItem, seat: Seat, *, now: datetime) -> None:
    """Who let a client lie, or put them back, does not pick them out of the pool again within the tier's cool-down."""
    if seat.pk in earlier_owners(type(item), [item.pk], item.tier, now=now).get(item.pk, ()):
        raise Refused(_("You let this client go a short while ago: now it is a colleague's turn."))


def refuse_gone(seat: Seat) -> SetUp:
    """A seat that was closed a moment ago, or whose person was dismissed, receives nothing; the answer holds to the commit."""
    house = lock_tiers([seat.tier_id])
    kept = house.seats.get(seat.pk)
    if kept is None or not kept.holds:
        raise Refused(_("This seat cannot receive the record: it is closed, or its person no longer works here."))
    return house


def room_for_one_more(seat: Seat, *, now: datetime) -> bool:
    """Whether a seat may take one more record; the answer holds to the commit, and if it is no, another may be chosen."""
    kept = lock_choice(seat.tier).seats.get(seat.pk)
    return kept is not None and kept.holds and load_of([seat.pk])[seat.pk] < _limit(kept, now)


def _limit(seat: Seat, now: datetime) -> int:
    return room_of(seat, seat.tier, now.astimezone(seat.tier.pipeline.zone).date())


def give_turn_back(item: ConveyorItem, *, now: datetime) -> None:
    """A record that was returned, junk or a duplicate was no gift: whoever got it by rule is next in turn again."""
    if item.seat is None:
        return
    came = (
        Movement.objects.filter(stage=item.stage, record_id=item.pk, to_seat=item.seat)
        .exclude(from_seat=item.seat)
        .order_by("-version")
        .values_list("why", flat=True)
        .first()
    )
    if not came or came.get("strategy") not in STRATEGIES:
        return
    lock_tiers([item.tier_id])
    turn = Turn.objects.select_for_update().filter(seat=item.seat).first()
    if turn is None:
        return
    today = now.astimezone(item.pipeline.zone).date()
    turn.serial = Turn.objects.filter(seat__tier=item.tier_id).aggregate(least=Min("serial"))["least"] - 1
    turn.served = F("served") - 1
    turn.worth = F("worth") - item.score
    turn.today = max(turn.today - 1, 0) if turn.day == today else turn.today
    turn.save()


def _case(item: ConveyorItem | None) -> Case:
    return Case() if item is None else Case(worth=item.expected_value(), salt=item.client_id or 0)


def _has_been_here(item: ConveyorItem) -> bool:
    """Whether the client had another record in this pipeline before they came this time."""
    earlier = {"client": item.client_id, "pipeline": item.pipeline_id, "created_at__lt": came_at(item)}
    return any(model.objects.filter(**earlier).exists() for model in BELT.values())
