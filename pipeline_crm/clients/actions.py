from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import connection

from pipeline_crm import sealing

from .contacts import normalise_email, normalise_phone
from .models import Client, ContactPoint, mask

Point = tuple[str, str]  # kind and normalised value
LARGEST_LOCK = 2**63 - 1


@dataclass(frozen=True)
class Person:
    """Who the client is, as somebody wrote it down."""

    name: str
    company: str = ""
    region: str = ""
    city: str = ""
    language: str = ""


def points_of(phones: Sequence[str], emails: Sequence[str], *, country: str) -> list[Point]:
    """The contact points in their one normal form, without what cannot be read."""
    read = [(ContactPoint.Kind.PHONE, normalise_phone(text, country)) for text in phones] + [
        (ContactPoint.Kind.EMAIL, normalise_email(text)) for text in emails
    ]
    return list(dict.fromkeys((kind.value, value) for kind, value in read if value))


def lock_points(points: Sequence[Point]) -> None:
    """Nobody else looks up or adds these contact points until the transaction ends."""
    # By the marks under every key: whoever still writes under an older one waits, too. In one order for everybody.
    locks = sorted({each.int & LARGEST_LOCK for point in points for each in sealing.marks(*point)})
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(each) FROM unnest(%s::bigint[]) AS each", [locks])


def find(points: Sequence[Point]) -> Client | None:
    """The client whom any of the points belongs to; the first point that is known decides."""
    order = {each: place for place, point in enumerate(points) for each in sealing.marks(*point)}
    kinds = {kind for kind, _value in points}
    known = ContactPoint.objects.filter(kind__in=kinds, mark__in=list(order)).select_related("client").order_by()
    first = min(known, key=lambda point: order[point.mark], default=None)
    return first.client if first is not None else None


def add_points(client: Client, points: Sequence[Point]) -> None:
    """Adds contact points to a client; those that belong to somebody already stay where they are."""
    ContactPoint.objects.bulk_create(
        [ContactPoint.of(client, kind, value) for kind, value in points], ignore_conflicts=True
    )


def enrol(person: Person, points: Sequence[Point], *, now: datetime, silenced: bool = False) -> Client:
    """Makes a new client with these contact points; `silenced` they must not be contacted from the first."""
    client = Client.objects.create(
        name=person.name,
        company=person.company,
        region=person.region,
        city=person.city,
        language=person.language,
        created_at=now,
        masked_contact=mask_of(points),
        no_contact=silenced,
    )
    add_points(client, points)
    return client


def mask_of(points: Sequence[Point]) -> str:
    """The main contact as cards show it: a phone before an address."""
    phones_first = sorted(points, key=lambda point: point[0] != ContactPoint.Kind.PHONE)
    return mask(*phones_first[0]) if phones_first else ""
