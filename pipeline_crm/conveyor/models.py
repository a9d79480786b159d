from __future__ import annotations

from functools import reduce
from operator import or_
from typing import TYPE_CHECKING, Any, ClassVar, Self

from django.conf import settings
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import CheckConstraint, Q, UniqueConstraint
from django.utils.translation import gettext_lazy as _
from django_fsm import FSMField, FSMModelMixin, transition

from pipeline_crm.access.policy import Part, Relation
from pipeline_crm.clients.models import Client
from pipeline_crm.rows import as_read
from pipeline_crm.tiers.models import Absence, Pipeline, Reason, Seat, Tier
from pipeline_crm.tiers.stages import Stage

if TYPE_CHECKING:
    from pipeline_crm.access.sight import Sight


class HandOff(FSMModelMixin, models.Model):
    """One crossing of a boundary between two stages: who gave, who got, what was told, what was answered."""

    PART = Part.HANDOFF

    class State(models.TextChoices):
        OFFERED = "offered", _("offered")
        ACCEPTED = "accepted", _("accepted")
        RETURNED = "returned", _("returned")
        EXPIRED = "expired", _("not answered")

    client = models.ForeignKey(Client, models.PROTECT, related_name="handoffs", verbose_name=_("client"))
    pipeline = models.ForeignKey(Pipeline, models.PROTECT, related_name="handoffs", verbose_name=_("pipeline"))
    from_stage = models.CharField(_("from stage"), max_length=10, choices=Stage)
    from_id = models.BigIntegerField(_("from record"))
    to_stage = models.CharField(_("to stage"), max_length=10, choices=Stage)
    to_id = models.BigIntegerField(_("to record"))
    from_tier = models.ForeignKey(Tier, models.PROTECT, related_name="given", verbose_name=_("from tier"))
    to_tier = models.ForeignKey(Tier, models.PROTECT, related_name="received", verbose_name=_("to tier"))
    giver = models.ForeignKey(Seat, models.PROTECT, null=True, related_name="given", verbose_name=_("giver"))
    receiver = models.ForeignKey(
        Seat, models.PROTECT, null=True, blank=True, related_name="received", verbose_name=_("receiver")
    )
    state = FSMField(_("state"), max_length=20, choices=State, default=State.OFFERED, protected=True)
    summary = models.TextField(_("what the next person must know"), max_length=2000)
    need = models.CharField(_("need"), max_length=200, blank=True)
    budget = models.CharField(_("budget"), max_length=120, blank=True)
    timing = models.CharField(_("when"), max_length=120, blank=True)
    decider = models.CharField(_("who decides"), max_length=120, blank=True)
    next_step = models.CharField(_("agreed next step"), max_length=200, blank=True)
    offered_at = models.DateTimeField(_("offered"))
    answered_at = models.DateTimeField(_("answered"), null=True, blank=True)
    answered_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("answered by")
    )
    reason = models.ForeignKey(
        Reason, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("why returned")
    )
    comment = models.CharField(_("comment"), max_length=500, blank=True)
    mark = models.PositiveSmallIntegerField(
        _("mark for the brief"), null=True, blank=True, validators=[MinValueValidator(1), MaxValueValidator(5)]
    )

    class Meta:
        verbose_name = _("hand-off")
        verbose_name_plural = _("hand-offs")
        ordering: ClassVar = ["-id"]
        constraints: ClassVar = [
            UniqueConstraint(
                fields=["to_stage", "to_id"], condition=Q(state="offered"), name="a_record_is_offered_once_at_a_time"
            ),
            CheckConstraint(condition=~Q(summary=""), name="a_hand_off_has_a_brief"),
            CheckConstraint(
                condition=Q(state="offered", answered_at=None) | (~Q(state="offered") & Q(answered_at__isnull=False)),
                name="an_answer_has_its_hour",
            ),
            CheckConstraint(condition=~Q(state="returned") | Q(reason__isnull=False), name="a_return_says_why"),
            CheckConstraint(
                condition=Q(mark=None) | (Q(mark__gte=1) & Q(mark__lte=5) & Q(state__in=["accepted", "returned"])),
                name="a_mark_is_one_to_five_on_what_was_answered",
            ),
        ]
        indexes: ClassVar = [
            models.Index(fields=["to_stage", "to_id"], name="hand_offs_to_a_record"),
            models.Index(fields=["from_stage", "from_id"], name="hand_offs_from_a_record"),
            models.Index(fields=["giver", "offered_at"], name="hand_offs_of_a_giver"),
            # The counts beside every page ask by these: without them a busy firm's hand-offs would all be looked at.
            models.Index(fields=["giver", "from_stage", "offered_at"], name="hand_offs_given_at_a_stage"),
            models.Index(
                fields=["from_stage", "from_id"], condition=Q(state="returned"), name="hand_offs_that_came_back"
            ),
            models.Index(fields=["pipeline", "offered_at"], name="hand_offs_of_a_pipeline"),
        ]

    def __str__(self) -> str:
        return f"{self.from_stage} {self.from_id} → {self.to_stage} {self.to_id}"

    @classmethod
    def from_db(cls, db: str | None, field_names: Any, values: Any, *, fetch_mode: Any = None) -> Self:
        """A hand-off as its row has it: a board reads one for each of its cards."""
        return as_read(cls, db, field_names, values, fetch_mode)

    @classmethod
    def rows_of(cls, relations: frozenset[Relation], sight: Sight, *, only_open: bool = False) -> Q:
        """Those of which somebody supervises either side; what is offered to them now. The rest is reached by its record."""
        ways = (
            (Relation.OFFERED, Q(receiver__in=sight.seat_ids, state=cls.State.OFFERED)),
            (Relation.LED, Q(from_tier__in=sight.led_ids) | Q(to_tier__in=sight.led_ids)),
            (Relation.HEADED, Q(pipeline__in=sight.headed_ids)),
        )
        return reduce(or_, (rows for relation, rows in ways if relation in relations), Q(pk__in=[]))

    @property
    def crosses_tiers(self) -> bool:
        """Whether the owner changes here."""
        return self.from_tier_id != self.to_tier_id

    @transition(state, source=State.OFFERED, target=State.ACCEPTED)
    def accept(self) -> None:
        """The receiver takes the client."""

    @transition(state, source=[State.OFFERED, State.ACCEPTED], target=State.RETURNED)
    def send_back(self) -> None:
        """The receiver returns the client."""

    @transition(state, source=State.OFFERED, target=State.EXPIRED)
    def expire(self) -> None:
        """Nobody answered in time."""


