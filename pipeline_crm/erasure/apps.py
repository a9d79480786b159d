from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class ErasureConfig(AppConfig):
    name = "pipeline_crm.erasure"
    label = "erasure"
    verbose_name = _("Clients’ own requests")
