"""The record that rides the belt, as each of the three stages has it."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from enum import IntEnum
from functools import cache, reduce
from operator import or_
from typing import TYPE_CHECKING, Any, ClassVar, Self

from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Least
from django.utils.translation import gettext_lazy as _
from django_fsm import FSMModelMixin

from pipeline_crm.access.policy import Act, Part, Relation, may_do, verdict, when
from pipeline_crm.clients.models import Client
from pipeline_crm.rows import as_read
from pipeline_crm.tiers.models import Pipeline, Seat, Step, Tier
from pipeline_crm.tiers.stages import Stage

if TYPE_CHECKING:
    from pipeline_crm.access.sight import Sight

    from .clocks import Running

BELT: dict[Stage, type[ConveyorItem]] = {}
OFFERED = "offered"  # the state, at every stage that has it, of what waits for its owner's answer


# When something is to be done with a record: its clock runs out, or a task is due before that.
URGENT = Least("due_at", "next_task_at")


def indexes_of_open(
    prefix: str, opened: Iterable[str], *, amount: str = "amount", wishes: Iterable[str] = ()
) -> list[models.Index]:
    """The indexes of one stage over what must still be worked; what is closed is most of a table and has no part in them.

    `wishes` are the stage's words for what is wanted. Whatever row-level security asks of a record stands in each of them, too:
    otherwise the wall alone would send PostgreSQL to the table (`accounts/migrations/0011_who_sees_what`).
    """
    pool, board = Q(seat=None, state__in=opened), Q(state__in=opened)
    accepted = Q(state__in=[state for state in opened if state != OFFERED])
    return [
        # Whether it waits for the team lead stands among the keys, and its pipeline beside them: the pool is counted without
        # a look at its records.
        models.Index(
            "tier",
            "awaits_lead",
            "due_at",
            F("score").desc(),
            "id",
            include=["pipeline", "seat", "state"],
            condition=pool,
            name=f"{prefix}_in_the_pool",
        ),
        # What a list is sifted by stands behind the order: what falls through a sieve is never looked at.
        models.Index(
            fields=["seat", "due_at", "id", "pipeline", "state", "step", *wishes],
            include=["tier", "awaits_lead"],
            condition=board,
            name=f"{prefix}_in_a_queue",
        ),
        models.Index("seat", URGENT, "id", condition=accepted, name=f"{prefix}_to_be_done"),
        # With the sums beside the keys a board is summed up without looking at its records.
        models.Index(
            fields=["seat", "step", "due_at", "id"],
            include=["pipeline", "tier", "state", "awaits_lead", amount, "currency"],
            condition=board,
            name=f"{prefix}_on_a_board",
        ),
    ]


class Openness(IntEnum):
    """How much of a client a record shows to somebody: nothing in the pool, a name in an offer, all to its owner."""

    HIDDEN = 0
    NAMED = 1
    FULL = 2


@cache
def openness_to(relations: frozenset[Relation]) -> Openness:
    """How much of a client the policy shows to somebody in these relations to the record."""
    if verdict(Part.CONTACT, relations):
        return Openness.FULL
    return Openness.NAMED if verdict(Part.NAME, relations) else Openness.HIDDEN


class Clock(models.TextChoices):
    """What a record is waited for; the one that runs out first is stored."""

    ANSWER = "answer", _("answer the offer")
    FIRST_TOUCH = "first_touch", _("first touch")
    SILENCE = "silence", _("next touch")
    STEP = "step", _("time in this step")
    POOL = "pool", _("wait in the pool")
    PARKED = "parked", _("parked")


class ConveyorQuerySet(models.QuerySet["ConveyorItem"]):
    """Questions about many records, in the trade's words."""

    def open(self) -> Self:
        """Records that somebody must still work."""
        return self.filter(state__in=self.model.OPEN)

    def accepted(self) -> Self:
        """Open records that are not waiting for their owner's answer."""
        return self.filter(state__in=[state for state in self.model.OPEN if state != OFFERED])

    def urgent_before(self, moment: Any) -> Self:
        """Records whose clock runs out, or of which a task is due, before a moment."""
        return self.annotate(urgent_at=URGENT).filter(urgent_at__lt=moment)

    def closed(self) -> Self:
        """Records that nobody works any more."""
        return self.exclude(state__in=self.model.OPEN)

    def held_by(self, *seats: Seat | int) -> Self:
        """Records owned by these seats."""
        return self.filter(seat__in=seats)

    def in_pool(self, *tiers: Tier | int) -> Self:
        """Open records of these tiers that have no owner and wait for anybody."""
        return self.open().filter(seat=None, tier__in=tiers, awaits_lead=False)

    def for_decision(self, *tiers: Tier | int) -> Self:
        """Open records of these tiers that went round too often: the team lead decides."""
        return self.open().filter(seat=None, tier__in=tiers, awaits_lead=True)

    def stale(self, now: datetime) -> Self:
        """Records for which the sweep has something to do."""
        return self.filter(stale_at__lte=now)

    def late(self, now: datetime) -> Self:
        """Open records whose clock has run out."""
        return self.open().filter(due_at__lte=now)

    def most_urgent(self) -> Self:
        """The one that runs out first, first; then the one that is worth most, then the oldest."""
        return self.order_by(F("due_at").asc(nulls_last=True), F("score").desc(), "id")

    def for_cards(self) -> Self:
        """With everything that a row or a card shows, in one query."""
        return self.select_related("client", "step", "tier", "pipeline", "seat__user")