class HandedOn(models.Model):
    """What became of a hand-off, in numbers: whoever gave a client away may count, and read neither name nor word.

    A view of the database (`accounts/0011`): the rows behind it are hidden from their giver.
    """

    pipeline = models.ForeignKey(Pipeline, models.DO_NOTHING, related_name="+")
    from_stage = models.CharField(max_length=10, choices=Stage)
    from_id = models.BigIntegerField()
    from_tier = models.ForeignKey(Tier, models.DO_NOTHING, related_name="+")
    to_stage = models.CharField(max_length=10, choices=Stage)
    to_id = models.BigIntegerField()
    to_tier = models.ForeignKey(Tier, models.DO_NOTHING, related_name="+")
    giver = models.ForeignKey(Seat, models.DO_NOTHING, null=True, related_name="+")
    state = models.CharField(max_length=20)
    offered_at = models.DateTimeField()
    mark = models.PositiveSmallIntegerField(null=True)
    won = models.BooleanField()
    kept = models.BooleanField()

    class Meta:
        managed = False
        db_table = "conveyor_handedon"

    def __str__(self) -> str:
        return f"{self.from_stage} → {self.to_stage}: {self.state}"


class CameBack(models.Model):
    """An account that was sent back for its brief, by client and pipeline alone: whoever sold must complete it."""

    client = models.ForeignKey(Client, models.DO_NOTHING, related_name="+")
    pipeline = models.ForeignKey(Pipeline, models.DO_NOTHING, related_name="+")

    class Meta:
        managed = False
        db_table = "conveyor_cameback"

    def __str__(self) -> str:
        return f"{self.client_id}"


class Turn(models.Model):
    """Whose turn it is at a tier: when a seat last received, in order, and how much in all."""

    seat = models.OneToOneField(Seat, models.CASCADE, primary_key=True, related_name="turn", verbose_name=_("seat"))
    serial = models.BigIntegerField(_("last turn"), default=0)
    served = models.IntegerField(_("received"), default=0)
    worth = models.BigIntegerField(_("expected value received"), default=0)
    day = models.DateField(_("day of the last turn"), null=True, blank=True)
    today = models.PositiveIntegerField(_("received on that day"), default=0)

    class Meta:
        verbose_name = _("turn")
        verbose_name_plural = _("turns")

    def __str__(self) -> str:
        return f"{self.seat_id}: {self.serial}"


class Load(models.Model):
    """A change in how many open records a seat holds; their sum is its load, written by triggers on the three stages.

    Rows are only added, so that two acts never wait for each other here; the sweep adds old ones up.
    """

    seat = models.ForeignKey(Seat, models.CASCADE, related_name="loads", verbose_name=_("seat"))
    delta = models.IntegerField(_("change"))

    class Meta:
        verbose_name = _("load")
        verbose_name_plural = _("loads")
        indexes: ClassVar = [models.Index(fields=["seat"], include=["delta"], name="loads_of_a_seat")]

    def __str__(self) -> str:
        return f"{self.seat_id}: {self.delta:+}"


class BookMove(models.Model):
    """The open records of one seat given to others in one act, which can be brought back."""

    class Cause(models.TextChoices):
        LEFT = "left", _("left the firm")
        ABSENT = "absent", _("is away")
        RELIEVED = "relieved", _("has too much")

    seat = models.ForeignKey(Seat, models.PROTECT, related_name="book_moves", verbose_name=_("seat"))
    cause = models.CharField(_("cause"), max_length=10, choices=Cause)
    absence = models.OneToOneField(
        Absence, models.SET_NULL, null=True, blank=True, related_name="book_move", verbose_name=_("absence")
    )
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("by")
    )
    at = models.DateTimeField(_("when"))
    ended_at = models.DateTimeField(_("brought back"), null=True, blank=True)
    ended_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("by")
    )

    class Meta:
        verbose_name = _("redistribution")
        verbose_name_plural = _("redistributions")
        ordering: ClassVar = ["-at", "-id"]

    def __str__(self) -> str:
        return f"{self.seat_id} {self.cause} {self.at:%d.%m.%Y}"


class BookMoveItem(models.Model):
    """One record of a redistribution: who received it, none being the pool."""

    move = models.ForeignKey(BookMove, models.CASCADE, related_name="items", verbose_name=_("redistribution"))
    stage = models.CharField(_("stage"), max_length=10, choices=Stage)
    record_id = models.BigIntegerField(_("record"))
    to_seat = models.ForeignKey(
        Seat, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("receiver")
    )

    class Meta:
        verbose_name = _("redistributed record")
        verbose_name_plural = _("redistributed records")
        constraints: ClassVar = [
            UniqueConstraint(fields=["move", "stage", "record_id"], name="a_record_is_redistributed_once_in_an_act")
        ]
        indexes: ClassVar = [models.Index(fields=["stage", "record_id"], name="redistributions_of_a_record")]

    def __str__(self) -> str:
        return f"{self.stage} {self.record_id}"
