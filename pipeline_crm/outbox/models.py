from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from django.conf import settings
from django.db import models
from django.db.models import Q, UniqueConstraint
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from pipeline_crm.tiers.stages import Stage

if TYPE_CHECKING:
    from pipeline_crm.access.sight import Sight


class Notice(models.Model):
    """Word to one person about one event; holds numbers only, the sentence is made when it is read."""

    class Kind(models.TextChoices):
        ASSIGNED = "assigned", _("A record was given to you")
        OFFERED = "offered", _("A client is offered to you")
        ACCEPTED = "accepted", _("A client you handed on was accepted")
        RETURNED = "returned", _("A client you handed on came back")
        TAKEN_AWAY = "taken_away", _("A record you held lay too long and was passed on")
        MOVED_AWAY = "moved_away", _("Your team lead moved a record of yours")
        REMINDED = "reminded", _("A clock has run out")
        WARNED = "warned", _("A clock has run out in your team")
        POOL_STUCK = "pool_stuck", _("A record waits in the pool and nobody can take it")
        ENQUIRY = "enquiry", _("A client of yours wrote again")
        BOUGHT = "bought", _("A client of yours has bought again")
        WOKEN = "woken", _("A parked lead came back")

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.CASCADE, related_name="notices", verbose_name=pgettext_lazy("person", "to")
    )
    kind = models.CharField(_("kind"), max_length=20, choices=Kind)
    stage = models.CharField(_("stage"), max_length=10, choices=Stage)
    record_id = models.BigIntegerField(_("record"))
    event = models.CharField(_("event"), max_length=80)
    at = models.DateTimeField(_("when"))
    read_at = models.DateTimeField(_("read"), null=True, blank=True)

    class Meta:
        verbose_name = _("notice")
        verbose_name_plural = _("notices")
        ordering: ClassVar = ["-at", "-id"]
        constraints: ClassVar = [UniqueConstraint(fields=["user", "event"], name="an_event_is_told_once")]
        indexes: ClassVar = [
            models.Index(fields=["user", "-at"], condition=Q(read_at=None), name="unread_notices_of_a_person")
        ]

    def __str__(self) -> str:
        return f"{self.user_id} {self.event}"

    @classmethod
    def seen_by(cls, sight: Sight) -> Q:
        """A notice is seen by the person it is for."""
        return Q(user_id=sight.user_id)
