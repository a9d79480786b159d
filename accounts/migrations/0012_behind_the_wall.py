"""Whatever row-level security asks of a record stands in the indexes of what is open, so that they alone answer again."""

from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('accounts', '0011_who_sees_what'),
        ('clients', '0008_erased'),
        ('deals', '0012_behind_the_wall'),
        ('tiers', '0012_exports'),
    ]

    operations = [
        migrations.RemoveIndex(
            model_name='account',
            name='accounts_on_a_board',
        ),
        migrations.RemoveIndex(
            model_name='account',
            name='accounts_in_a_queue',
        ),
        migrations.RemoveIndex(
            model_name='account',
            name='accounts_in_the_pool',
        ),
        migrations.RemoveIndex(
            model_name='account',
            name='accounts_of_an_owner',
        ),
        migrations.AddIndex(
            model_name='account',
            index=models.Index(fields=['seat', 'client'], include=('id', 'pipeline', 'tier', 'state', 'awaits_lead'), name='accounts_of_an_owner'),
        ),
        migrations.AddIndex(
            model_name='account',
            index=models.Index(models.F('tier'), models.F('awaits_lead'), models.F('due_at'), models.OrderBy(models.F('score'), descending=True), models.F('id'), condition=models.Q(('seat', None), ('state__in', ('offered', 'active', 'at_risk'))), include=('pipeline', 'seat', 'state'), name='accounts_in_the_pool'),
        ),
        migrations.AddIndex(
            model_name='account',
            index=models.Index(condition=models.Q(('state__in', ('offered', 'active', 'at_risk'))), fields=['seat', 'due_at', 'id', 'pipeline', 'state', 'step'], include=('tier', 'awaits_lead'), name='accounts_in_a_queue'),
        ),
        migrations.AddIndex(
            model_name='account',
            index=models.Index(condition=models.Q(('state__in', ('offered', 'active', 'at_risk'))), fields=['seat', 'step', 'due_at', 'id'], include=('pipeline', 'tier', 'state', 'awaits_lead', 'bought_total', 'currency'), name='accounts_on_a_board'),
        ),
    ]
