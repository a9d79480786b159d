"""Puts the key around the fingerprints that were made without one."""

from django.db import migrations, transaction

from pipeline_crm.bulk import update_rows
from pipeline_crm.sealing import mark

LOT = 5_000
WITHOUT_A_KEY = 64  # letters; with one they have half as many


def put_key_around(apps, schema_editor):
    rows = apps.get_model('exchange', 'ImportedRow')
    last = 0
    while (done := _lot(rows, last)) is not None:
        last = done


@transaction.atomic
def _lot(rows, last):
    lot = list(rows.objects.select_for_update().filter(pk__gt=last).order_by('pk')[:LOT])
    bare = [row for row in lot if len(row.fingerprint) == WITHOUT_A_KEY]
    for row in bare:
        row.fingerprint = mark('imported row', row.fingerprint).hex
    update_rows(bare, ['fingerprint'])
    return lot[-1].pk if lot else None


class Migration(migrations.Migration):

    atomic = False
    dependencies = [
        ('exchange', '0001_initial'),
    ]

    operations = [
        # Nothing takes a key off again; what comes in later is told by its contacts then.
        migrations.RunPython(put_key_around, migrations.RunPython.noop),
    ]
