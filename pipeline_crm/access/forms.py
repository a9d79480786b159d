"""allauth's forms about keys, in the words of this house."""

from __future__ import annotations

from typing import Any

from allauth.mfa.webauthn.forms import AddWebAuthnForm, EditWebAuthnForm
from django.utils.translation import gettext_lazy as _

KEY_NAME = _("What you call this key")


class AddKeyForm(AddWebAuthnForm):
    """A key is added."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["name"].label = KEY_NAME
        passkey = self.fields["passwordless"]
        passkey.label = _("Sign in by this key alone")
        passkey.help_text = _("Without name and password; the device then asks for your finger, face or PIN.")


class EditKeyForm(EditWebAuthnForm):
    """A key gets another name."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["name"].label = KEY_NAME
