from __future__ import annotations

import uuid
from typing import ClassVar

from django.db import models
from django.db.models import CheckConstraint, Q
from django.utils.translation import gettext_lazy as _


class Stamp(models.Model):
    """One row that changes with every change of set-up, seats or grants, in the same transaction, by triggers."""

    id = models.PositiveSmallIntegerField(_("number"), primary_key=True, default=1)
    value = models.UUIDField(_("stamp"), default=uuid.uuid4)

    class Meta:
        verbose_name = _("stamp of the set-up")
        verbose_name_plural = _("stamps of the set-up")
        constraints: ClassVar = [CheckConstraint(condition=Q(id=1), name="there_is_one_stamp")]

    def __str__(self) -> str:
        return str(self.value)
