from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('clients', '0002_parts_of_a_name'),
    ]

    operations = [
        migrations.RemoveConstraint(model_name='contactpoint', name='a_contact_point_belongs_to_one_client'),
        migrations.RemoveConstraint(model_name='contactpoint', name='a_phone_is_in_e164'),
        migrations.RemoveConstraint(model_name='contactpoint', name='an_email_is_in_lower_case'),
        migrations.RemoveIndex(model_name='contactpoint', name='contacts_by_their_end'),
        # Without a value that must be there, the way back can make the column before 0004 fills it.
        migrations.AlterField(
            model_name='contactpoint',
            name='value',
            field=models.CharField(max_length=254, null=True, verbose_name='value'),
        ),
        migrations.AddField(
            model_name='client',
            name='masked_contact',
            field=models.CharField(blank=True, db_default='', default='', max_length=270, verbose_name='contact, masked'),
        ),
        migrations.AddField(
            model_name='contactpoint',
            name='sealed',
            field=models.TextField(null=True, verbose_name='value, sealed'),
        ),
        migrations.AddField(
            model_name='contactpoint',
            name='masked',
            field=models.CharField(max_length=270, null=True, verbose_name='value, masked'),
        ),
        migrations.AddField(
            model_name='contactpoint',
            name='mark',
            field=models.UUIDField(editable=False, null=True, verbose_name='mark'),
        ),
        migrations.AddField(
            model_name='contactpoint',
            name='end_mark',
            field=models.UUIDField(editable=False, null=True, verbose_name='mark of the last digits'),
        ),
        migrations.AddField(
            model_name='contactpoint',
            name='key',
            field=models.IntegerField(editable=False, null=True, verbose_name='number of the key'),
        ),
    ]
