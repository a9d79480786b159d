from __future__ import annotations

from typing import ClassVar

from django.conf import settings
from django.contrib.auth.models import AbstractUser
from django.db import models
from django.utils.translation import gettext_lazy as _


class User(AbstractUser):
    """A person who signs in; what they may do hangs on their seats, never on this row."""

    language = models.CharField(_("language"), max_length=5, choices=settings.LANGUAGES, default="en")

    class Meta:
        verbose_name = _("person")
        verbose_name_plural = _("people")
        ordering: ClassVar = ["last_name", "first_name", "username"]

    def __str__(self) -> str:
        return self.name

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
