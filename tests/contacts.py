"""What lies sealed, opened for a test."""

from __future__ import annotations

from pipeline_crm.clients.models import Client, ContactPoint


def open_points(client_id: int) -> list[tuple[str, str]]:
    """A client's contacts in full, with their kinds."""
    return [(point.kind, point.opened()) for point in ContactPoint.objects.filter(client=client_id)]


def contacts_of(client: Client, kind: str) -> list[str]:
    """A client's phones or addresses in full."""
    return [value for known, value in open_points(client.pk) if known == kind]
