"""Where people are let in and locked out; nobody is ever deleted, for history names them."""

from __future__ import annotations

from functools import partial
from smtplib import SMTPException
from typing import Any

from allauth.account.decorators import secure_admin_login
from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from allauth.usersessions.models import UserSession
from django.conf import settings
from django.contrib import admin, messages
from django.contrib.auth.admin import UserAdmin
from django.contrib.auth.models import Group
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from unfold.admin import ModelAdmin
from unfold.decorators import action
from unfold.forms import AdminPasswordChangeForm

from .actions import forget_factors, invite
from .forms import NewPersonForm, PersonForm
from .letters import invitation_letter
from .models import User

# One door for everybody: the site's own sign-in.
admin.site.login = secure_admin_login(admin.site.login)  # type: ignore[method-assign]
admin.site.unregister([Group, EmailAddress, Authenticator, UserSession])

ABOUT: tuple[Any, dict[str, Any]] = (_("Person"), {"fields": [("first_name", "last_name"), ("email", "language")]})
RIGHTS: tuple[Any, dict[str, Any]] = (
    _("Rights"),
    {
        "fields": ["is_staff", "is_superuser", "groups"],
        "description": _("What a person may see hangs on their seats; these are for those who administer."),
    },
)


@admin.register(User)
class PersonAdmin(UserAdmin, ModelAdmin):
    """People and their sign-in. A configurator never meets a superuser here, nor any right to give away."""

    form = PersonForm
    add_form = NewPersonForm
    change_password_form = AdminPasswordChangeForm
    list_display = ["name", "username", "email", "language", "is_active", "last_login"]
    list_filter = ["is_active", "language"]
    actions = None
    search_fields = ["username", "first_name", "last_name", "email"]
    filter_horizontal = []
    readonly_fields = ["last_login", "date_joined"]
    add_fieldsets = [(None, {"fields": ["username"]}), ABOUT]
    actions_submit_line = ["send_again", "forget_factor"]

    @admin.display(description=_("name"), ordering="last_name")
    def name(self, person: User) -> str:
        """The name colleagues know the person by."""
        return person.name

    def get_queryset(self, request: HttpRequest) -> QuerySet[User]:
        """Superusers are seen by superusers only."""
        people: QuerySet[User] = super().get_queryset(request)
        return people if request.user.is_superuser else people.filter(is_superuser=False)

    def get_fieldsets(self, request: HttpRequest, obj: User | None = None) -> list[Any]:
        """Rights are shown to those who may give them."""
        if obj is None:
            return list(self.add_fieldsets)
        signing_in = (None, {"fields": ["username", "is_active"]})
        seen = (_("Seen"), {"fields": [("last_login", "date_joined")]})
        return [signing_in, ABOUT, RIGHTS, seen] if request.user.is_superuser else [signing_in, ABOUT, seen]

    def get_readonly_fields(self, request: HttpRequest, obj: User | None = None) -> list[str]:
        """Nobody locks themselves out, and nobody has mail that opens an account sent to another address than its owner's."""
        fixed = list(self.readonly_fields)
        if obj == request.user:
            fixed.append("is_active")
        if obj is not None and obj.last_login and obj != request.user and not request.user.is_superuser:
            fixed.append("email")
        return fixed

    def save_model(self, request: HttpRequest, obj: User, form: Any, change: bool) -> None:
        """Who is new is invited."""
        if "email" in form.changed_data:
            # Where mail went before, no link to a new password may go any more.
            EmailAddress.objects.filter(user=obj.pk).delete()
        super().save_model(request, obj, form, change)
        if not change:
            self._invite(request, obj)

    def get_actions_submit_line(self, request: HttpRequest, object_id: str) -> list[Any]:
        """What can be done beside saving: to the one who has not come in yet, and to the one who has lost their phone."""
        person = self.get_object(request, object_id)
        if person is None or not self.has_change_permission(request, person):
            return []
        fits = {
            "send_again": person.is_active and bool(person.email) and not person.last_login,
            "forget_factor": request.user.is_superuser and Authenticator.objects.filter(user=person).exists(),
        }
        return [one for one in super().get_actions_submit_line(request, object_id) if fits[one.path]]

    @action(description=_("Send the invitation again"))
    def send_again(self, request: HttpRequest, obj: User) -> None:
        """A new link by mail; the older one works no more."""
        self._invite(request, obj)

    @action(description=_("Take the second factor away"))
    def forget_factor(self, request: HttpRequest, obj: User) -> None:
        """For somebody who has lost phone, key and codes; signs them out everywhere."""
        forget_factors(obj)
        messages.success(request, _("The second factor is gone; at the next sign-in a new one is set up."))

    def _invite(self, request: HttpRequest, person: User) -> None:
        token = invite(person, now=timezone.now())
        transaction.on_commit(partial(self._send, request, person, token))

    def _send(self, request: HttpRequest, person: User, token: str) -> None:
        try:
            invitation_letter(person, token).send()
        except (OSError, SMTPException):
            words = _("The invitation to %(email)s could not be sent. Try “Send the invitation again” later.")
            messages.error(request, words % {"email": person.email})
        else:
            messages.success(request, _("An invitation was sent to %(email)s.") % {"email": person.email})

    def user_change_password(self, request: HttpRequest, id: str, form_url: str = "") -> HttpResponse:
        """Nobody sets another's password, save at home, where there is no mail to send a link by."""
        if not (settings.AT_HOME and request.user.is_superuser):
            raise PermissionDenied
        return super().user_change_password(request, id, form_url)

    def has_change_permission(self, request: HttpRequest, obj: User | None = None) -> bool:
        """Those who administer are changed by superusers and by themselves only."""
        if obj is not None and obj.is_staff and obj != request.user and not request.user.is_superuser:
            return False
        return super().has_change_permission(request, obj)

    def has_delete_permission(self, request: HttpRequest, obj: User | None = None) -> bool:
        """Never: deactivate instead."""
        return False
