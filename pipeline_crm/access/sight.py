"""What one person may see, read once and asked many times."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import cached_property
from typing import TYPE_CHECKING, Any, NamedTuple
from uuid import UUID

from django.contrib.auth.models import AnonymousUser
from django.db.models import Value
from django.utils import timezone
from guardian.models import GroupObjectPermissionBase, UserObjectPermissionBase

from pipeline_crm.tiers.models import (
    Pipeline,
    PipelineGroupObjectPermission,
    PipelineUserObjectPermission,
    Seat,
    Tier,
    TierGroupObjectPermission,
    TierUserObjectPermission,
)
from pipeline_crm.tiers.setup import SetUp, setup
from pipeline_crm.tiers.stages import Stage

from .models import GRANTS, BreakGlass
from .policy import Relation

if TYPE_CHECKING:
    from pipeline_crm.users.models import User

    from .viewing import Viewing


class Loan(NamedTuple):
    """A record that a team lead shares with somebody until a date."""

    stage: Stage
    record_id: int
    until: datetime


@dataclass(frozen=True)
class Sight:
    """The tiers a person works or leads, the pipelines they head or analyse, the seats they sit on.

    An administrator sees no client for being one. Who has broken the glass stands as a head of that pipeline until it
    closes; it is among `headed` then, and `glass` tells so. With `viewing` somebody looks with other eyes than their own.
    """

    user_id: int | None = None
    seats: tuple[Seat, ...] = ()
    worked: tuple[Tier, ...] = ()
    led: tuple[Tier, ...] = ()
    headed: tuple[Pipeline, ...] = ()
    analysed: tuple[Pipeline, ...] = ()
    exports: tuple[Tier, ...] = ()
    approves: tuple[Pipeline, ...] = ()
    audited: tuple[Pipeline, ...] = ()
    administers: bool = False
    glass: tuple[BreakGlass, ...] = ()
    loans: tuple[Loan, ...] = ()
    viewing: Viewing | None = None
    house: SetUp | None = field(default=None, compare=False, repr=False)

    @cached_property
    def seat_ids(self) -> frozenset[int]:
        return _ids(self.seats)

    @cached_property
    def worked_ids(self) -> frozenset[int]:
        return _ids(self.worked)

    @cached_property
    def led_ids(self) -> frozenset[int]:
        return _ids(self.led)

    @cached_property
    def headed_ids(self) -> frozenset[int]:
        return _ids(self.headed)

    @cached_property
    def lent(self) -> Mapping[Stage, frozenset[int]]:
        """By stage, the records that are shared with the person."""
        return {stage: frozenset(one.record_id for one in self.loans if one.stage == stage) for stage in Stage}

    @cached_property
    def answered_for(self) -> tuple[Pipeline, ...]:
        """The pipelines the person was appointed to head: none that they see only behind a broken glass."""
        return tuple(pipeline for pipeline in self.headed if not self.is_behind_glass(pipeline.pk))

    @cached_property
    def stands(self) -> frozenset[Relation]:
        """What the person is to any tier, to any pipeline and to the house."""
        ways = {
            Relation.ANYBODY: self.user_id is not None,
            Relation.LED: bool(self.led),
            Relation.HEADED: bool(self.answered_for),
            Relation.GLASS: bool(self.glass),
            Relation.ANALYST: bool(self.analysed),
            Relation.OFFICER: bool(self.audited),
            Relation.KEEPER: self.administers,
        }
        return frozenset(relation for relation, holds in ways.items() if holds)

    def works(self, stage: Stage | str) -> bool:
        """Whether any record of a stage can be worked, led or headed from here."""
        return bool(self.headed) or bool(self.tiers_for(stage))

    def tiers_for(self, stage: Stage | str) -> list[Tier]:
        """The person's tiers at which records of a stage lie."""
        return [tier for tier in self.worked if tier.takes(stage)]

    def supervises(self, tier: Tier) -> bool:
        """Whether the person steers this tier: its team lead or its head of sales."""
        return tier.id in self.led_ids or tier.pipeline_id in self.headed_ids

    def is_behind_glass(self, pipeline_id: int) -> bool:
        """Whether the person sees this pipeline only because they have broken the glass."""
        return any(glass.pipeline_id == pipeline_id for glass in self.glass)

    def loan_of(self, stage: Stage, pk: int) -> Loan | None:
        """Until when a record is shared with the person, where it is."""
        return next((one for one in self.loans if (one.stage, one.record_id) == (stage, pk)), None)

    def seat_at(self, tier_id: int) -> Seat | None:
        """The person's own open seat at a tier."""
        return next((seat for seat in self.seats if seat.tier_id == tier_id), None)


def _ids(rows: Iterable[Any]) -> frozenset[int]:
    return frozenset(row.pk for row in rows)


def sight_of(user: User | AnonymousUser) -> Sight:
    """Reads what a person may see; within a request it is read once."""
    kept = user.__dict__.get("sight")
    return kept if kept is not None else read_sight(user)


def read_sight(user: User | AnonymousUser, *, stamp: UUID | None = None) -> Sight:
    """Reads what a person may see from their grants and seats; out of memory as long as no set-up, seat or grant changes.

    `stamp` is that of the set-up, for who has just asked for it.
    """
    if not user.is_authenticated or not user.is_active:
        return Sight()
    house = setup(stamp=stamp)
    # Sights of an earlier set-up go together: each of them would hold all of it in memory.
    if house not in _kept:
        _kept.clear()
    sights = _kept.setdefault(house, {})
    kept = sights.get(user.pk)
    if kept is None or kept.administers != user.is_superuser:
        kept = sights[user.pk] = _read(user, house)
    kept = _until_now(kept)
    return _through_glass(kept, house, _opened([user.pk])[user.pk]) if kept.administers else kept


