"""How allauth behaves here."""

from allauth.account.adapter import DefaultAccountAdapter
from django.http import HttpRequest


class NoSignUpAdapter(DefaultAccountAdapter):
    """People are seated by an admin; nobody lets themselves in."""

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        """Never."""
        return False
