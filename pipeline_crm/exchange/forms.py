"""In which form a person asks for a file, and a second one answers."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from .exports import Wish
from .models import Export

SHORTEST_REASON = 8
# A person's own copy is asked for on a page of its own.
FORMATS = [choice for choice in Export.Format.choices if choice[0] != Export.Format.COPY]
CONTACTS = [choice for choice in Export.Contacts.choices if choice[0] != Export.Contacts.OWN]


class ExportForm(forms.Form):
    """How the file is to be, and what for."""

    format = forms.ChoiceField(label=_("File"), choices=FORMATS, initial=Export.Format.XLSX, widget=forms.RadioSelect)
    contacts = forms.ChoiceField(
        label=_("Phones and e-mail addresses"),
        choices=CONTACTS,
        initial=Export.Contacts.NONE,
        widget=forms.RadioSelect,
    )
    reason = forms.CharField(
        label=_("What do you need the file for?"),
        min_length=SHORTEST_REASON,
        max_length=300,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=_("Who approves exports reads these words, now or later. Name no client in them."),
    )

    def clean_reason(self) -> str:
        """The words on one line, and some of them."""
        words = " ".join(self.cleaned_data["reason"].split())
        if len(words) < SHORTEST_REASON:
            raise forms.ValidationError(_("Say in a few words what you need the file for."))
        return words

    def wish(self) -> Wish:
        """What was asked for."""
        told = self.cleaned_data
        return Wish(told["format"], told["contacts"], told["reason"], (get_language() or "en")[:2])


class AnswerForm(forms.Form):
    """A second person's sentence; a refusal needs one."""

    words = forms.CharField(
        label=_("Your answer"),
        max_length=300,
        required=False,
        widget=forms.Textarea(attrs={"rows": 2}),
        help_text=_("The person who asked reads it. To refuse, say why."),
    )

    def __init__(self, *args: Any, refuses: bool = False, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["words"].required = refuses

    def clean_words(self) -> str:
        """The words on one line."""
        return " ".join(self.cleaned_data["words"].split())
