from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class UsersConfig(AppConfig):
    name = "pipeline_crm.users"
    label = "users"
    verbose_name = _("People")

    def ready(self) -> None:
        """Hears from Django when somebody signs in."""
        from django.contrib.auth.signals import user_logged_in

        from .sessions import begin

        user_logged_in.connect(begin, dispatch_uid="a session begins")
