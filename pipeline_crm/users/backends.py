"""Who a name and a password belong to; a wrong name, a wrong password and somebody who left take the same time."""

from __future__ import annotations

from typing import Any

from allauth.account.auth_backends import AuthenticationBackend
from django.http import HttpRequest

from .models import User


class SignInBackend(AuthenticationBackend):
    """Reckons one password for one try, whether there is such a person or not."""

    def authenticate(self, request: HttpRequest | None, **credentials: Any) -> User | None:
        """The person, if the password is theirs and they work here."""
        password, login = credentials.get("password"), credentials.get("username") or credentials.get("email")
        if not password or not login:
            return None
        person = User.objects.known_as(login)
        if person is None:
            # As long as it would take with somebody there.
            User().set_password(password)
            return None
        is_right = person.check_password(password)
        return person if is_right and self.user_can_authenticate(person) else None
