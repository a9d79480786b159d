from __future__ import annotations

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import UniqueConstraint
from django.utils.translation import gettext_lazy as _

from pipeline_crm.tiers.models import Pipeline
from pipeline_crm.tiers.stages import Stage


class ImportedRow(models.Model):
    """A row of some file that came in, and what it became; the row itself is kept only as a fingerprint."""

    pipeline = models.ForeignKey(Pipeline, models.CASCADE, related_name="+", verbose_name=_("pipeline"))
    fingerprint = models.CharField(_("fingerprint"), max_length=64)
    stage = models.CharField(_("stage"), max_length=10, choices=Stage)
    record_id = models.BigIntegerField(_("record"))
    was_known = models.BooleanField(_("somebody had the client already"))
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("imported by")
    )
    at = models.DateTimeField(_("imported"))

    class Meta:
        verbose_name = _("imported row")
        verbose_name_plural = _("imported rows")
        constraints: ClassVar = [
            UniqueConstraint(fields=["pipeline", "fingerprint"], name="a_row_is_imported_once"),
        ]

    def __str__(self) -> str:
        return f"{self.stage} {self.record_id}"
