"""Where a person's mail goes: allauth changes it when a letter to the new address has been answered."""

from __future__ import annotations

from allauth.account.models import EmailAddress
from allauth.account.views import email
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponseBase


@login_required
def change_address(request: HttpRequest) -> HttpResponseBase:
    """The address that an administrator wrote down stays the person's until the new one has answered."""
    address, own = getattr(request.user, "email", ""), EmailAddress.objects.filter(user=request.user)
    if address and not own.filter(verified=True).exists():
        # allauth keeps a verified address during a change, and drops any other at once.
        own.filter(email__iexact=address).delete()
        if not EmailAddress.objects.filter(email__iexact=address, verified=True).exists():
            EmailAddress.objects.create(user=request.user, email=address.lower(), verified=True, primary=True)
    return email(request)
