from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("timeline", "0003_next_task")]

    operations = [
        migrations.AddIndex(
            model_name="task",
            index=models.Index(
                condition=models.Q(("done_at__isnull", False)),
                fields=["stage", "record_id", "-done_at"],
                name="done_tasks_of_a_record",
            ),
        ),
    ]
