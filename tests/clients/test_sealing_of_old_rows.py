"""Contacts that were written before they lay sealed are sealed by the migration, and it can be taken back."""

from __future__ import annotations

import pytest
from django.db import InternalError, connection
from django.db.migrations.executor import MigrationExecutor

from pipeline_crm import sealing
from pipeline_crm.clients.actions import find
from pipeline_crm.clients.migrations import __name__ as migrations
from pipeline_crm.clients.models import Client, ContactPoint
from tests.cast import MONDAY, make_lead
from tests.contacts import contacts_of, open_points

BEFORE = [("clients", "0002_parts_of_a_name")]
ENQUIRY = """
    INSERT INTO timeline_entry (client_id, pipeline_id, stage, record_id, kind, at, text, outcome, details)
    VALUES (%s, %s, 'lead', %s, 'enquiry', now(), 'Again', '', '{"source": "Site", "contacts": ["+79161234508"]}')
    RETURNING id
"""
POINTS = [("phone", "+79161234508"), ("phone", "+4930123456"), ("email", "irina@mail.example")]

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def to_and_fro():
    """Leads the database to another state, and back to the newest in the end."""

    def lead(targets):
        executor = MigrationExecutor(connection)
        return executor.migrate(targets or executor.loader.graph.leaf_nodes()).apps

    yield lead
    lead(None)


def rows(sql, *values):
    with connection.cursor() as cursor:
        cursor.execute(sql, values)
        return cursor.fetchall()


def test_old_rows_are_sealed_and_opened_again(to_and_fro, monkeypatch, sam):
    monkeypatch.setattr(f"{migrations}.0004_seal.LOT", 2)
    lead = make_lead(sam)
    old = to_and_fro(BEFORE)
    [(enquiry,)] = rows(ENQUIRY, lead.client_id, lead.pipeline_id, lead.pk)
    people = [
        old.get_model("clients", "Client").objects.create(name=f"Client {n}", created_at=MONDAY) for n in range(4)
    ]
    points = old.get_model("clients", "ContactPoint").objects
    for person, known in zip(
        people, (POINTS, [("email", "oleg@mail.example")], [("phone", "+79031234508")], []), strict=True
    ):
        for kind, value in known:
            points.create(client=person, kind=kind, value=value)

    to_and_fro(None)

    assert sorted(open_points(people[0].pk)) == sorted(POINTS)
    assert [find([point]).pk for point in POINTS] == [people[0].pk] * 3
    assert {point.key for point in ContactPoint.objects.all()} == {sealing.newest_key()}
    # The word of a second enquiry has forgotten by which phone it came, and is as append-only as before.
    assert rows("SELECT details::text, text FROM timeline_entry WHERE id = %s", enquiry) == [
        ('{"source": "Site"}', "Again")
    ]
    with pytest.raises(InternalError, match="Cannot update or delete"):
        rows("UPDATE timeline_entry SET text = '' WHERE id = %s RETURNING id", enquiry)
    masked = list(
        Client.objects.filter(pk__in=[each.pk for each in people])
        .order_by("pk")
        .values_list("masked_contact", flat=True)
    )
    assert masked == ["+7 916 •••-••-08", "o••••••@mail.example", "+7 903 •••-••-08", ""]
    assert [found.client_id for found in ContactPoint.objects.order_by().meaning("1234508", [])] == [
        people[0].pk,
        people[2].pk,
    ]

    [own] = contacts_of(lead.client, "phone")
    to_and_fro(BEFORE)

    assert rows("SELECT kind, value FROM clients_contactpoint ORDER BY id") == [
        ("phone", own),
        *POINTS,
        ("email", "oleg@mail.example"),
        ("phone", "+79031234508"),
    ]
