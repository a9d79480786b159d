from __future__ import annotations

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import Index, UniqueConstraint
from django.utils.translation import gettext_lazy as _

from pipeline_crm.tiers.models import Pipeline


class Tally(models.Model):
    """What one person did in one pipeline on one day that is over, counted once out of the journal."""

    pipeline = models.ForeignKey(Pipeline, models.CASCADE, related_name="+", db_index=False, verbose_name=_("pipeline"))
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.CASCADE, related_name="+", db_index=False, verbose_name=_("person")
    )
    day = models.DateField(_("day"))
    counts = models.JSONField(_("counts"))

    class Meta:
        verbose_name = _("tally of a day")
        verbose_name_plural = _("tallies of days")
        constraints: ClassVar = [UniqueConstraint(fields=["pipeline", "day", "user"], name="a_day_is_counted_once")]

    def __str__(self) -> str:
        return f"{self.user_id} {self.day}"


class Alarm(models.Model):
    """Somebody read more than their work asks for, or touched a trip-wire; each is told once."""

    class Measure(models.TextChoices):
        REVEALS = "reveals", _("contacts shown in full")
        CLIENTS = "clients", _("different clients read")
        SEARCHES = "searches", _("searches")
        EXPORTED = "exported", _("rows of files fetched")
        MISSES = "misses", _("records that were not theirs to open")
        WALK = "walk", _("records tried by number, one after the other")
        NIGHT = "night", _("cards and contacts read at night")
        TRAP = "trap", _("trip-wire touched")

    pipeline = models.ForeignKey(Pipeline, models.CASCADE, related_name="+", db_index=False, verbose_name=_("pipeline"))
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.CASCADE, related_name="+", db_index=False, verbose_name=_("person")
    )
    measure = models.CharField(_("what"), max_length=10, choices=Measure)
    day = models.DateField(_("day"))
    days = models.PositiveSmallIntegerField(_("over so many days"), default=1)
    count = models.PositiveIntegerField(_("count"))
    usual = models.PositiveIntegerField(_("usual"), default=0)
    has_left = models.BooleanField(_("when they left"), default=False)
    client_id = models.BigIntegerField(_("client of the trip-wire"), null=True)
    at = models.DateTimeField(_("when"))

    class Meta:
        verbose_name = _("alarm")
        verbose_name_plural = _("alarms")
        ordering: ClassVar = ["-at", "-id"]
        constraints: ClassVar = [
            UniqueConstraint(
                fields=["pipeline", "user", "day", "measure", "days", "client_id"],
                name="an_alarm_rings_once",
                nulls_distinct=False,
            )
        ]
        indexes: ClassVar = [Index(fields=["pipeline", "-at"], name="alarms_of_a_pipeline")]

    def __str__(self) -> str:
        return f"{self.user_id} {self.measure} {self.count}"
