"""How people come in: by a link that works once, and by nothing else."""

from __future__ import annotations

import hashlib
import secrets
import uuid
from datetime import datetime, timedelta
from typing import Any

from allauth.mfa.models import Authenticator
from django.conf import settings
from django.contrib.auth import get_user_model
from django.db import transaction

from .models import Invitation, User

FIRST_LINK_HOURS = 24


class NotInvited(Exception):
    """The link was used, has run out, was replaced by a newer one, or never was."""


@transaction.atomic
def invite(person: User, *, now: datetime) -> str:
    """Makes the link by which a person comes in; an older one of theirs works no more. Returns its token, kept nowhere."""
    person = User.objects.select_for_update().get(pk=person.pk)
    if not person.is_active:
        raise NotInvited
    token = secrets.token_urlsafe(32)
    Invitation.objects.update_or_create(
        user=person,
        defaults={
            "digest": _digest(token),
            "made_at": now,
            "ends_at": now + timedelta(hours=settings.INVITATION_HOURS),
        },
    )
    return token


@transaction.atomic
def invite_administrator(*, now: datetime, another: bool) -> str:
    """Makes the link by which the first administrator comes in; older ones work no more."""
    if not another and User.objects.filter(is_superuser=True, is_active=True).exists():
        raise NotInvited
    Invitation.objects.filter(user=None).delete()
    token = secrets.token_urlsafe(32)
    Invitation.objects.create(
        digest=_digest(token), made_at=now, ends_at=now + timedelta(hours=FIRST_LINK_HOURS), is_another=another
    )
    return token


def invitation_of(token: str, *, now: datetime) -> Invitation | None:
    """The invitation that a link stands for, as long as it works."""
    found = Invitation.objects.select_related("user").filter(digest=_digest(token)).first()
    return found if found is not None and found.still_works(now) else None


@transaction.atomic
def come_in(token: str, *, password: str, now: datetime, **fields: Any) -> User:
    """Uses an invitation up: the person gets their password; the first administrator is made, of these fields."""
    # The person before the invitation, as a dismissal locks them: it may be under way.
    invitations = Invitation.objects.filter(digest=_digest(token))
    person = User.objects.select_for_update().filter(pk__in=invitations.values("user")).first()
    invitation = invitations.select_for_update().first()
    if invitation is None:
        raise NotInvited
    invitation.user = person
    if not invitation.still_works(now):
        raise NotInvited
    invitation.delete()
    if person is None:
        return get_user_model().objects.create_superuser(password=password, **fields)
    person.set_password(password)
    person.save(update_fields=["password"])
    return person


@transaction.atomic
def forget_factors(person: User) -> None:
    """Takes the second factor away from somebody who has lost it, and ends their sessions, which were opened by it."""
    person = User.objects.select_for_update().get(pk=person.pk)
    person.session_seed = uuid.uuid4()
    person.save(update_fields=["session_seed"])
    Authenticator.objects.filter(user=person).delete()


def _digest(token: str) -> str:
    """The token is long and random, so a plain digest gives nothing away."""
    return hashlib.sha256(token.encode()).hexdigest()
