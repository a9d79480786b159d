from __future__ import annotations

from typing import ClassVar

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.core.validators import MinValueValidator
from django.db import models
from django.db.models import CheckConstraint, F, Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy
from simple_history.models import HistoricalRecords

from ..laws import stamp
from .desks import Tier
from .pipelines import Product, Source
from .seats import Seat


class Rule(models.Model):
    """Narrows who may receive certain records of a tier; the first rule in order that fits a record counts."""

    tier = models.ForeignKey(Tier, models.CASCADE, related_name="rules", verbose_name=_("tier"))
    name = models.CharField(pgettext_lazy("rule", "name"), max_length=80)
    position = models.PositiveSmallIntegerField(_("order"), default=0, db_index=True)
    is_on = models.BooleanField(pgettext_lazy("rule", "on"), default=False)
    sources = models.ManyToManyField(Source, blank=True, related_name="+", verbose_name=_("sources"))
    products = models.ManyToManyField(Product, blank=True, related_name="+", verbose_name=_("products"))
    regions = ArrayField(
        models.CharField(max_length=80),
        default=list,
        blank=True,
        verbose_name=_("regions"),
        help_text=_("With commas."),
    )
    languages = ArrayField(
        models.CharField(max_length=5, choices=settings.LANGUAGES),
        default=list,
        blank=True,
        verbose_name=_("languages"),
    )
    amount_from = models.DecimalField(
        _("amount from"), max_digits=14, decimal_places=2, null=True, blank=True, validators=[MinValueValidator(0)]
    )
    amount_to = models.DecimalField(
        _("amount below"), max_digits=14, decimal_places=2, null=True, blank=True, validators=[MinValueValidator(0)]
    )
    returning = models.BooleanField(
        _("the client"),
        null=True,
        blank=True,
        choices=[(None, _("new or known")), (True, _("has been with us before")), (False, _("is new"))],
    )
    seats = models.ManyToManyField(Seat, related_name="+", verbose_name=_("who may receive"))
    is_strict = models.BooleanField(
        _("only these people"),
        default=False,
        help_text=_(
            "When none of them can take it, the record waits in the pool; otherwise anybody of the tier gets it."
        ),
    )
    history = HistoricalRecords(m2m_fields=[sources, products, seats])

    class Meta:
        verbose_name = _("rule")
        verbose_name_plural = _("rules of assignment")
        ordering: ClassVar = ["tier", "position", "id"]
        constraints: ClassVar = [
            CheckConstraint(
                condition=Q(amount_from=None) | Q(amount_to=None) | Q(amount_from__lt=F("amount_to")),
                name="amounts_of_a_rule_rise",
                violation_error_message=_("“From” must be less than “below”."),
            )
        ]
        triggers: ClassVar = [stamp()]

    def __str__(self) -> str:
        return self.name
