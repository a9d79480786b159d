"""Who comes in, goes out, or knocks in vain, as Django and allauth tell it."""

from __future__ import annotations

from typing import Any

from django.utils import timezone

from pipeline_crm.sealing import mark
from pipeline_crm.tiers.models import Seat
from pipeline_crm.users.models import User

from .actions import note
from .models import Kind

LONGEST = 254


def hear_coming(user: User, **_: Any) -> None:
    """Somebody has signed in."""
    note(Kind.SIGNED_IN, by=user, now=timezone.now(), pipeline=home_of(user))


def hear_going(user: User | None, **_: Any) -> None:
    """Somebody has signed out."""
    if user is not None:
        note(Kind.SIGNED_OUT, by=user, now=timezone.now(), pipeline=home_of(user))


def hear_knocking(credentials: dict[str, Any], **_: Any) -> None:
    """A name and a password did not fit; a name that nobody bears is kept as a keyed hash, for it may be a password."""
    login = str(credentials.get("username") or credentials.get("email") or "")[:LONGEST].lower()
    person = User.objects.known_as(login)
    note(
        Kind.SIGN_IN_FAILED,
        by=None,
        now=timezone.now(),
        about=person,
        pipeline=home_of(person),
        traces=[str(mark("login", login))],
    )


def home_of(user: User | None) -> int | None:
    """The pipeline of somebody's oldest seat: whose head of sales reads of them."""
    seats = Seat.objects.filter(user=user).order_by("id").values_list("tier__pipeline_id", flat=True)
    # Nobody costs the same question, so that a name is not told from no name by the time that an answer takes.
    return seats.first()
