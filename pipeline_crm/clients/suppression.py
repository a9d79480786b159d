"""Contacts that were erased and must not come back: told again by a keyed hash, whatever becomes of the keys.

The hash is made with a secret of the house that lies sealed, so a change of the keys seals the secret anew and the hashes stay.
"""

from __future__ import annotations

import hmac
import secrets
from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from django.db import connection

from pipeline_crm.sealing import reseal, seal, unseal

from .models import Pepper, Suppression

Point = tuple[str, str]


def suppress(points: Sequence[Point], *, now: datetime) -> int:
    """Keeps these contacts from coming back as somebody to be contacted; how many were not kept already."""
    if not points:
        return 0
    secret = _secret(makes=True)
    before = Suppression.objects.count()
    rows = [Suppression(mark=_mark(secret, point), at=now) for point in points]
    Suppression.objects.bulk_create(rows, ignore_conflicts=True)
    return Suppression.objects.count() - before


def is_suppressed(points: Sequence[Point]) -> bool:
    """Whether one of these contacts was erased with the wish that nobody get in touch any more."""
    if not points or not Suppression.objects.exists():
        return False
    secret = _secret()
    return Suppression.objects.filter(mark__in=[_mark(secret, point) for point in points]).exists()


def reseal_peppers() -> None:
    """Seals the secret with the newest key."""
    for pepper in Pepper.objects.select_for_update():
        pepper.sealed = reseal(pepper.sealed)
        pepper.save(update_fields=["sealed"])


def _secret(*, makes: bool = False) -> str:
    if makes:
        with connection.cursor() as cursor:
            # Two who make the first one at once would each know contacts that the other does not.
            cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended('the secret of suppression', 0))")
    pepper = Pepper.objects.order_by("id").first()
    if pepper is None:
        pepper = Pepper.objects.create(sealed=seal(secrets.token_hex(32)))
    return unseal(pepper.sealed)


def _mark(secret: str, point: Point) -> UUID:
    return UUID(bytes=hmac.digest(secret.encode(), ":".join(point).encode(), "sha256")[:16])
