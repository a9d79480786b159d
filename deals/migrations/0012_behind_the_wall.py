"""Whatever row-level security asks of a record stands in the indexes of what is open, so that they alone answer again."""

from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('clients', '0008_erased'),
        ('deals', '0011_origins'),
        ('leads', '0011_behind_the_wall'),
        ('tiers', '0012_exports'),
    ]

    operations = [
        migrations.RemoveIndex(
            model_name='deal',
            name='deals_on_a_board',
        ),
        migrations.RemoveIndex(
            model_name='deal',
            name='deals_in_a_queue',
        ),
        migrations.RemoveIndex(
            model_name='deal',
            name='deals_in_the_pool',
        ),
        migrations.RemoveIndex(
            model_name='deal',
            name='deals_of_an_owner',
        ),
        migrations.AddIndex(
            model_name='deal',
            index=models.Index(fields=['seat', 'client'], include=('id', 'pipeline', 'tier', 'state', 'awaits_lead'), name='deals_of_an_owner'),
        ),
        migrations.AddIndex(
            model_name='deal',
            index=models.Index(models.F('tier'), models.F('awaits_lead'), models.F('due_at'), models.OrderBy(models.F('score'), descending=True), models.F('id'), condition=models.Q(('seat', None), ('state__in', ('offered', 'open'))), include=('pipeline', 'seat', 'state'), name='deals_in_the_pool'),
        ),
        migrations.AddIndex(
            model_name='deal',
            index=models.Index(condition=models.Q(('state__in', ('offered', 'open'))), fields=['seat', 'due_at', 'id', 'pipeline', 'state', 'step', 'product'], include=('tier', 'awaits_lead'), name='deals_in_a_queue'),
        ),
        migrations.AddIndex(
            model_name='deal',
            index=models.Index(condition=models.Q(('state__in', ('offered', 'open'))), fields=['seat', 'step', 'due_at', 'id'], include=('pipeline', 'tier', 'state', 'awaits_lead', 'amount', 'currency'), name='deals_on_a_board'),
        ),
    ]
