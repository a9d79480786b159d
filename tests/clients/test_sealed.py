"""Contacts lie sealed: the database holds masks and keyed marks, and a change of keys loses and doubles nobody."""

import threading
from io import StringIO

import pytest
from cryptography.fernet import Fernet
from django.core.management import CommandError, call_command
from django.db import IntegrityError, connection, connections, transaction

from leads import actions as scouting
from leads.models import Lead
from pipeline_crm import sealing
from pipeline_crm.clients import rotation
from pipeline_crm.clients.actions import Person, add_points, enrol, find, lock_points
from pipeline_crm.clients.models import Client, ContactPoint
from pipeline_crm.conveyor import opening
from pipeline_crm.timeline.models import Entry
from tests.cast import MONDAY, make_enquiry, make_lead
from tests.contacts import open_points

PHONE, EMAIL = ("phone", "+79161234508"), ("email", "irina@mail.example")


def with_a_new_key(settings):
    settings.DATA_KEYS = [Fernet.generate_key().decode(), *settings.DATA_KEYS]


def everything_kept():
    """All that the database holds, in one text."""
    with connection.cursor() as cursor:
        tables = connection.introspection.table_names(cursor)
        said = []
        for table in tables:
            cursor.execute(f'SELECT string_agg(kept::text, chr(10)) FROM "{table}" kept')  # noqa: S608
            said.append(cursor.fetchone()[0] or "")
    return "\n".join(said)


def test_no_table_holds_a_contact_in_clear(pipeline, sam):
    enquiry = make_enquiry("Irina", phone=PHONE[1], email=EMAIL[1])
    lead = scouting.capture(pipeline, enquiry, by=sam.user, now=MONDAY, keep_for=sam).item
    scouting.capture(pipeline, enquiry, by=sam.user, now=MONDAY)
    opening.reveal(Lead, lead.pk, by=sam.user, now=MONDAY)

    kept = everything_kept()

    assert Entry.objects.filter(kind="enquiry").count() == 1
    assert [word for word in ("9161234508", "1234508", "irina@", "+7916") if word in kept] == []
    assert "+7 916 •••-••-08" in kept
    assert open_points(lead.client_id) == [EMAIL, PHONE]


def test_the_database_takes_no_contact_in_clear(sam):
    point = make_lead(sam, phone=PHONE[1]).client.contact_points.get()

    for column, value in (("sealed", PHONE[1]), ("masked", PHONE[1]), ("end_mark", None)):
        with pytest.raises(IntegrityError), transaction.atomic():
            ContactPoint.objects.filter(pk=point.pk).update(**{column: value})
    with pytest.raises(IntegrityError), transaction.atomic():
        Client.objects.filter(pk=point.client_id).update(masked_contact=PHONE[1])


def test_a_contact_has_one_client(sam):
    point = make_lead(sam, phone=PHONE[1]).client.contact_points.get()
    other = Client.objects.create(name="Other", created_at=MONDAY)

    with pytest.raises(IntegrityError), transaction.atomic():
        ContactPoint.of(other, *PHONE).save()
    add_points(other, [PHONE, EMAIL])

    assert find([PHONE]) == point.client
    assert find([EMAIL, PHONE]) == other
    assert open_points(other.pk) == [EMAIL]


def test_a_mark_tells_neither_the_value_nor_the_kind(settings):
    one = sealing.mark("phone", PHONE[1])

    assert one == sealing.mark("phone", PHONE[1])
    assert one not in (sealing.mark("email", PHONE[1]), sealing.mark("phone", EMAIL[1]))
    settings.DATA_KEYS = [Fernet.generate_key().decode()]
    assert one != sealing.mark("phone", PHONE[1])


# The keys change -------------------------------------------------------------------------------------------------


def test_all_is_found_before_during_and_after_a_change_of_keys(sam, sue, settings, monkeypatch):
    monkeypatch.setattr(rotation, "LOT", 1)
    old = settings.DATA_KEYS
    clients = [make_lead(sam, phone=f"+7916123450{n}").client for n in range(4)]
    values = [[("phone", f"+7916123450{n}")] for n in range(4)]
    with_a_new_key(settings)
    assert [find(each) for each in values] == clients

    rotation._rotate_lot(rotation.Rotation(), 0)  # and then somebody pulls the plug
    assert [find(each) for each in values] == clients
    with pytest.raises(IntegrityError), transaction.atomic():
        ContactPoint.of(clients[3], *values[0][0]).save()
    said = StringIO()
    call_command("rotate_keys", stdout=said)

    assert "3 contacts are sealed and marked" in said.getvalue()
    settings.DATA_KEYS = settings.DATA_KEYS[:1]
    assert [find(each) for each in values] == clients
    assert [open_points(client.pk) for client in clients] == values
    settings.DATA_KEYS = old
    assert [find(each) for each in values] == [None] * 4


