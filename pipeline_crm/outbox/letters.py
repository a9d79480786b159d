"""The mail itself: how many notices of which kind, and where to read them; never a name, a phone or an address."""

from __future__ import annotations

from email.utils import format_datetime, parseaddr

from django.conf import settings
from django.core.mail import EmailMultiAlternatives
from django.db.models import Count
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import translation
from django.utils.translation import ngettext

from .models import Delivery, Mail, Notice


def letter_of(mail: Mail) -> EmailMultiAlternatives:
    """The message of a digest in its reader's language; the same one however often it is made."""
    counts = dict(
        Delivery.objects.filter(mail=mail).values_list("notice__kind").annotate(n=Count("id")).order_by("notice__kind")
    )
    count = sum(counts.values())
    with translation.override(mail.user.language):
        told = {
            "count": count,
            "lines": [(str(kind.label), counts[kind]) for kind in Notice.Kind if kind in counts],
            "notices_url": settings.SITE_URL + reverse("workbench:notices"),
            "choice_url": settings.SITE_URL + reverse("workbench:notice-choice"),
            "language": mail.user.language,
        }
        letter = EmailMultiAlternatives(
            subject=ngettext("%(n)d new notice in Pipeline", "%(n)d new notices in Pipeline", count) % {"n": count},
            body=render_to_string("mail/digest.txt", told),
            to=[mail.user.email],
            headers={
                "Message-ID": f"<digest.{mail.key}@{_domain()}>",
                "Date": format_datetime(mail.made_at),
                "Auto-Submitted": "auto-generated",
                "List-Unsubscribe": f"<{told['choice_url']}>",
            },
        )
        letter.attach_alternative(render_to_string("mail/digest.html", told), "text/html")
    return letter


def _domain() -> str:
    """The domain that the site's mail comes from."""
    return parseaddr(settings.DEFAULT_FROM_EMAIL)[1].rpartition("@")[2] or "localhost"
