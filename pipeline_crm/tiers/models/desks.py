from __future__ import annotations

from datetime import timedelta
from typing import Any, ClassVar

import pgtrigger
from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import RangeOperators
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import CheckConstraint, Deferrable, F, Q, UniqueConstraint
from django.utils.translation import gettext_lazy as _
from guardian.models import GroupObjectPermissionBase, UserObjectPermissionBase
from simple_history.models import HistoricalRecords

from ..laws import EVERY_STAGE_HAS_ONE_TIER, stamp
from ..stages import Stage
from .pipelines import Pipeline


class Strategy(models.TextChoices):
    """How a tier chooses who receives a record; the functions are in the conveyor."""

    ROUND_ROBIN = "round_robin", _("in turn")
    LEAST_LOADED = "least_loaded", _("least loaded")
    WEIGHTED = "weighted", _("by weight")
    EXPECTED_VALUE = "expected_value", _("by expected value")
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


class WhenFull(models.TextChoices):
    """What becomes of a client for whom nobody at the receiving tier has room."""

    POOL = "pool", _("waits in the tier's pool")
    WIDEN = "widen", _("may go to the people of a helping tier")
    KEEP_WARM = "keep_warm", _("stays with the giver, who keeps the client warm")


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
    off_hours = models.BooleanField(
        _("give records outside working hours too"),
        default=False,
        help_text=_("Otherwise what comes at night waits in the pool and is given out when somebody's hours begin."),
    )
    when_full = models.CharField(
        _("when nobody has room, a client"), max_length=10, choices=WhenFull, default=WhenFull.POOL
    )
    helps = models.ForeignKey(
        "self",
        models.SET_NULL,
        null=True,
        blank=True,
        related_name="helpers",
        verbose_name=_("also takes what has no room at"),
    )
    ramp_days = models.PositiveSmallIntegerField(
        _("a new person grows to the full load in (days)"), default=0, validators=[MaxValueValidator(365)]
    )
    ramp_percent = models.PositiveSmallIntegerField(
        _("and begins with (%)"), default=25, validators=[MinValueValidator(1), MaxValueValidator(100)]
    )
    cherry_picking = models.BooleanField(
        _("people may choose from the pool"),
        default=False,
        help_text=_("Otherwise “Take next” gives everybody the most urgent one."),
    )
    untouched_limit = models.PositiveSmallIntegerField(
        _("untouched records taken at most"),
        default=5,
        null=True,
        blank=True,
        validators=[MinValueValidator(1)],
        help_text=_("Who holds so many records without a touch takes no more from the pool."),
    )
    reveals_per_hour = models.PositiveSmallIntegerField(
        _("contacts a member may open or call an hour"), default=30, db_default=30
    )
    lead_reveals_per_hour = models.PositiveSmallIntegerField(
        _("contacts a team lead may open or call an hour"), default=30, db_default=30
    )
    hides_digits = models.BooleanField(
        _("members call without seeing the number"),
        default=False,
        db_default=False,
        help_text=_("“Call” rings through the telephone system of the firm; phones and addresses stay masked."),
    )
    cool_down_hours = models.PositiveSmallIntegerField(
        _("an earlier owner waits (hours)"),
        default=72,
        help_text=_("So long a record does not come back to a person who let it lie or put it back."),
    )
    hop_limit = models.PositiveSmallIntegerField(
        _("after so many reassignments the team lead decides"), default=3, validators=[MinValueValidator(1)]
    )
    history = HistoricalRecords()

    class Meta:
        verbose_name = _("tier")
        verbose_name_plural = _("tiers")
        ordering: ClassVar = ["pipeline", "-works_lead", "-works_deal", "id"]
        permissions: ClassVar = [
            ("work_tier", _("Works the tier's records")),
            ("lead_tier", _("Leads the tier: sees all of its records")),
            ("export_tier", _("Takes what they see at the tier out of the house as a file")),
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
            CheckConstraint(condition=~Q(helps=F("id")), name="a_tier_does_not_help_itself"),
            CheckConstraint(
                condition=Q(ramp_percent__gte=1, ramp_percent__lte=100), name="a_ramp_begins_with_a_share_of_the_load"
            ),
            CheckConstraint(condition=Q(hop_limit__gte=1), name="a_record_is_passed_on_before_the_lead_decides"),
        ]
        triggers: ClassVar = [
            stamp(),
            pgtrigger.Trigger(
                name="a_stage_is_never_uncovered",
                when=pgtrigger.After,
                operation=pgtrigger.Insert | pgtrigger.Update | pgtrigger.Delete,
                timing=pgtrigger.Deferred,
                declare=[("the_pipeline", "bigint")],
                func="the_pipeline := CASE WHEN TG_OP = 'DELETE' THEN OLD.pipeline_id ELSE NEW.pipeline_id END;"
                + EVERY_STAGE_HAS_ONE_TIER
                + "RETURN NULL;",
            ),
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

    def takes(self, stage: Stage | str) -> bool:
        """Whether records of a stage may lie here: its own, a repeat deal of its farmers, or what it helps out with."""
        if self.works(stage) or (self.helps is not None and self.helps.works(stage)):
            return True
        repeats = self.pipeline.repeat_deals == Pipeline.RepeatDeals.FARMER
        return stage == Stage.DEAL and self.works_account and repeats

    def lead_ids(self) -> list[int]:
        """The people who lead the tier now; of a tier out of the set-up in memory, without a question."""
        return [seat.user_id for seat in self.seats.all() if seat.holds and seat.role == "lead"]


class TierUserObjectPermission(UserObjectPermissionBase):
    content_object = models.ForeignKey(Tier, on_delete=models.CASCADE)

    class Meta(UserObjectPermissionBase.Meta):
        triggers: ClassVar = [stamp()]


class TierGroupObjectPermission(GroupObjectPermissionBase):
    content_object = models.ForeignKey(Tier, on_delete=models.CASCADE)

    class Meta(GroupObjectPermissionBase.Meta):
        triggers: ClassVar = [stamp()]


class PipelineUserObjectPermission(UserObjectPermissionBase):
    """A person heads or analyses a pipeline; who appointed them is kept."""

    content_object = models.ForeignKey(Pipeline, on_delete=models.CASCADE)
    history = HistoricalRecords()

    class Meta(UserObjectPermissionBase.Meta):
        verbose_name = _("appointment")
        verbose_name_plural = _("appointments")
        triggers: ClassVar = [stamp()]


class PipelineGroupObjectPermission(GroupObjectPermissionBase):
    content_object = models.ForeignKey(Pipeline, on_delete=models.CASCADE)

    class Meta(GroupObjectPermissionBase.Meta):
        triggers: ClassVar = [stamp()]


def _stricter(label: Any) -> Any:
    """A clock of a step in working minutes, which counts when it is shorter than its tier's."""
    return models.PositiveIntegerField(label, null=True, blank=True, validators=[MinValueValidator(1)])


class Step(models.Model):
    """An admin's column inside a stage; its clocks count where they are stricter than the tier's."""

    pipeline = models.ForeignKey(Pipeline, models.CASCADE, related_name="steps", verbose_name=_("pipeline"))
    stage = models.CharField(_("stage"), max_length=10, choices=Stage)
    name = models.CharField(_("name"), max_length=60)
    position = models.PositiveSmallIntegerField(_("order"), default=0, db_index=True)
    limit_minutes = models.PositiveIntegerField(
        _("stay up to (working minutes)"), null=True, blank=True, validators=[MinValueValidator(1)]
    )
    probability = models.PositiveSmallIntegerField(_("probability, %"), default=50, validators=[MaxValueValidator(100)])
    answer_minutes = _stricter(_("answer an offer within"))
    first_touch_minutes = _stricter(_("first touch within"))
    silence_minutes = _stricter(_("no longer silent than"))
    pool_minutes = _stricter(_("wait in the pool up to"))
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
        triggers: ClassVar = [stamp()]

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
    delay_minutes = models.IntegerField(
        _("after the clock ran out (working minutes)"),
        default=0,
        help_text=_("A reminder may come before: −30 is half an hour early."),
    )
    history = HistoricalRecords()

    class Meta:
        verbose_name = _("rung")
        verbose_name_plural = _("stale ladder")
        ordering: ClassVar = ["tier", "delay_minutes", "id"]
        constraints: ClassVar = [
            UniqueConstraint(fields=["tier", "act", "delay_minutes"], name="a_rung_is_written_once"),
            UniqueConstraint(
                fields=["tier", "act"], condition=~Q(act="remind"), name="a_ladder_has_each_act_but_a_reminder_once"
            ),
            CheckConstraint(
                condition=Q(act="remind") | Q(delay_minutes__gte=0),
                name="only_a_reminder_comes_before_the_clock_runs_out",
                violation_error_message=_("Only a reminder may come before the clock runs out."),
            ),
        ]
        triggers: ClassVar = [stamp()]

    def __str__(self) -> str:
        return self.get_act_display()

    @property
    def delay(self) -> timedelta:
        """Working time between the breach and this rung; below zero before the breach."""
        return timedelta(minutes=self.delay_minutes)
