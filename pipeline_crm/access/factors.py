"""The second factor: who must have one, whether a session has shown one, and that its secrets are sealed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from allauth.account.authentication import get_authentication_records
from allauth.mfa.adapter import DefaultMFAAdapter
from allauth.mfa.models import Authenticator
from allauth.usersessions.models import UserSession
from django.conf import settings
from django.contrib import messages
from django.contrib.auth import get_user_model
from django.contrib.auth.decorators import login_required
from django.contrib.auth.models import AnonymousUser
from django.db import transaction
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect
from django.utils.translation import gettext_lazy as _

from pipeline_crm.sealing import reseal, seal, unseal

from .pipelines import in_sight
from .sight import Sight, sight_of

if TYPE_CHECKING:
    from pipeline_crm.users.models import User

PROVEN = "proven"  # the key in the session
SEALED = ("secret", "seed")  # what of a factor is a secret; the public key of a passkey is none
THE_LAST = _("You must have a second factor. Add another one first, then this one can go.")


class FactorAdapter(DefaultMFAAdapter):
    """Seals secrets in the database; keeps the last factor of somebody who must have one."""

    error_messages = DefaultMFAAdapter.error_messages | {"cannot_delete_authenticator": THE_LAST}

    def encrypt(self, text: str) -> str:
        """As it is written to the database."""
        return seal(text)

    def decrypt(self, encrypted_text: str) -> str:
        """As it was before."""
        return unseal(encrypted_text)

    def can_delete_authenticator(self, authenticator: Authenticator) -> bool:
        """Whether the person has another factor, or need not have any."""
        if not settings.SECOND_FACTOR_REQUIRED or not must_have(authenticator.user, sight_of(authenticator.user)):
            return True
        return _factors_of(authenticator.user).exclude(pk=authenticator.pk).exists()


def must_have(user: User, sight: Sight) -> bool:
    """Who steers, who administers, and everybody of a pipeline that wants it so."""
    if user.is_superuser or user.is_staff or sight.led or sight.headed:
        return True
    return any(pipeline.second_factor for pipeline in in_sight(sight))


def has_one(user: User | AnonymousUser) -> bool:
    """Whether a person has a factor; recovery codes alone are none."""
    return bool(_factors_of(user).exists())


def is_proven(request: HttpRequest) -> bool:
    """Whether this session has shown a second factor, or set one up; asked of the database no more once it has."""
    session = request.session
    if PROVEN not in session:
        records = get_authentication_records(request, request.user)
        if not any(record.get("method") == "mfa" for record in records) or not has_one(request.user):
            return False
        session[PROVEN] = True
    return bool(session[PROVEN])


def note_added(request: HttpRequest, **_: Any) -> None:
    """Who has just set a factor up has it at hand."""
    request.session[PROVEN] = True


def note_removed(request: HttpRequest, user: User, **_: Any) -> None:
    """After one has gone the question is asked anew, and every other device of the person signs in anew."""
    request.session.pop(PROVEN, None)
    for device in UserSession.objects.filter(user=user).exclude(session_key=request.session.session_key):
        device.end()


def reseal_factors() -> int:
    """Seals the secrets of all factors with the newest key; returns how many there were."""
    count = 0
    for pk in Authenticator.objects.exclude(type=Authenticator.Type.WEBAUTHN).values_list("pk", flat=True):
        count += _reseal(pk)
    return count


@login_required
@transaction.atomic
def remove_key(request: HttpRequest, pk: int) -> HttpResponse | HttpResponseBase:
    """Removes a security key; allauth's own page would also remove the last factor of who must have one."""
    from allauth.mfa.webauthn.views import remove_webauthn

    _hold(request.user)
    key = Authenticator.objects.filter(pk=pk, user=request.user).first()
    if key is not None and not FactorAdapter().can_delete_authenticator(key):
        messages.error(request, str(THE_LAST))
        return redirect("mfa_list_webauthn")
    return remove_webauthn(request, pk=pk)


@login_required
@transaction.atomic
def remove_codes(request: HttpRequest) -> HttpResponse | HttpResponseBase:
    """Removes the telephone that shows codes; allauth's own page does it, once nobody else removes another factor."""
    from allauth.mfa.totp.views import deactivate_totp

    _hold(request.user)
    return deactivate_totp(request)


def _hold(user: User | AnonymousUser) -> None:
    """Of two who take the last two factors away at once, the second waits, and finds none to spare."""
    get_user_model().objects.select_for_update().get(pk=user.pk or 0)


@transaction.atomic
def _reseal(pk: int) -> int:
    factor = Authenticator.objects.select_for_update().filter(pk=pk).first()
    if factor is None:
        return 0
    factor.data |= {name: reseal(factor.data[name]) for name in SEALED if name in factor.data}
    factor.save(update_fields=["data"])
    return 1


def _factors_of(user: User | AnonymousUser) -> Any:
    return Authenticator.objects.filter(user=user).exclude(type=Authenticator.Type.RECOVERY_CODES)
