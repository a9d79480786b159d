"""The mail that lets somebody in; it names nobody but them."""

from __future__ import annotations

from django.conf import settings
from django.core.mail import EmailMessage
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import translation
from django.utils.translation import gettext as _

from .models import User


def invitation_letter(person: User, token: str) -> EmailMessage:
    """The invitation in the person's own language."""
    with translation.override(person.language):
        told = {
            "username": person.username,
            "link": settings.SITE_URL + reverse("access:join", args=[token]),
            "hours": settings.INVITATION_HOURS,
        }
        return EmailMessage(
            subject=_("Your way into Pipeline"),
            body=render_to_string("mail/invitation.txt", told).strip(),
            to=[person.email],
            headers={"Auto-Submitted": "auto-generated"},
        )
