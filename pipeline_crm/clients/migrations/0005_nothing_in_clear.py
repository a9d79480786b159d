from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('clients', '0004_seal'),
    ]

    operations = [
        migrations.AlterField(
            model_name='contactpoint',
            name='sealed',
            field=models.TextField(verbose_name='value, sealed'),
        ),
        migrations.AlterField(
            model_name='contactpoint',
            name='masked',
            field=models.CharField(max_length=270, verbose_name='value, masked'),
        ),
        migrations.AlterField(
            model_name='contactpoint',
            name='mark',
            field=models.UUIDField(editable=False, verbose_name='mark'),
        ),
        migrations.AlterField(
            model_name='contactpoint',
            name='key',
            field=models.IntegerField(editable=False, verbose_name='number of the key'),
        ),
        migrations.RemoveField(model_name='contactpoint', name='value'),
        migrations.AddIndex(
            model_name='contactpoint',
            index=models.Index(condition=models.Q(('end_mark__isnull', False)), fields=['end_mark'], name='contacts_by_their_end'),
        ),
        migrations.AddConstraint(
            model_name='contactpoint',
            constraint=models.UniqueConstraint(fields=('kind', 'mark'), name='a_contact_point_belongs_to_one_client'),
        ),
        migrations.AddConstraint(
            model_name='contactpoint',
            constraint=models.CheckConstraint(condition=models.Q(('sealed__regex', '^gAAAA[A-Za-z0-9_-]{93,}={0,2}$')), name='a_contact_lies_sealed'),
        ),
        migrations.AddConstraint(
            model_name='contactpoint',
            constraint=models.CheckConstraint(condition=models.Q(('masked__regex', '•.*•.*•.*•')), name='a_mask_hides_something'),
        ),
        migrations.AddConstraint(
            model_name='contactpoint',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('end_mark__isnull', False), ('kind', 'phone')), models.Q(('end_mark', None), ('kind', 'email')), _connector='OR'), name='only_a_phone_has_an_end'),
        ),
        migrations.AddConstraint(
            model_name='client',
            constraint=models.CheckConstraint(condition=models.Q(('masked_contact', ''), ('masked_contact__regex', '•.*•.*•.*•'), _connector='OR'), name='a_client_keeps_only_a_mask'),
        ),
    ]
