from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class OversightConfig(AppConfig):
    name = "pipeline_crm.oversight"
    label = "oversight"
    verbose_name = _("Oversight")

    def ready(self) -> None:
        """Rings when somebody touches a trip-wire."""
        from pipeline_crm.audit.actions import listen

        from .alarms import ring_for_traps

        listen(ring_for_traps)
