"""The page behind an invitation: a person chooses their password, the first administrator also a name."""

from __future__ import annotations

from typing import Any

from allauth.account.utils import perform_login
from django import forms
from django.contrib.auth.forms import BaseUserCreationForm, SetPasswordForm
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone, translation
from django.utils.translation import gettext_lazy as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods

from pipeline_crm.users.actions import NotInvited, come_in, invitation_of
from pipeline_crm.users.forms import refuse_address_of_another
from pipeline_crm.users.models import Invitation, User

from .gate import public


class AdministratorForm(BaseUserCreationForm):
    """Who the first administrator is."""

    email = forms.EmailField(label=_("E-mail"))

    class Meta:
        model = User
        fields = ("username", "first_name", "last_name", "email", "language")

    def clean(self) -> dict[str, Any]:
        """Neither the name nor the address lets somebody else in already."""
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        for name in ("username", "email"):
            refuse_address_of_another(cleaned.get(name, ""))
        return cleaned

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["password1"].label, self.fields["password2"].label = _("Password"), _("Password once more")
        for field in self.fields.values():
            field.help_text = ""


class JoinForm(SetPasswordForm):
    """The password of somebody who has been invited."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        first, second = self.fields["new_password1"], self.fields["new_password2"]
        first.label, second.label, second.help_text = _("Password"), _("Password once more"), ""


@public
@sensitive_post_parameters()
@never_cache
@require_http_methods(["GET", "POST"])
def join(request: HttpRequest, token: str) -> HttpResponse:
    """Lets in who holds an invitation, once; looking at the page does not use it up."""
    now = timezone.now()
    invitation = invitation_of(token, now=now)
    if invitation is None:
        return render(request, "access/join.html", status=404)
    with translation.override(invitation.user.language if invitation.user else translation.get_language()):
        form = _form(request, invitation)
        if request.method == "GET" or not form.is_valid():
            facts = {"form": form, "person": invitation.user, "token": token}
            return render(request, "access/join.html", facts, status=422 if form.errors else 200)
    try:
        person = come_in(token, now=now, **_answers(form))
    except NotInvited:
        # Somebody else was faster with the same link.
        return render(request, "access/join.html", status=404)
    return perform_login(request, person, redirect_url="/")


def _form(request: HttpRequest, invitation: Invitation) -> AdministratorForm | JoinForm:
    sent = request.POST if request.method == "POST" else None
    if invitation.user is not None:
        return JoinForm(invitation.user, sent)
    return AdministratorForm(sent, initial={"language": translation.get_language()})


def _answers(form: AdministratorForm | JoinForm) -> dict[str, Any]:
    answers = dict(form.cleaned_data)
    if isinstance(form, JoinForm):
        return {"password": answers["new_password1"]}
    del answers["password2"]
    return answers | {"password": answers.pop("password1")}
