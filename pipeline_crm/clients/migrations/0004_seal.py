"""Seals the contacts that are there, lot by lot: a run that was killed goes on where it stopped."""

from django.db import connection, migrations, transaction

from pipeline_crm import sealing
from pipeline_crm.bulk import update_rows
from pipeline_crm.clients.contacts import mask_email, mask_phone

LOT = 2_000
MAIN_CONTACT = """
    UPDATE clients_client client SET masked_contact = (
        SELECT masked FROM clients_contactpoint point WHERE point.client_id = client.id ORDER BY kind DESC, id LIMIT 1
    ) WHERE id BETWEEN %s AND %s AND EXISTS (SELECT FROM clients_contactpoint point WHERE point.client_id = client.id)
"""


def seal(apps, schema_editor):
    points = apps.get_model('clients', 'ContactPoint')
    last = 0
    while (sealed := _seal_lot(points, last)) is not None:
        last = sealed
    clients = apps.get_model('clients', 'Client')
    last = 0
    while (lot := list(clients.objects.filter(pk__gt=last).order_by('pk').values_list('pk', flat=True)[:LOT])):
        with connection.cursor() as cursor:
            cursor.execute(MAIN_CONTACT, [lot[0], lot[-1]])
        last = lot[-1]


@transaction.atomic
def _seal_lot(points, last):
    lot = list(points.objects.select_for_update().filter(pk__gt=last, sealed=None).order_by('pk')[:LOT])
    for point in lot:
        phone = point.kind == 'phone'
        point.sealed = sealing.seal(point.value)
        point.masked = mask_phone(point.value) if phone else mask_email(point.value)
        point.key, point.mark = sealing.newest_key(), sealing.mark(point.kind, point.value)
        point.end_mark = sealing.mark('end of a phone', point.value[-7:]) if phone else None
    update_rows(lot, ['sealed', 'masked', 'mark', 'end_mark', 'key'])
    return lot[-1].pk if lot else None


def forget_enquiries(apps, schema_editor):
    """Word of a second enquiry held the phones by which it came; entries are append-only, so their law looks away once."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute('ALTER TABLE timeline_entry DISABLE TRIGGER USER')
        cursor.execute("UPDATE timeline_entry SET details = details - 'contacts' WHERE kind = 'enquiry' AND details ? 'contacts'")
        cursor.execute('ALTER TABLE timeline_entry ENABLE TRIGGER USER')


def unseal(apps, schema_editor):
    points = apps.get_model('clients', 'ContactPoint')
    last = 0
    while (opened := _unseal_lot(points, last)) is not None:
        last = opened


@transaction.atomic
def _unseal_lot(points, last):
    lot = list(points.objects.select_for_update().filter(pk__gt=last, value=None).order_by('pk')[:LOT])
    for point in lot:
        point.value = sealing.unseal(point.sealed)
    update_rows(lot, ['value'])
    return lot[-1].pk if lot else None


class Migration(migrations.Migration):

    atomic = False
    dependencies = [
        ('clients', '0003_room_for_seals'),
        ('timeline', '0004_done_tasks'),
    ]

    operations = [
        migrations.RunPython(seal, unseal),
        migrations.RunPython(forget_enquiries, migrations.RunPython.noop),
    ]
