"""Whatever row-level security asks of a record stands in the indexes of what is open, so that they alone answer again."""

from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('clients', '0008_erased'),
        ('leads', '0010_barred'),
        ('tiers', '0012_exports'),
    ]

    operations = [
        migrations.RemoveIndex(
            model_name='lead',
            name='leads_on_a_board',
        ),
        migrations.RemoveIndex(
            model_name='lead',
            name='leads_in_a_queue',
        ),
        migrations.RemoveIndex(
            model_name='lead',
            name='leads_in_the_pool',
        ),
        migrations.RemoveIndex(
            model_name='lead',
            name='leads_of_an_owner',
        ),
        migrations.AddIndex(
            model_name='lead',
            index=models.Index(fields=['seat', 'client'], include=('id', 'pipeline', 'tier', 'state', 'awaits_lead'), name='leads_of_an_owner'),
        ),
        migrations.AddIndex(
            model_name='lead',
            index=models.Index(models.F('tier'), models.F('awaits_lead'), models.F('due_at'), models.OrderBy(models.F('score'), descending=True), models.F('id'), condition=models.Q(('seat', None), ('state__in', ('new', 'contacted', 'parked'))), include=('pipeline', 'seat', 'state'), name='leads_in_the_pool'),
        ),
        migrations.AddIndex(
            model_name='lead',
            index=models.Index(condition=models.Q(('state__in', ('new', 'contacted', 'parked'))), fields=['seat', 'due_at', 'id', 'pipeline', 'state', 'step', 'source', 'product'], include=('tier', 'awaits_lead'), name='leads_in_a_queue'),
        ),
        migrations.AddIndex(
            model_name='lead',
            index=models.Index(condition=models.Q(('state__in', ('new', 'contacted', 'parked'))), fields=['seat', 'step', 'due_at', 'id'], include=('pipeline', 'tier', 'state', 'awaits_lead', 'amount', 'currency'), name='leads_on_a_board'),
        ),
    ]
