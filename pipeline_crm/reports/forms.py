from __future__ import annotations

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from pipeline_crm.conveyor.fields import DayField
from pipeline_crm.tiers.models import Absence, Seat


class ColleagueField(forms.ModelChoiceField):
    """A person who sits at the same tier."""

    def label_from_instance(self, seat: Seat) -> str:
        return seat.user.name


class AwayForm(forms.Form):
    """From which day to which somebody is away, and who looks after the clients."""

    first_day = DayField(label=_("From"))
    last_day = DayField(label=_("To"), ahead=True)
    substitute = ColleagueField(
        Seat.objects.none(),
        label=_("Substitute"),
        required=False,
        empty_label=_("nobody: the clients wait"),
        error_messages={"invalid_choice": _("The substitute must have an open seat at the same tier.")},
    )
    reason = forms.CharField(
        label=_("Reason"), required=False, max_length=Absence._meta.get_field("reason").max_length, strip=True
    )

    def __init__(self, told: Any, *, seat: Seat) -> None:
        super().__init__(told, initial={"first_day": timezone.localdate()}, auto_id="away-%s")
        others: QuerySet[Seat] = Seat.objects.open().filter(tier=seat.tier_id, capacity__gt=0)
        field = self.fields["substitute"]
        assert isinstance(field, forms.ModelChoiceField)  # noqa: S101
        field.queryset = others.exclude(pk=seat.pk).select_related("user").order_by("user__first_name", "pk")

    def clean(self) -> dict[str, Any]:
        told = super().clean() or {}
        first, last = told.get("first_day"), told.get("last_day")
        if first and last and last < first:
            self.add_error("last_day", ValidationError(_("The last day must not come before the first.")))
        return told
