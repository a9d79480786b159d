from __future__ import annotations

import uuid
from datetime import datetime
from typing import ClassVar

import pgtrigger
from django.conf import settings
from django.contrib.auth.models import AbstractUser, UserManager
from django.db import models
from django.utils.crypto import salted_hmac
from django.utils.translation import gettext_lazy as _

# Whatever lets somebody in ends with their job, in the commit that ends it.
LEAVES = """
NEW.session_seed = gen_random_uuid();
DELETE FROM django_session USING usersessions_usersession AS device
 WHERE device.user_id = NEW.id AND django_session.session_key = device.session_key;
DELETE FROM usersessions_usersession WHERE user_id = NEW.id;
DELETE FROM users_invitation WHERE user_id = NEW.id;
RETURN NEW;
"""


class People(UserManager["User"]):
    """People, as the door asks for them."""

    use_in_migrations = False

    def known_as(self, login: str) -> User | None:
        """Who signs in by this name, or else by this e-mail address; nobody by an address that two people share."""
        named = list(self.filter(username__iexact=login)[:9])
        found = [person for person in named if person.username == login] or named
        if not found and "@" in login:
            found = list(self.filter(email__iexact=login)[:2])
        return found[0] if len(found) == 1 else None


class User(AbstractUser):
    """A person who signs in; what they may do hangs on their seats, never on this row."""

    language = models.CharField(_("language"), max_length=5, choices=settings.LANGUAGES, default="en")
    session_seed = models.UUIDField(_("what sessions hang on"), default=uuid.uuid4, editable=False)

    objects: ClassVar[People] = People()

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
                func=LEAVES,
            ),
            # History names them, and what was granted to a number must never fall to somebody else.
            pgtrigger.Protect(name="nobody_is_deleted", operation=pgtrigger.Delete),
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


class Invitation(models.Model):
    """A link that lets somebody in once: a person who has been added, or the first administrator. Used, it is gone."""

    user = models.OneToOneField(
        settings.AUTH_USER_MODEL,
        models.CASCADE,
        null=True,
        blank=True,
        related_name="invitation",
        verbose_name=_("person"),
    )
    digest = models.CharField(_("digest of the token"), max_length=64, unique=True, editable=False)
    made_at = models.DateTimeField(_("made"))
    ends_at = models.DateTimeField(_("works until"))
    is_another = models.BooleanField(_("although there is an administrator"), default=False)

    class Meta:
        verbose_name = _("invitation")
        verbose_name_plural = _("invitations")

    def __str__(self) -> str:
        return f"{self.user_id or 'administrator'} {self.made_at:%Y-%m-%d}"

    def still_works(self, now: datetime) -> bool:
        """Whether the link opens: in time, and for an administrator only as long as there is none."""
        if now >= self.ends_at:
            return False
        if self.user is not None:
            return self.user.is_active
        return self.is_another or not User.objects.filter(is_superuser=True, is_active=True).exists()
