"""What is written down about a person."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import ValidationError
from django.db.models import Q
from django.forms import ModelForm
from django.utils.translation import gettext_lazy as _

from .models import User


def refuse_address_of_another(login: str, person: User | None = None) -> None:
    """By a name or an address one person signs in, and nobody else; raises ValidationError when another has it."""
    others = User.objects.exclude(pk=person.pk) if person is not None else User.objects.all()
    named = Q(email__iexact=login) | (Q(username__iexact=login) if "@" in login else Q(pk__in=[]))
    if login and others.filter(named).exists():
        raise ValidationError(_("Somebody else has this e-mail address."))


class PersonForm(ModelForm):
    """A person without their password, which is nobody else's business."""

    class Meta:
        model = User
        fields = "__all__"  # noqa: DJ007 - the admin says which of them are shown to whom

    def clean_email(self) -> str:
        """An address lets its owner in, so it belongs to one person only."""
        email: str = self.cleaned_data["email"]
        refuse_address_of_another(email, self.instance)
        return email

    def clean_username(self) -> str:
        """Who signs in by a name must not be taken for somebody who signs in by this address."""
        username: str = self.cleaned_data["username"]
        refuse_address_of_another(username, self.instance)
        return username


class NewPersonForm(PersonForm):
    """Somebody new: they choose their password themselves, by the link in their mail."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["email"].required = True
        self.fields["email"].help_text = _("An invitation goes there; the person chooses their own password.")

    def save(self, commit: bool = True) -> User:
        """Without a password nobody comes in but by the invitation."""
        self.instance.set_unusable_password()
        return super().save(commit)
