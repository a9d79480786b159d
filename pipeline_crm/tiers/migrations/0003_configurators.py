"""The group of people who administer structure and people without seeing clients."""

from django.apps.registry import Apps
from django.contrib.auth.management import create_permissions
from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor

from pipeline_crm.tiers.configurators import GROUP, found


def make_group(apps: Apps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    for label in ("users", "tiers"):
        # Permissions are otherwise made after the last migration, too late for the group.
        config = apps.get_app_config(label)
        config.models_module = True
        create_permissions(config, verbosity=0, apps=apps)
        config.models_module = None
    found(apps.get_model("auth", "Group").objects, apps.get_model("auth", "Permission").objects)


def remove_group(apps: Apps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    apps.get_model("auth", "Group").objects.filter(name=GROUP).delete()


class Migration(migrations.Migration):
    dependencies = [
        ("tiers", "0002_appointments_and_trades"),
        ("users", "0001_initial"),
        ("auth", "0012_alter_user_first_name_max_length"),
        ("contenttypes", "0002_remove_content_type_name"),
    ]

    operations = [migrations.RunPython(make_group, remove_group)]
