from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class ConveyorConfig(AppConfig):
    name = "pipeline_crm.conveyor"
    label = "conveyor"
    verbose_name = _("Conveyor")
