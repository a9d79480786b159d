"""Where people are let in and locked out; nobody is ever deleted, for history names them."""

from __future__ import annotations

from typing import Any

from allauth.account.decorators import secure_admin_login
from allauth.account.models import EmailAddress
from django.contrib import admin
from django.contrib.auth.admin import UserAdmin
from django.contrib.auth.models import Group
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _
from unfold.admin import ModelAdmin
from unfold.forms import AdminPasswordChangeForm, UserChangeForm, UserCreationForm

from .models import User

# One door for everybody: the site's own sign-in.
admin.site.login = secure_admin_login(admin.site.login)  # type: ignore[method-assign]
admin.site.unregister([Group, EmailAddress])

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

    form = UserChangeForm
    add_form = UserCreationForm
    change_password_form = AdminPasswordChangeForm
    list_display = ["name", "username", "email", "language", "is_active", "last_login"]
    list_filter = ["is_active", "language"]
    actions = None
    search_fields = ["username", "first_name", "last_name", "email"]
    filter_horizontal = []
    readonly_fields = ["last_login", "date_joined"]
    add_fieldsets = [
        (None, {"fields": ["username"]}),
        ABOUT,
        (_("Password"), {"fields": ["password1", "password2"]}),
    ]

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
        signing_in = (None, {"fields": ["username", "password", "is_active"]})
        seen = (_("Seen"), {"fields": [("last_login", "date_joined")]})
        return [signing_in, ABOUT, RIGHTS, seen] if request.user.is_superuser else [signing_in, ABOUT, seen]

    def get_readonly_fields(self, request: HttpRequest, obj: User | None = None) -> list[str]:
        """Nobody locks themselves out."""
        return [*self.readonly_fields, "is_active"] if obj == request.user else list(self.readonly_fields)

    def has_change_permission(self, request: HttpRequest, obj: User | None = None) -> bool:
        """Those who administer are changed by superusers and by themselves only."""
        if obj is not None and obj.is_staff and obj != request.user and not request.user.is_superuser:
            return False
        return super().has_change_permission(request, obj)

    def has_delete_permission(self, request: HttpRequest, obj: User | None = None) -> bool:
        """Never: deactivate instead."""
        return False
