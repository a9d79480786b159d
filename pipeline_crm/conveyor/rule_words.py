"""A rule of assignment in words, for the lists and pages of the admin."""

from __future__ import annotations

from django.conf import settings
from django.utils.formats import number_format
from django.utils.translation import gettext as _

from pipeline_crm.tiers.models import Rule


def asked_in_words(rule: Rule) -> str:
    """What a rule asks of a record; everything, where it asks nothing."""
    spoken = dict(settings.LANGUAGES)
    asked = [
        (_("source: %(names)s"), [str(source) for source in rule.sources.all()]),
        (_("product: %(names)s"), [str(product) for product in rule.products.all()]),
        (_("region: %(names)s"), rule.regions),
        (_("language: %(names)s"), [str(spoken.get(code, code)) for code in rule.languages]),
        (_("amount from %(names)s"), _amount(rule.amount_from)),
        (_("amount below %(names)s"), _amount(rule.amount_to)),
        (_("client: %(names)s"), [] if rule.returning is None else [str(rule.get_returning_display())]),
    ]
    return "; ".join(sentence % {"names": ", ".join(names)} for sentence, names in asked if names) or _("every record")


def _amount(value: object) -> list[str]:
    return [] if value is None else [number_format(f"{value:.2f}".removesuffix(".00"), force_grouping=True)]
