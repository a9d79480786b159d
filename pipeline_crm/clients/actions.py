from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import connection

from .contacts import normalise_email, normalise_phone
from .models import Client, ContactPoint

Point = tuple[str, str]  # kind and normalised value


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
    with connection.cursor() as cursor:
        for kind, value in sorted(points):
            cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 7))", [f"{kind}:{value}"])


def find(points: Sequence[Point]) -> Client | None:
    """The client whom any of the points belongs to; the first point that is known decides."""
    for kind, value in points:
        point = ContactPoint.objects.select_related("client").filter(kind=kind, value=value).first()
        if point is not None:
            return point.client
    return None


def add_points(client: Client, points: Sequence[Point]) -> None:
    """Adds contact points to a client; those that belong to somebody already stay where they are."""
    ContactPoint.objects.bulk_create(
        [ContactPoint(client=client, kind=kind, value=value) for kind, value in points], ignore_conflicts=True
    )


def enrol(person: Person, points: Sequence[Point], *, now: datetime) -> Client:
    """Makes a new client with these contact points."""
    client = Client.objects.create(
        name=person.name,
        company=person.company,
        region=person.region,
        city=person.city,
        language=person.language,
        created_at=now,
    )
    add_points(client, points)
    return client
