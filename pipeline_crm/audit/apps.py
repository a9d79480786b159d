from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class AuditConfig(AppConfig):
    name = "pipeline_crm.audit"
    label = "audit"
    verbose_name = _("Journal")

    def ready(self) -> None:
        """Hears who comes in, goes out, or knocks in vain."""
        from django.contrib.auth import signals

        from . import hearing

        signals.user_logged_in.connect(hearing.hear_coming, dispatch_uid="the journal hears of a coming")
        signals.user_logged_out.connect(hearing.hear_going, dispatch_uid="the journal hears of a going")
        signals.user_login_failed.connect(hearing.hear_knocking, dispatch_uid="the journal hears of a knocking")
