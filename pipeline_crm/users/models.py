from __future__ import annotations

import uuid
from typing import ClassVar

import pgtrigger
from django.conf import settings
from django.contrib.auth.models import AbstractUser
from django.db import models
from django.utils.crypto import salted_hmac
from django.utils.translation import gettext_lazy as _


class User(AbstractUser):
    """A person who signs in; what they may do hangs on their seats, never on this row."""

    language = models.CharField(_("language"), max_length=5, choices=settings.LANGUAGES, default="en")
    session_seed = models.UUIDField(_("what sessions hang on"), default=uuid.uuid4, editable=False)

    class Meta:
        verbose_name = _("person")
        verbose_name_plural = _("people")
        ordering: ClassVar = ["last_name", "first_name", "username"]
        triggers: ClassVar = [
            pgtrigger.Trigger(
                name="who_is_dismissed_is_signed_out",
                when=pgtrigger.Before,
                operation=pgtrigger.UpdateOf("is_active"),
                condition=pgtrigger.Q(old__is_active=True, new__is_active=False),
                func="NEW.session_seed = gen_random_uuid(); RETURN NEW;",
            )
        ]

    def __str__(self) -> str:
        return self.name

    def _get_session_auth_hash(self, secret: str | None = None) -> str:
        """Sessions hang on the seed too: a dismissal ends them all in its own commit, for good."""
        return salted_hmac(
            "users.session", f"{self.password}{self.session_seed}", secret=secret, algorithm="sha256"
        ).hexdigest()

    @property
    def name(self) -> str:
        """The name colleagues know the person by."""
        return self.get_full_name() or self.username

    @property
    def short_name(self) -> str:
        """First name and an initial, for cards: "Anna B."."""
        return f"{self.first_name} {self.last_name[:1]}.".strip() if self.first_name and self.last_name else self.name

    @property
    def initials(self) -> str:
        """Two letters for the avatar."""
        return "".join(word[0] for word in self.name.split()[:2]).upper()