@pytest.mark.django_db(transaction=True)
def test_who_is_nobody_in_the_database_changes_all_keys_all_the_same(sam, settings):
    client = make_lead(sam, phone=PHONE[1]).client
    with_a_new_key(settings)
    said = StringIO()

    with connection.cursor() as cursor:
        cursor.execute("SET ROLE crm_web")
        call_command("rotate_keys", stdout=said)
        cursor.execute("SET ROLE none")

    assert "1 contacts are sealed and marked" in said.getvalue()
    settings.DATA_KEYS = settings.DATA_KEYS[:1]
    assert open_points(client.pk) == [PHONE]


def test_a_phone_is_found_by_its_end_while_keys_change(sam, settings, browse):
    make_lead(sam, name="Irina", phone=PHONE[1])
    with_a_new_key(settings)
    make_lead(sam, name="Oleg", phone="+79031234508")

    def found(asked):
        page = browse(sam).get("/find/", {"q": asked})
        return sorted(hit.item.client.name for _stage, hits in page.context["found"].stages for hit in hits)

    assert found("1234508") == ["Irina", "Oleg"]
    assert found("61234508") == ["Irina"]
    assert found("8 903 123-45-08") == ["Oleg"]


def test_what_no_key_opens_is_told_and_left(sam, settings):
    client = make_lead(sam, phone=PHONE[1]).client
    lost, settings.DATA_KEYS = settings.DATA_KEYS, [Fernet.generate_key().decode()]
    fresh = make_lead(sam, phone="+79031234508").client
    with_a_new_key(settings)

    with pytest.raises(CommandError, match=f"a key is missing: {client.contact_points.get().pk}"):
        call_command("rotate_keys", stdout=StringIO())

    settings.DATA_KEYS = settings.DATA_KEYS[:1]
    assert open_points(fresh.pk) == [("phone", "+79031234508")]
    settings.DATA_KEYS = lost
    assert open_points(client.pk) == [PHONE]


def test_two_who_have_one_contact_are_told_and_left(sam, settings):
    client = make_lead(sam, phone=PHONE[1]).client
    old, settings.DATA_KEYS = settings.DATA_KEYS, [Fernet.generate_key().decode()]
    other = make_lead(sam, phone=PHONE[1]).client
    settings.DATA_KEYS = settings.DATA_KEYS + old

    with pytest.raises(CommandError, match=f"Another client has these contacts.*{client.contact_points.get().pk}"):
        call_command("rotate_keys", stdout=StringIO())

    assert (open_points(client.pk), open_points(other.pk)) == ([PHONE], [PHONE])


@pytest.mark.django_db(transaction=True)
def test_while_the_keys_change_a_number_still_makes_one_client(sam, settings, monkeypatch):
    monkeypatch.setattr(rotation, "LOT", 2)
    numbers = [f"+7916123{n:04d}" for n in range(12)]
    for phone in numbers[:6]:
        make_lead(sam, phone=phone)
    with_a_new_key(settings)
    start, failed = threading.Barrier(4), []

    def taking_in():
        start.wait()
        for phone in numbers:
            with transaction.atomic():
                lock_points([("phone", phone)])
                if find([("phone", phone)]) is None:
                    enrol(Person("Somebody"), [("phone", phone)], now=MONDAY)

    def run(act):
        try:
            act()
        except Exception as error:
            failed.append(error)
        finally:
            connections.close_all()

    acts = [
        taking_in,
        taking_in,
        lambda: (start.wait(), rotation.rotate_points()),
        lambda: (start.wait(), rotation.rotate_points()),
    ]
    threads = [threading.Thread(target=run, args=(act,)) for act in acts]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    settings.DATA_KEYS = settings.DATA_KEYS[:1]

    assert failed == []
    assert sorted(point.opened() for point in ContactPoint.objects.all()) == numbers
