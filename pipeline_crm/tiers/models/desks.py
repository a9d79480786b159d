from __future__ import annotations

from datetime import timedelta
from typing import ClassVar

import pgtrigger
from django.conf import settings
from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import RangeOperators
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import CheckConstraint, Deferrable, F, Q, UniqueConstraint
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy
from guardian.models import GroupObjectPermissionBase, UserObjectPermissionBase
from simple_history.models import HistoricalRecords

from ..laws import EVERY_STAGE_HAS_ONE_TIER, GRANTS_FOLLOW_THE_SEAT
from ..stages import Stage
from .pipelines import Pipeline


class Strategy(models.TextChoices):
    """How a tier chooses who receives a record; the functions are in the conveyor."""

    ROUND_ROBIN = "round_robin", _("in turn")
    LEAST_LOADED = "least_loaded", _("least loaded")
    WEIGHTED = "weighted", _("by weight")
    POOL = "pool", _("to the pool")


def _one_tier(*, name: str, **worked: bool) -> ExclusionConstraint:
    """A stage has one tier at commit; in between, tiers may trade stages in any order."""
    return ExclusionConstraint(
        name=name,
        expressions=[("pipeline", RangeOperators.EQUAL)],
        index_type="hash",
        condition=Q(**worked),
        deferrable=Deferrable.DEFERRED,
    )


class Tier(models.Model):
    """A desk that works one or more consecutive stages of a pipeline."""

    pipeline = models.ForeignKey(Pipeline, models.CASCADE, related_name="tiers", verbose_name=_("pipeline"))
    name = models.CharField(_("name"), max_length=60)
    works_lead = models.BooleanField(_("works leads"), default=False)
    works_deal = models.BooleanField(_("works deals"), default=False)
    works_account = models.BooleanField(_("works accounts"), default=False)
    strategy = models.CharField(_("who receives"), max_length=20, choices=Strategy, default=Strategy.LEAST_LOADED)
    asks_acceptance = models.BooleanField(_("hand-offs must be accepted"), default=True)
    answer_minutes = models.PositiveIntegerField(
        _("answer an offer within (working minutes)"),
        default=60,
        null=True,
        blank=True,
        validators=[MinValueValidator(1)],
    )
    first_touch_minutes = models.PositiveIntegerField(
        _("first touch within (working minutes)"), default=120, null=True, blank=True, validators=[MinValueValidator(1)]
    )
    silence_minutes = models.PositiveIntegerField(
        _("no longer silent than (working minutes)"),
        default=1440,
        null=True,
        blank=True,
        validators=[MinValueValidator(1)],
    )
    pool_minutes = models.PositiveIntegerField(
        _("wait in the pool up to (working minutes)"),
        default=120,
        null=True,
        blank=True,
        validators=[MinValueValidator(1)],
    )
    history = HistoricalRecords()

    class Meta:
        verbose_name = _("tier")
        verbose_name_plural = _("tiers")
        ordering: ClassVar = ["pipeline", "-works_lead", "-works_deal", "id"]
        permissions: ClassVar = [
            ("work_tier", _("Works the tier's records")),
            ("lead_tier", _("Leads the tier: sees all of its records")),
        ]
        constraints: ClassVar = [
            UniqueConstraint(fields=["pipeline", "name"], name="a_tier_has_its_own_name"),
            UniqueConstraint(fields=["id", "pipeline"], name="records_point_at_a_tier_with_its_pipeline"),
            _one_tier(works_lead=True, name="leads_have_one_tier"),
            _one_tier(works_deal=True, name="deals_have_one_tier"),
            _one_tier(works_account=True, name="accounts_have_one_tier"),
            CheckConstraint(
                condition=Q(works_lead=True) | Q(works_deal=True) | Q(works_account=True),
                name="a_tier_works_some_stage",
            ),
            CheckConstraint(
                condition=~Q(works_lead=True, works_deal=False, works_account=True), name="a_tier_works_stages_in_a_row"
            ),
        ]
        triggers: ClassVar = [
            pgtrigger.Trigger(
                name="a_stage_is_never_uncovered",
                when=pgtrigger.After,
                operation=pgtrigger.Insert | pgtrigger.Update | pgtrigger.Delete,
                timing=pgtrigger.Deferred,
                declare=[("the_pipeline", "bigint")],
                func="the_pipeline := CASE WHEN TG_OP = 'DELETE' THEN OLD.pipeline_id ELSE NEW.pipeline_id END;"
                + EVERY_STAGE_HAS_ONE_TIER
                + "RETURN NULL;",
            )
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def stages(self) -> tuple[Stage, ...]:
        """The stages worked here, in the order of the belt."""
        return tuple(stage for stage in Stage if getattr(self, f"works_{stage.value}"))

    def works(self, stage: Stage | str) -> bool:
        """Whether a stage is worked at this tier."""
        return bool(getattr(self, f"works_{stage}"))

    def lead_ids(self) -> list[int]:
        """The people who lead the tier now."""
        return list(self.seats.open().leads().values_list("user_id", flat=True))


class TierUserObjectPermission(UserObjectPermissionBase):
    content_object = models.ForeignKey(Tier, on_delete=models.CASCADE)


class TierGroupObjectPermission(GroupObjectPermissionBase):
    content_object = models.ForeignKey(Tier, on_delete=models.CASCADE)


class PipelineUserObjectPermission(UserObjectPermissionBase):
    """A person heads or analyses a pipeline; who appointed them is kept."""

    content_object = models.ForeignKey(Pipeline, on_delete=models.CASCADE)
    history = HistoricalRecords()

    class Meta(UserObjectPermissionBase.Meta):
        verbose_name = _("appointment")
        verbose_name_plural = _("appointments")


class PipelineGroupObjectPermission(GroupObjectPermissionBase):
    content_object = models.ForeignKey(Pipeline, on_delete=models.CASCADE)


class SeatQuerySet(models.QuerySet["Seat"]):
    """Questions about many seats."""

    def open(self) -> SeatQuerySet:
        """Seats that may hold records: not closed, and their person may sign in."""
        return self.filter(is_open=True, user__is_active=True)

    def leads(self) -> SeatQuerySet:
        """Seats of team leads."""
        return self.filter(role=Seat.Role.LEAD)


class Seat(models.Model):
    """A person's place at a tier; records are held by the seat, so a desk passes on whole."""

    class Role(models.TextChoices):
        MEMBER = "member", _("member")
        LEAD = "lead", _("team lead")

    tier = models.ForeignKey(Tier, models.PROTECT, related_name="seats", verbose_name=_("tier"))
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="seats", verbose_name=_("person"))
    role = models.CharField(_("role"), max_length=10, choices=Role, default=Role.MEMBER)
    capacity = models.PositiveSmallIntegerField(_("open records at most"), default=40)
    weight = models.PositiveSmallIntegerField(_("weight"), default=1, validators=[MinValueValidator(1)])
    is_open = models.BooleanField(pgettext_lazy("seat", "open"), default=True)
    history = HistoricalRecords()

    objects = SeatQuerySet.as_manager()

    class Meta:
        verbose_name = _("seat")
        verbose_name_plural = _("seats")
        ordering: ClassVar = ["tier", "id"]
        constraints: ClassVar = [
            UniqueConstraint(fields=["tier", "user"], name="a_person_has_one_seat_at_a_tier"),
            UniqueConstraint(fields=["id", "tier"], name="records_point_at_a_seat_with_its_tier"),
            CheckConstraint(condition=Q(weight__gte=1), name="a_seat_weighs_something"),
        ]
        triggers: ClassVar = [
            pgtrigger.Trigger(
                name="grants_follow_the_seat",
                when=pgtrigger.After,
                operation=pgtrigger.Insert | pgtrigger.Update | pgtrigger.Delete,
                func=GRANTS_FOLLOW_THE_SEAT,
            )
        ]

    def __str__(self) -> str:
        return f"{self.user.name}, {self.tier.name}"


