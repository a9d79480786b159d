from __future__ import annotations

from datetime import datetime
from functools import cached_property
from typing import TYPE_CHECKING, ClassVar
from zoneinfo import ZoneInfo, available_timezones

import pgtrigger
from django.core.exceptions import ValidationError
from django.core.validators import MinValueValidator, RegexValidator
from django.db import models
from django.db.models import CheckConstraint, F, Q, UniqueConstraint
from django.utils.translation import gettext_lazy as _
from simple_history.models import HistoricalRecords

from ..calendars import Calendar, is_known_country
from ..laws import EVERY_STAGE_HAS_ONE_TIER, stamp
from ..stages import Stage, Structure, structure_of

if TYPE_CHECKING:
    from .desks import Step, Tier


def check_zone(name: str) -> None:
    """Refuses a time zone that the machine does not know."""
    if name not in available_timezones():
        raise ValidationError(
            _("“%(name)s” is not a time zone. Write it as in “Europe/Moscow”."), params={"name": name}
        )


def check_country(code: str) -> None:
    """Refuses a country whose holidays are not known."""
    if not is_known_country(code):
        raise ValidationError(
            _("The holidays of “%(code)s” are not known. Use a two-letter code such as RU or GB."),
            params={"code": code},
        )


class Pipeline(models.Model):
    """One conveyor of the firm: a product line or a branch."""

    class RepeatDeals(models.TextChoices):
        FARMER = "farmer", _("the farmer works it")
        HUNTERS = "hunters", _("it goes to the hunters")

    name = models.CharField(_("name"), max_length=80, unique=True)
    currency = models.CharField(
        _("currency"),
        max_length=3,
        default="RUB",
        validators=[RegexValidator(r"^[A-Z]{3}$", _("Three capital letters, such as RUB or EUR."))],
    )
    time_zone = models.CharField(_("time zone"), max_length=64, default="Europe/Moscow", validators=[check_zone])
    country = models.CharField(
        _("holidays of"),
        max_length=2,
        default="RU",
        validators=[check_country],
        help_text=_("Two-letter country code; also the country of phone numbers without a code."),
    )
    repeat_deals = models.CharField(_("a repeat deal"), max_length=10, choices=RepeatDeals, default=RepeatDeals.FARMER)
    cadence_days = models.PositiveSmallIntegerField(
        _("touch an account every (days)"), default=30, validators=[MinValueValidator(1)]
    )
    reveals_per_day = models.PositiveSmallIntegerField(_("contacts a person may open in full a day"), default=40)
    head_reveals_per_hour = models.PositiveSmallIntegerField(
        _("contacts a head of sales may open or call an hour"), default=40, db_default=40
    )
    export_rows = models.PositiveIntegerField(
        _("rows a person may export a day without approval"), default=500, db_default=500
    )
    second_factor = models.BooleanField(
        _("second factor for everybody"),
        default=False,
        db_default=False,
        help_text=_(
            "Whoever works here proves at sign-in by a phone or a key that it is them. "
            "Team leads, heads of sales and administrators must do so anyway."
        ),
    )
    is_active = models.BooleanField(_("in use"), default=True)
    created_at = models.DateTimeField(_("made"), auto_now_add=True)
    history = HistoricalRecords()

    class Meta:
        verbose_name = _("pipeline")
        verbose_name_plural = _("pipelines")
        ordering: ClassVar = ["name"]
        permissions: ClassVar = [
            ("head_pipeline", _("Head of sales: sees every tier")),
            ("analyse_pipeline", _("Analyst: sees numbers, no persons")),
            ("approve_exports", _("Approves exports of others; sees no client for it")),
            ("audit_pipeline", _("Security officer: reads the journal, no clients")),
        ]
        triggers: ClassVar = [
            pgtrigger.Trigger(
                name="a_pipeline_has_three_stages",
                when=pgtrigger.After,
                operation=pgtrigger.Insert,
                timing=pgtrigger.Deferred,
                declare=[("the_pipeline", "bigint")],
                func="the_pipeline := NEW.id;" + EVERY_STAGE_HAS_ONE_TIER + "RETURN NEW;",
            ),
            stamp(),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def structure(self) -> Structure | None:
        """Which of the four structures the tiers make up."""
        return structure_of(tuple(tier.stages for tier in self.ordered_tiers))

    @cached_property
    def ordered_tiers(self) -> list[Tier]:
        """The tiers in the order of the belt."""
        return sorted(self.tiers.all(), key=lambda tier: tier.stages[0].rank if tier.stages else 9)

    def tier_for(self, stage: Stage | str) -> Tier:
        """The one tier that works a stage."""
        return next(tier for tier in self.ordered_tiers if tier.works(stage))

    def first_step(self, stage: Stage) -> Step:
        """Where a record of a stage begins."""
        steps = (step for step in self.steps.all() if step.stage == stage)
        return min(steps, key=lambda step: (step.position, step.pk))

    def midnight(self, now: datetime) -> datetime:
        """When the day began where the pipeline works."""
        return now.astimezone(self.zone).replace(hour=0, minute=0, second=0, microsecond=0)

    @property
    def zone(self) -> ZoneInfo:
        """The time zone as an object."""
        return ZoneInfo(self.time_zone)

    @cached_property
    def calendar(self) -> Calendar:
        """Working time of the pipeline: hours, holidays of the country, own days off."""
        hours: dict[int, list] = {}
        for row in self.hours.all():
            hours.setdefault(row.weekday, []).append((row.opens, row.closes))
        days = list(self.days_off.all())
        return Calendar(
            zone=self.zone,
            hours={weekday: tuple(sorted(spans)) for weekday, spans in hours.items()},
            days_off=frozenset(day.date for day in days if not day.is_worked),
            working_days=frozenset(day.date for day in days if day.is_worked),
            country=self.country,
        )


class WorkingHours(models.Model):
    """When the pipeline is at work on one weekday; clocks stand still outside."""

    class Weekday(models.IntegerChoices):
        MONDAY = 0, _("Monday")
        TUESDAY = 1, _("Tuesday")
        WEDNESDAY = 2, _("Wednesday")
        THURSDAY = 3, _("Thursday")
        FRIDAY = 4, _("Friday")
        SATURDAY = 5, _("Saturday")
        SUNDAY = 6, _("Sunday")

    pipeline = models.ForeignKey(Pipeline, models.CASCADE, related_name="hours", verbose_name=_("pipeline"))
    weekday = models.PositiveSmallIntegerField(_("weekday"), choices=Weekday)
    opens = models.TimeField(_("opens"))
    closes = models.TimeField(_("closes"))
    history = HistoricalRecords()

    class Meta:
        verbose_name = _("working hours")
        verbose_name_plural = _("working hours")
        ordering: ClassVar = ["weekday", "opens"]
        constraints: ClassVar = [
            CheckConstraint(
                condition=Q(opens__lt=F("closes")),
                name="a_desk_opens_before_it_closes",
                violation_error_message=_("The opening hour must come before the closing hour."),
            ),
            UniqueConstraint(fields=["pipeline", "weekday", "opens"], name="working_hours_are_written_once"),
        ]
        triggers: ClassVar = [stamp()]

    def __str__(self) -> str:
        return f"{self.get_weekday_display()} {self.opens:%H:%M}–{self.closes:%H:%M}"


class DayOff(models.Model):
    """A day that differs from the week and the country's holidays."""

    pipeline = models.ForeignKey(Pipeline, models.CASCADE, related_name="days_off", verbose_name=_("pipeline"))
    date = models.DateField(_("date"))
    name = models.CharField(_("name"), max_length=80, blank=True)
    is_worked = models.BooleanField(_("worked all the same"), default=False)
    history = HistoricalRecords()

    class Meta:
        verbose_name = _("day off")
        verbose_name_plural = _("days off")
        ordering: ClassVar = ["date"]
        constraints: ClassVar = [UniqueConstraint(fields=["pipeline", "date"], name="a_day_is_off_once")]
        triggers: ClassVar = [stamp()]

    def __str__(self) -> str:
        return f"{self.date:%d.%m.%Y} {self.name}".strip()


class Listed(models.Model):
    """A word of a list that the admin keeps for a pipeline."""

    name = models.CharField(_("name"), max_length=80)
    position = models.PositiveSmallIntegerField(_("order"), default=0, db_index=True)
    is_active = models.BooleanField(_("in use"), default=True)

    class Meta:
        abstract = True
        ordering: ClassVar = ["position", "name"]

    def __str__(self) -> str:
        return self.name


class Source(Listed):
    """Where a lead came from."""

    pipeline = models.ForeignKey(Pipeline, models.CASCADE, related_name="sources", verbose_name=_("pipeline"))
    history = HistoricalRecords()

    class Meta(Listed.Meta):
        verbose_name = _("source")
        verbose_name_plural = _("sources")
        constraints: ClassVar = [UniqueConstraint(fields=["pipeline", "name"], name="a_source_is_listed_once")]
        triggers: ClassVar = [stamp()]


class Product(Listed):
    """What the pipeline sells."""

    pipeline = models.ForeignKey(Pipeline, models.CASCADE, related_name="products", verbose_name=_("pipeline"))
    price = models.DecimalField(
        _("price"), max_digits=14, decimal_places=2, null=True, blank=True, validators=[MinValueValidator(0)]
    )
    history = HistoricalRecords()

    class Meta(Listed.Meta):
        verbose_name = _("product")
        verbose_name_plural = _("products")
        constraints: ClassVar = [UniqueConstraint(fields=["pipeline", "name"], name="a_product_is_listed_once")]
        triggers: ClassVar = [stamp()]


class Reason(Listed):
    """Why a lead was dropped, a deal lost, a hand-off returned, an account gone."""

    class Kind(models.TextChoices):
        DISQUALIFY = "disqualify", _("a lead is disqualified")
        LOSE = "lose", _("a deal is lost")
        RETURN_DEAL = "return_deal", _("a deal is returned to the scouts")
        RETURN_ACCOUNT = "return_account", _("an account is returned to the hunters")
        CHURN = "churn", _("an account has churned")

    pipeline = models.ForeignKey(Pipeline, models.CASCADE, related_name="reasons", verbose_name=_("pipeline"))
    kind = models.CharField(_("why"), max_length=20, choices=Kind)
    gives_turn_back = models.BooleanField(
        _("gives the turn back"),
        default=False,
        help_text=_("For junk and duplicates: whoever got such a lead is next in turn again."),
    )
    history = HistoricalRecords()

    class Meta(Listed.Meta):
        verbose_name = _("reason")
        verbose_name_plural = _("reasons")
        ordering: ClassVar = ["kind", "position", "name"]
        constraints: ClassVar = [UniqueConstraint(fields=["pipeline", "kind", "name"], name="a_reason_is_listed_once")]
        triggers: ClassVar = [stamp()]
