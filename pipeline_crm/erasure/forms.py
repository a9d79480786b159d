"""What a head of sales says when a client asks to be erased."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from .models import Erasure

BASES = [choice for choice in Erasure.Basis.choices if choice[0] != Erasure.Basis.AGAIN]


class EraseForm(forms.Form):
    """On what basis, and what is to hold afterwards."""

    basis = forms.ChoiceField(
        label=_("On what basis"),
        choices=BASES,
        widget=forms.RadioSelect,
        error_messages={"required": _("Say on what basis the data are erased.")},
    )
    no_contact = forms.BooleanField(
        label=_("They must not be contacted afterwards either"),
        required=False,
        help_text=_(
            "A hash of each contact is kept, by which nobody but who has the number again can tell that it is theirs."
        ),
    )
    although_open = forms.BooleanField(label=_("Erase although records are open"), required=False)

    def told(self) -> dict[str, Any]:
        """What the act asks for."""
        return dict(self.cleaned_data)
