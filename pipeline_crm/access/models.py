from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, ClassVar

import pgtrigger
from django.conf import settings
from django.db import models
from django.db.models import CheckConstraint, F, Q, UniqueConstraint
from django.db.models.functions import Length, Trim
from django.db.models.lookups import GreaterThanOrEqual
from django.utils.translation import gettext_lazy as _
from guardian.models import UserObjectPermissionBase

from pipeline_crm.tiers.laws import stamp
from pipeline_crm.tiers.models import Pipeline, Tier
from pipeline_crm.tiers.stages import Stage

LONGEST = timedelta(hours=4)
SHORTEST_REASON = 20  # characters
LONGEST_LOAN = timedelta(days=92)

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


# Once written, only its end can be added, once; who lent what to whom, and until when, stays as it was.
ONLY_ENDED = """
IF OLD.ended_at IS NOT NULL OR NEW.ended_at IS NULL
    OR to_jsonb(OLD) - 'ended_at' - 'ended_by_id' IS DISTINCT FROM to_jsonb(NEW) - 'ended_at' - 'ended_by_id' THEN
    RAISE EXCEPTION 'a share can only be ended, once';
END IF;
RETURN NEW;
"""


class Share(models.Model):
    """A record that a team lead lets a colleague of the same tier see and work until a date.

    Its end is written here, by hand, by the hour or by the database when the record moves on or its borrower leaves; whoever
    writes it, the grant goes and the journal has a line in the same commit (`accounts/migrations/0014_lent`).
    """

    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name=_("colleague"))
    tier = models.ForeignKey(Tier, models.PROTECT, related_name="+", verbose_name=_("tier"))
    stage = models.CharField(_("stage"), max_length=10, choices=Stage)
    record_id = models.BigIntegerField(_("record"))
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name=_("shared by"))
    given_at = models.DateTimeField(_("shared"))
    until = models.DateTimeField(_("until"))
    ended_at = models.DateTimeField(_("ended"), null=True, blank=True)
    ended_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("ended by")
    )

    class Meta:
        verbose_name = _("share")
        verbose_name_plural = _("shares")
        ordering: ClassVar = ["-id"]
        constraints: ClassVar = [
            CheckConstraint(
                condition=Q(until__gt=F("given_at"), until__lte=F("given_at") + LONGEST_LOAN),
                name="a_share_ends_by_itself",
            ),
            UniqueConstraint(
                fields=["stage", "record_id", "user"],
                condition=Q(ended_at=None),
                name="a_record_is_shared_once_with_somebody",
            ),
        ]
        indexes: ClassVar = [
            models.Index(fields=["until"], condition=Q(ended_at=None), name="shares_by_their_end"),
            models.Index(fields=["user", "tier"], condition=Q(ended_at=None), name="shares_of_a_borrower"),
        ]
        triggers: ClassVar = [
            pgtrigger.Trigger(
                name="a_share_is_only_ended", when=pgtrigger.Before, operation=pgtrigger.Update, func=ONLY_ENDED
            ),
            pgtrigger.Protect(name="a_share_is_kept", operation=pgtrigger.Delete),
        ]

    def __str__(self) -> str:
        return f"{self.stage} {self.record_id} → {self.user_id}"


GRANTS: dict[Stage, type[RecordGrant]] = {}


class RecordGrant(UserObjectPermissionBase):
    """What django-guardian grants on one record for as long as it is shared; each stage has a table with a key of its own."""

    stage: ClassVar[Stage]
    content_object: models.ForeignKey[Any, Any]

    share = models.OneToOneField(Share, models.PROTECT, related_name="+")
    until = models.DateTimeField()

    class Meta(UserObjectPermissionBase.Meta):
        abstract = True
        triggers: ClassVar = [stamp()]

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        if "stage" in cls.__dict__:
            GRANTS[cls.stage] = cls

    @staticmethod
    def codename(stage: Stage) -> str:
        """What the permission of a stage is called."""
        return f"borrow_{stage}"