def _until_now(sight: Sight) -> Sight:
    """Without what was shared until an hour that has passed, even if nobody has ended it yet."""
    if not sight.loans:
        return sight
    now = timezone.now()
    loans = tuple(loan for loan in sight.loans if loan.until > now)
    return sight if len(loans) == len(sight.loans) else replace(sight, loans=loans)


def sights_of(people: Iterable[User]) -> dict[int, Sight]:
    """What each of these people may see now, by their numbers; as many questions for a thousand people as for one."""
    house, people = setup(), [person for person in people if person.is_active]
    tiers = _grants(TierUserObjectPermission, TierGroupObjectPermission, people)
    pipelines = _grants(PipelineUserObjectPermission, PipelineGroupObjectPermission, people)
    lent = _lent(people)
    sights = {
        one.pk: _until_now(_composed(one, house, tiers[one.pk], pipelines[one.pk], lent[one.pk])) for one in people
    }
    opened = _opened([one.pk for one in people if one.is_superuser])
    return sights | {pk: _through_glass(sights[pk], house, glass) for pk, glass in opened.items()}


def _opened(administrators: list[int]) -> dict[int, list[BreakGlass]]:
    """The glass that these administrators have broken; asked anew each time, for it closes by the clock."""
    found: dict[int, list[BreakGlass]] = defaultdict(list)
    for one in BreakGlass.objects.open(timezone.now()).filter(user__in=administrators).order_by("id"):
        found[one.user_id].append(one)
    return found


def _through_glass(sight: Sight, house: SetUp, opened: Iterable[BreakGlass]) -> Sight:
    """With the pipelines that an administrator has opened."""
    shut = house.pipelines.keys() - sight.headed_ids
    glass = {one.pipeline_id: one for one in house.attach(opened) if one.pipeline_id in shut}
    if not glass:
        return sight
    return replace(sight, headed=(*sight.headed, *(house.pipelines[pk] for pk in glass)), glass=tuple(glass.values()))


# By the set-up that was read last, one sight for each person who has asked since.
_kept: dict[SetUp, dict[int, Sight]] = {}


def _read(user: User, house: SetUp) -> Sight:
    tiers = _grants(TierUserObjectPermission, TierGroupObjectPermission, [user])
    pipelines = _grants(PipelineUserObjectPermission, PipelineGroupObjectPermission, [user])
    return _composed(user, house, tiers[user.pk], pipelines[user.pk], _lent([user])[user.pk])


Grants = set[tuple[str, int]]  # what is granted, and the number of what it is granted for


def _composed(user: User, house: SetUp, at_tiers: Grants, at_pipelines: Grants, loans: list[Loan]) -> Sight:
    tiers, pipelines = _granted(house.tiers, at_tiers), _granted(house.pipelines, at_pipelines)
    worked = tiers["work_tier"]
    at = _ids(worked)
    return Sight(
        user_id=user.pk,
        seats=tuple(seat for seat in house.seats_of(user.pk) if seat.is_open and seat.tier_id in at),
        worked=worked,
        led=tiers["lead_tier"],
        headed=pipelines["head_pipeline"],
        analysed=pipelines["analyse_pipeline"],
        exports=tuple(tier for tier in tiers["export_tier"] if tier.pk in at),
        approves=pipelines["approve_exports"],
        audited=pipelines["audit_pipeline"],
        administers=user.is_superuser,
        loans=tuple(loans),
        house=house,
    )


def _grants(
    by_person: type[UserObjectPermissionBase], by_group: type[GroupObjectPermissionBase], people: list[User]
) -> defaultdict[int, Grants]:
    """What django-guardian grants to each of these people; a grant on the whole model opens nothing.

    Guardian's own look-up asks the database once for each permission, its kind and its rows; its tables tell all at once.
    """
    pair = ("permission__codename", "content_object_id")
    rows = (
        by_person.objects.filter(user__in=people)
        .values_list("user_id", *pair)
        .union(by_group.objects.filter(group__user__in=people).values_list("group__user", *pair))
    )
    found: defaultdict[int, Grants] = defaultdict(set)
    for user_id, *grant in rows:
        found[user_id].add((grant[0], grant[1]))
    return found


def _lent(people: list[User]) -> defaultdict[int, list[Loan]]:
    """What is shared with each of these people, over or not; one question for the three stages."""
    first, *others = (
        grants.objects.filter(user__in=people)
        .annotate(at=Value(stage.value))
        .values_list("at", "user_id", "content_object_id", "until")
        for stage, grants in GRANTS.items()
    )
    found: defaultdict[int, list[Loan]] = defaultdict(list)
    for stage, user_id, pk, until in first.union(*others, all=True):
        found[user_id].append(Loan(Stage(stage), pk, until))
    return found


def _granted(rows: Mapping[int, Any], grants: Grants) -> defaultdict[str, tuple[Any, ...]]:
    """The rows that are granted, by what they are granted for."""
    granted: defaultdict[str, tuple[Any, ...]] = defaultdict(tuple)
    for codename, pk in sorted(grants):
        if pk in rows:
            granted[codename] += (rows[pk],)
    return granted
