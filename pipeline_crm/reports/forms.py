from __future__ import annotations

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from pipeline_crm.conveyor.fields import DayField
from pipeline_crm.tiers.models import Absence


class AwayForm(forms.Form):
    """From which day to which somebody is away."""

    first_day = DayField(label=_("From"))
    last_day = DayField(label=_("To"), ahead=True)
    reason = forms.CharField(
        label=_("Reason"), required=False, max_length=Absence._meta.get_field("reason").max_length, strip=True
    )

    def clean(self) -> dict[str, Any]:
        told = super().clean() or {}
        first, last = told.get("first_day"), told.get("last_day")
        if first and last and last < first:
            self.add_error("last_day", ValidationError(_("The last day must not come before the first.")))
        return told
