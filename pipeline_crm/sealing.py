"""Seals what must not be read in the database itself: with the newest of the keys in DATA_KEYS, opened by any of them."""

from __future__ import annotations

from functools import lru_cache

from cryptography.fernet import Fernet, MultiFernet
from django.conf import settings


def seal(text: str) -> str:
    """The text, to be read only by who has the keys."""
    return _ring(*settings.DATA_KEYS).encrypt(text.encode()).decode()


def unseal(sealed: str) -> str:
    """The text again; raises `cryptography.fernet.InvalidToken` when no key fits or somebody has changed it."""
    return _ring(*settings.DATA_KEYS).decrypt(sealed.encode()).decode()


def reseal(sealed: str) -> str:
    """The same text under the newest key, so that the older ones can be thrown away."""
    return _ring(*settings.DATA_KEYS).rotate(sealed.encode()).decode()


@lru_cache(maxsize=8)
def _ring(*keys: str) -> MultiFernet:
    return MultiFernet([Fernet(key) for key in keys])
