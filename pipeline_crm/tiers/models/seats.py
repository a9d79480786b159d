from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import ClassVar
from zoneinfo import ZoneInfo

import pgtrigger
from django.conf import settings
from django.core.validators import MinValueValidator
from django.db import models
from django.db.models import CheckConstraint, F, Q, UniqueConstraint
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy
from simple_history.models import HistoricalRecords

from ..laws import GRANTS_FOLLOW_THE_SEAT, stamp
from .desks import Tier
from .pipelines import WorkingHours


class SeatQuerySet(models.QuerySet["Seat"]):
    """Questions about many seats."""

    def open(self) -> SeatQuerySet:
        """Seats that may hold records: not closed, and their person may sign in."""
        return self.filter(is_open=True, user__is_active=True)


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
    daily_cap = models.PositiveSmallIntegerField(
        _("records given a day at most"), null=True, blank=True, validators=[MinValueValidator(1)]
    )
    is_open = models.BooleanField(pgettext_lazy("seat", "open"), default=True)
    may_export = models.BooleanField(_("may export"), default=False, db_default=False)
    paused_until = models.DateTimeField(_("takes a pause until"), null=True, blank=True)
    started_on = models.DateField(_("at this desk since"), default=timezone.localdate)
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
            ),
            stamp(),
        ]

    def __str__(self) -> str:
        return f"{self.user.name}, {self.tier.name}"

    @property
    def holds(self) -> bool:
        """Whether the seat may hold records: it is open, and its person still works here."""
        return self.is_open and self.user.is_active


class Absence(models.Model):
    """Days on which a seat receives nothing."""

    seat = models.ForeignKey(Seat, models.CASCADE, related_name="absences", verbose_name=_("seat"))
    first_day = models.DateField(_("from"))
    last_day = models.DateField(_("to"))
    reason = models.CharField(_("reason"), max_length=80, blank=True)
    substitute = models.ForeignKey(
        Seat,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="covers",
        verbose_name=_("substitute"),
        help_text=_("Looks after the clients on these days; afterwards they come back by themselves."),
    )
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
            ),
            CheckConstraint(
                condition=~Q(substitute=F("seat")),
                name="nobody_is_their_own_substitute",
                violation_error_message=_("Choose somebody else as the substitute."),
            ),
        ]
        triggers: ClassVar = [stamp()]

    def __str__(self) -> str:
        return f"{self.first_day:%d.%m.%Y}–{self.last_day:%d.%m.%Y}"

    def covers(self, day: date) -> bool:
        """Whether the seat is away on a day."""
        return self.first_day <= day <= self.last_day


class Shift(models.Model):
    """When one seat is at work, where that differs from the pipeline's hours: on a weekday, or so many days on and off."""

    class Kind(models.TextChoices):
        WEEKLY = "weekly", _("every week")
        ROTATING = "rotating", _("in rotation")

    seat = models.ForeignKey(Seat, models.CASCADE, related_name="shifts", verbose_name=_("seat"))
    kind = models.CharField(_("repeats"), max_length=10, choices=Kind, default=Kind.WEEKLY)
    weekday = models.PositiveSmallIntegerField(_("weekday"), choices=WorkingHours.Weekday, null=True, blank=True)
    first_day = models.DateField(_("the first day on"), null=True, blank=True)
    days_on = models.PositiveSmallIntegerField(_("days on"), null=True, blank=True, validators=[MinValueValidator(1)])
    days_off = models.PositiveSmallIntegerField(_("days off"), null=True, blank=True, validators=[MinValueValidator(1)])
    opens = models.TimeField(_("begins"))
    closes = models.TimeField(
        _("ends"), help_text=_("An hour that is not later than the beginning is on the next day.")
    )
    history = HistoricalRecords()

    class Meta:
        verbose_name = _("shift")
        verbose_name_plural = _("shifts")
        ordering: ClassVar = ["seat", "weekday", "opens"]
        constraints: ClassVar = [
            CheckConstraint(
                condition=Q(kind="weekly", weekday__isnull=False, first_day=None, days_on=None, days_off=None)
                | Q(
                    # Nothing is neither more nor less than one, so PostgreSQL would let it pass.
                    Q(days_on__isnull=False, days_off__isnull=False),
                    kind="rotating",
                    weekday=None,
                    first_day__isnull=False,
                    days_on__gte=1,
                    days_off__gte=1,
                ),
                name="a_shift_has_a_weekday_or_a_rotation",
                violation_error_message=_(
                    "A weekly shift needs its weekday; a rotating one its first day, days on and days off."
                ),
            )
        ]
        triggers: ClassVar = [stamp()]

    def __str__(self) -> str:
        hours = f"{self.opens:%H:%M}–{self.closes:%H:%M}"
        return (
            f"{self.get_weekday_display()} {hours}"
            if self.weekday is not None
            else f"{self.days_on}/{self.days_off} {hours}"
        )

    def begins_on(self, day: date) -> bool:
        """Whether this shift begins on a day."""
        if self.weekday is not None:
            return day.weekday() == self.weekday
        if self.first_day is None or self.days_on is None or self.days_off is None:
            return False
        return (day - self.first_day).days % (self.days_on + self.days_off) < self.days_on

    def span(self, day: date, zone: ZoneInfo) -> tuple[datetime, datetime]:
        """From when to when the shift lasts that begins on a day."""
        until = day if self.closes > self.opens else day + timedelta(days=1)
        return datetime.combine(day, self.opens, zone), datetime.combine(until, self.closes, zone)
