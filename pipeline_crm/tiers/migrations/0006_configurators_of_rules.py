"""The group of configurators may also write rules of assignment and shifts."""

from django.apps.registry import Apps
from django.contrib.auth.management import create_permissions
from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor

from pipeline_crm.tiers.configurators import found


def widen_group(apps: Apps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    # Permissions are otherwise made after the last migration, too late for the group.
    config = apps.get_app_config("tiers")
    config.models_module = True
    create_permissions(config, verbosity=0, apps=apps)
    config.models_module = None
    found(apps.get_model("auth", "Group").objects, apps.get_model("auth", "Permission").objects)


class Migration(migrations.Migration):
    dependencies = [("tiers", "0005_stamps")]

    # Going back, the permissions go with their models.
    operations = [migrations.RunPython(widen_group, migrations.RunPython.noop)]
