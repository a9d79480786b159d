from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class TiersConfig(AppConfig):
    name = "pipeline_crm.tiers"
    label = "tiers"
    verbose_name = _("Structure")

    def ready(self) -> None:
        """Has `manage.py check` look at the structure."""
        from . import checks  # noqa: F401
