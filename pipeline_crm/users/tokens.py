"""The links to a new password that are sent by mail."""

from __future__ import annotations

from django.contrib.auth.tokens import PasswordResetTokenGenerator

from .models import User


class ResetTokens(PasswordResetTokenGenerator):
    """Such a link hangs on the person's job, as their sessions do."""

    def _make_hash_value(self, user: User, timestamp: int) -> str:
        return f"{super()._make_hash_value(user, timestamp)}{user.session_seed}{user.is_active}"
