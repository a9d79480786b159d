from __future__ import annotations

from datetime import datetime, timedelta
from typing import ClassVar

import pgtrigger
from django.conf import settings
from django.db import models
from django.db.models import CheckConstraint, F, Q
from django.db.models.functions import Length, Trim
from django.db.models.lookups import GreaterThanOrEqual
from django.utils.translation import gettext_lazy as _

from pipeline_crm.tiers.models import Pipeline

LONGEST = timedelta(hours=4)
SHORTEST_REASON = 20  # characters

# Once written, only its end can be added, once; who looked, why and until when stays as it was.
ONLY_CLOSED = """
IF OLD.closed_at IS NOT NULL OR NEW.closed_at IS NULL
    OR to_jsonb(OLD) - 'closed_at' IS DISTINCT FROM to_jsonb(NEW) - 'closed_at' THEN
    RAISE EXCEPTION 'a broken glass can only be closed, once';
END IF;
RETURN NEW;
"""


class Glasses(models.QuerySet["BreakGlass"]):
    """The times at which administrators looked at clients."""

    def open(self, now: datetime) -> Glasses:
        """Those that let somebody see clients at this moment."""
        return self.filter(closed_at=None, opened_at__lte=now, until__gt=now)


class BreakGlass(models.Model):
    """For some hours and a reason, an administrator sees the clients of one pipeline as its head of sales does."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name=_("person"))
    pipeline = models.ForeignKey(Pipeline, models.PROTECT, related_name="+", verbose_name=_("pipeline"))
    reason = models.TextField(_("reason"), max_length=500)
    opened_at = models.DateTimeField(_("opened"))
    until = models.DateTimeField(_("open until"))
    closed_at = models.DateTimeField(_("closed"), null=True, blank=True)

    objects = Glasses.as_manager()

    class Meta:
        verbose_name = _("emergency access")
        verbose_name_plural = _("emergency accesses")
        ordering: ClassVar = ["-opened_at", "-id"]
        constraints: ClassVar = [
            CheckConstraint(
                condition=Q(until__gt=F("opened_at"), until__lte=F("opened_at") + LONGEST),
                name="a_broken_glass_closes_by_itself",
            ),
            CheckConstraint(
                condition=Q(closed_at=None) | Q(closed_at__gte=F("opened_at")),
                name="a_broken_glass_is_closed_after_it_was_opened",
            ),
            CheckConstraint(
                condition=GreaterThanOrEqual(Length(Trim("reason")), SHORTEST_REASON),
                name="who_breaks_the_glass_says_why",
            ),
        ]
        indexes: ClassVar = [
            models.Index(fields=["user", "until"], condition=Q(closed_at=None), name="glasses_that_are_not_closed")
        ]
        triggers: ClassVar = [
            pgtrigger.Trigger(
                name="a_broken_glass_is_only_closed",
                when=pgtrigger.Before,
                operation=pgtrigger.Update,
                func=ONLY_CLOSED,
            ),
            pgtrigger.Protect(name="a_broken_glass_is_kept", operation=pgtrigger.Delete),
        ]

    def __str__(self) -> str:
        return f"{self.user_id} {self.opened_at:%Y-%m-%d %H:%M}"

    @property
    def ended_at(self) -> datetime:
        """When it ended, or will."""
        return self.closed_at or self.until