class Absence(models.Model):
    """Days on which a seat receives nothing."""

    seat = models.ForeignKey(Seat, models.CASCADE, related_name="absences", verbose_name=_("seat"))
    first_day = models.DateField(_("from"))
    last_day = models.DateField(_("to"))
    reason = models.CharField(_("reason"), max_length=80, blank=True)
    history = HistoricalRecords()

    class Meta:
        verbose_name = _("absence")
        verbose_name_plural = _("absences")
        ordering: ClassVar = ["-first_day"]
        constraints: ClassVar = [
            CheckConstraint(
                condition=Q(first_day__lte=F("last_day")),
                name="an_absence_ends_after_it_begins",
                violation_error_message=_("The last day must not come before the first."),
            )
        ]

    def __str__(self) -> str:
        return f"{self.first_day:%d.%m.%Y}–{self.last_day:%d.%m.%Y}"


class Step(models.Model):
    """An admin's column inside a stage."""

    pipeline = models.ForeignKey(Pipeline, models.CASCADE, related_name="steps", verbose_name=_("pipeline"))
    stage = models.CharField(_("stage"), max_length=10, choices=Stage)
    name = models.CharField(_("name"), max_length=60)
    position = models.PositiveSmallIntegerField(_("order"), default=0, db_index=True)
    limit_minutes = models.PositiveIntegerField(
        _("stay up to (working minutes)"), null=True, blank=True, validators=[MinValueValidator(1)]
    )
    probability = models.PositiveSmallIntegerField(_("probability, %"), default=50, validators=[MaxValueValidator(100)])
    history = HistoricalRecords()

    class Meta:
        verbose_name = _("step")
        verbose_name_plural = _("steps")
        ordering: ClassVar = ["pipeline", "stage", "position", "id"]
        constraints: ClassVar = [
            UniqueConstraint(fields=["pipeline", "stage", "name"], name="a_step_has_its_own_name"),
            UniqueConstraint(fields=["id", "pipeline"], name="records_point_at_a_step_with_its_pipeline"),
            CheckConstraint(condition=Q(probability__lte=100), name="a_probability_is_at_most_certain"),
        ]

    def __str__(self) -> str:
        return self.name


class Rung(models.Model):
    """What the sweep does, and how long after a clock ran out; the ladder of a tier is its rungs in order."""

    class Act(models.TextChoices):
        REMIND = "remind", _("remind the owner")
        WARN = "warn", _("warn the team lead")
        REASSIGN = "reassign", _("give it to somebody else")
        POOL = "pool", _("put it into the pool")

    tier = models.ForeignKey(Tier, models.CASCADE, related_name="rungs", verbose_name=_("tier"))
    act = models.CharField(_("act"), max_length=10, choices=Act)
    delay_minutes = models.PositiveIntegerField(_("after the clock ran out (working minutes)"), default=0)
    history = HistoricalRecords()

    class Meta:
        verbose_name = _("rung")
        verbose_name_plural = _("stale ladder")
        ordering: ClassVar = ["tier", "delay_minutes", "id"]
        constraints: ClassVar = [UniqueConstraint(fields=["tier", "act"], name="a_ladder_has_each_act_once")]

    def __str__(self) -> str:
        return self.get_act_display()

    @property
    def delay(self) -> timedelta:
        """Working time between the breach and this rung."""
        return timedelta(minutes=self.delay_minutes)
