from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class AccessConfig(AppConfig):
    name = "pipeline_crm.access"
    label = "access"
    verbose_name = _("Access")

    def ready(self) -> None:
        """Hears from allauth when a second factor comes or goes."""
        from allauth.mfa.signals import authenticator_added, authenticator_removed

        from .factors import note_added, note_removed

        authenticator_added.connect(note_added, dispatch_uid="a factor was added")
        authenticator_removed.connect(note_removed, dispatch_uid="a factor was removed")