class ConveyorItem(FSMModelMixin, models.Model):
    """A client at one stage of one pipeline: who has it, on which step, and until when it may wait."""

    PART = Part.RECORD
    stage: ClassVar[Stage]
    OPEN: ClassVar[tuple[str, ...]]
    COMES_WITH: ClassVar[tuple[str, ...]] = ()  # the records before this one that a rule of assignment asks
    ALSO_MOVED: ClassVar[tuple[str, ...]] = ()  # what the sweep may change here beyond the place on the belt
    state: Any

    if TYPE_CHECKING:

        def get_state_display(self) -> str: ...

    client = models.ForeignKey(Client, models.PROTECT, related_name="%(class)ss", verbose_name=_("client"))
    pipeline = models.ForeignKey(Pipeline, models.PROTECT, related_name="%(class)ss", verbose_name=_("pipeline"))
    tier = models.ForeignKey(Tier, models.PROTECT, related_name="%(class)ss", verbose_name=_("tier"))
    # Its own index is the one by owner and client.
    seat = models.ForeignKey(
        Seat,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="%(class)ss",
        db_index=False,
        verbose_name=_("owner"),
    )
    step = models.ForeignKey(Step, models.PROTECT, related_name="%(class)ss", verbose_name=_("step"))
    version = models.PositiveIntegerField(_("version"), default=0, editable=False)
    created_at = models.DateTimeField(_("since"))
    owner_since = models.DateTimeField(_("with its owner since"))
    step_since = models.DateTimeField(_("on its step since"))
    # What the same owner has spent on the step before it came there this time; it is taken off the step's limit.
    step_spent = models.PositiveIntegerField(
        _("working minutes on its step before"), default=0, db_default=0, editable=False
    )
    touched_at = models.DateTimeField(_("last touch"), null=True, blank=True)
    clock = models.CharField(_("clock"), max_length=12, choices=Clock, blank=True)
    clock_since = models.DateTimeField(_("clock runs since"), null=True, blank=True)
    due_at = models.DateTimeField(_("clock runs out"), null=True, blank=True)
    stale_at = models.DateTimeField(_("the sweep acts"), null=True, blank=True)
    # Kept by a trigger on the tasks; nobody else writes it (see `timeline.laws`).
    next_task_at = models.DateTimeField(_("next task is due"), null=True, blank=True, editable=False)
    rung = models.PositiveSmallIntegerField(_("rungs climbed"), default=0)
    score = models.BigIntegerField(_("expected value"), default=0, editable=False)
    hops = models.PositiveSmallIntegerField(_("passed on by the sweep"), default=0, editable=False)
    awaits_lead = models.BooleanField(_("waits for the team lead's decision"), default=False, editable=False)
    # The client's own wish, kept beside the clock that it stops: see `consent`.
    barred = models.BooleanField(_("must not be contacted"), default=False, db_default=False, editable=False)

    objects = ConveyorQuerySet.as_manager()

    class Meta:
        abstract = True
        ordering: ClassVar = ["-id"]
        indexes: ClassVar = [
            models.Index(
                fields=["tier", "stale_at", "id"],
                condition=Q(stale_at__isnull=False),
                name="%(class)ss_the_sweep_reads",
            ),
            models.Index(fields=["tier", "step", "state"], name="%(class)ss_on_a_step"),
            models.Index(fields=["client", "pipeline"], name="%(class)ss_of_a_client"),
            # Whom somebody holds is read from the index alone.
            models.Index(
                fields=["seat", "client"],
                include=["id", "pipeline", "tier", "state", "awaits_lead"],
                name="%(class)ss_of_an_owner",
            ),
        ]

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        if "stage" in cls.__dict__:
            BELT[cls.stage] = cls

    def __str__(self) -> str:
        return f"{self.stage} {self.pk}"

    @classmethod
    def from_db(cls, db: str | None, field_names: Any, values: Any, *, fetch_mode: Any = None) -> Self:
        """A record as its row has it, which remembers where it stood, so that a movement can tell."""
        item = as_read(cls, db, field_names, values, fetch_mode)
        item.remember()
        return item

    @classmethod
    def rows_of(cls, relations: frozenset[Relation], sight: Sight, *, only_open: bool = False) -> Q:
        """The rows to which somebody stands in one of these relations.

        Of open records it is said more shortly: what a client has left is closed, so whoever holds an open one has it.
        """
        held = Q(seat__in=sight.seat_ids) if only_open else cls.in_hands_of(sight)
        pool = Q(seat=None, tier__in=sight.worked_ids, awaits_lead=False)
        ways: tuple[tuple[bool, Q], ...] = (
            (Relation.OWNER in relations, held if Relation.OFFERED in relations else held & ~Q(state=OFFERED)),
            (Relation.OFFERED in relations and Relation.OWNER not in relations, held & Q(state=OFFERED)),
            (Relation.POOL in relations, pool if only_open else pool & Q(state__in=cls.OPEN)),
            (Relation.LED in relations, Q(tier__in=sight.led_ids)),
            # Who looks through broken glass reads as a head does: the policy's two columns are the same.
            (Relation.HEADED in relations, Q(pipeline__in=sight.headed_ids)),
            (Relation.SHARED in relations, Q(pk__in=sight.lent[cls.stage])),
        )
        return reduce(or_, (rows for is_asked, rows in ways if is_asked), Q(pk__in=[]))

    @classmethod
    def in_hands_of(cls, sight: Sight) -> Q:
        """What a member holds; stages that a client leaves say until when."""
        return Q(seat__in=sight.seat_ids)

    def remember(self) -> None:
        """Keeps the record as it is in the database."""
        self.stood: dict[str, Any] = self.__dict__ | {"stood": None}

    @property
    def is_open(self) -> bool:
        """Whether somebody must still work the record."""
        return self.state in self.OPEN

    @property
    def in_pool(self) -> bool:
        """Whether the record waits for anybody of its tier."""
        return self.is_open and self.seat_id is None and not self.awaits_lead

    @property
    def is_parked(self) -> bool:
        """Whether the record sleeps until a date."""
        return self.parked_until() is not None

    def relations(self, sight: Sight) -> frozenset[Relation]:
        """What somebody who reached this record is to it."""
        found = set()
        if self.seat_id in sight.seat_ids:
            found.add(Relation.OFFERED if self.state == OFFERED else Relation.OWNER)
        elif self.in_pool and self.tier_id in sight.worked_ids:
            found.add(Relation.POOL)
        if self.tier_id in sight.led_ids:
            found.add(Relation.LED)
        if self.pipeline_id in sight.headed_ids:
            found.add(Relation.GLASS if sight.is_behind_glass(self.pipeline_id) else Relation.HEADED)
        if self.pk in sight.lent[self.stage]:
            found.add(Relation.SHARED)
        return frozenset(found)

    def openness(self, sight: Sight) -> Openness:
        """How much of the client somebody who reached this record may read."""
        return openness_to(self.relations(sight))

    def allows(self, act: Act, sight: Sight) -> bool:
        """Whether somebody who reached this record may do an act with it as it is now."""
        return self.is_ready_for(act) and may_do(act, self.stage, self.relations(sight))

    def is_ready_for(self, act: Act) -> bool:
        """Whether the record is in the place from which an act begins."""
        states = {"open": self.is_open, "pooled": self.in_pool, "offered": self.state == OFFERED, "any": True}
        return states[when(act)]

    @property
    def home(self) -> Tier:
        """The tier at which the record belongs: its own, or the one that its tier helps out."""
        helped = self.tier.helps
        return (
            helped if helped is not None and not self.tier.works(self.stage) and helped.works(self.stage) else self.tier
        )

    def give(self, seat: Seat | None, *, now: datetime, decide: bool = False) -> None:
        """Puts the record into somebody's hands, at the tier where they sit, or into its own tier's pool.

        With `decide` it waits there for the team lead alone.
        """
        tier = self.home if seat is None else seat.tier
        if tier.pk != self.tier_id:
            self.tier = tier
        self.seat = seat
        # Whom nobody may get in touch with lies in no pool: the team lead decides what becomes of them.
        self.awaits_lead = decide or (seat is None and self.barred and self.is_open)
        self.owner_since = now
        self.step_spent = 0  # a new owner begins anew

    def expected_value(self) -> int:
        """What the record is worth in money, by the chance of its step; whole units of its currency."""
        return int((getattr(self, "amount", None) or 0) * self.step.probability / 100)

    def stand(self, step: Step, *, now: datetime, spent: int = 0) -> None:
        """Puts the record on a step, where its owner has spent so many working minutes before."""
        self.step = step
        self.step_since = now
        self.step_spent = spent

    def parked_until(self) -> datetime | None:
        """Until when the record sleeps; stages that can be parked say so."""
        return None

    def own_clocks(self) -> list[Running]:
        """Clocks that only this stage has; they take the place of silence."""
        return []

    def accept(self) -> None:
        """Somebody takes what was offered to them; stages that receive offers say how."""
        raise NotImplementedError

    def wake(self) -> None:
        """Comes back from its sleep; stages that can be parked say how."""
        raise NotImplementedError

    def trail(self) -> dict[Stage, list[int]]:
        """The records whose history travelled here with the client, this one among them."""
        return {self.stage: [self.pk]}
