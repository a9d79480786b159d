from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("audit", "0003_set_up_and_people")]

    operations = [
        migrations.AddField("anchor", "key", models.BigIntegerField(default=0, verbose_name="number of the key"), preserve_default=False),
    ]
