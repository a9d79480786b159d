from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from pipeline_crm.audit.models import Kind
from pipeline_crm.tiers.stages import Stage
from pipeline_crm.users.models import User

LARGEST = 2**63 - 1


class JournalForm(forms.Form):
    """What of the journal is asked for."""

    person = forms.TypedChoiceField(label=_("Person"), coerce=int, empty_value=None, required=False)
    kind = forms.ChoiceField(label=_("What"), choices=[("", _("everything")), *Kind.choices], required=False)
    client = forms.IntegerField(label=_("Client number"), min_value=1, max_value=LARGEST, required=False)
    contact = forms.CharField(label=_("Phone or e-mail"), max_length=254, required=False)
    since = forms.DateField(label=_("From"), required=False, widget=forms.DateInput({"type": "date"}, "%Y-%m-%d"))
    until = forms.DateField(label=_("To"), required=False, widget=forms.DateInput({"type": "date"}, "%Y-%m-%d"))

    def __init__(self, *args: Any, people: Iterable[User], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        named = sorted({person.pk: person.name for person in people}.items(), key=lambda one: one[1])
        self.fields["person"].choices = [("", _("everybody")), *named]  # type: ignore[attr-defined]


class TrapForm(forms.Form):
    """Which record's client becomes a trip-wire."""

    stage = forms.ChoiceField(label=_("Stage"), choices=Stage.choices)
    number = forms.IntegerField(
        label=_("Record number"),
        min_value=1,
        max_value=LARGEST,
        help_text=_("The number in the address of the record’s page."),
    )
