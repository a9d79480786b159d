"""Seals what must not be read in the database itself: with the newest of the keys in DATA_KEYS, opened by any of them.

What is sealed never looks the same twice, so it cannot be looked up. What must be found, too, has a mark beside it: a keyed
hash, which is always the same for the same text and the same key.
"""

from __future__ import annotations

import base64
import hmac
from functools import lru_cache
from hashlib import sha256
from uuid import UUID

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


def mark(kind: str, text: str) -> UUID:
    """What a text of some kind is found by: 128 bits of HMAC-SHA-256 under the newest key."""
    return _mark(settings.DATA_KEYS[0], kind, text)


def marks(kind: str, text: str) -> list[UUID]:
    """The same under every key, the newest first: what a rotation has not come to yet is found by an older one."""
    return [_mark(key, kind, text) for key in settings.DATA_KEYS]


def newest_key() -> int:
    """The number of the key that seals and marks now; it tells nothing of the key."""
    return number_of(settings.DATA_KEYS[0])


@lru_cache(maxsize=8)
def number_of(key: str) -> int:
    """A key's number, by which a row says with which key it was sealed and marked."""
    return int.from_bytes(sha256(b"number " + _bytes_of(key)).digest()[:4]) >> 1


def _mark(key: str, kind: str, text: str) -> UUID:
    return UUID(bytes=hmac.digest(_looking_up(key), f"{kind}:{text}".encode(), "sha256")[:16])


@lru_cache(maxsize=8)
def _looking_up(key: str) -> bytes:
    """A key of its own for marks, so that nothing is sealed and marked with the same one."""
    return hmac.digest(_bytes_of(key), b"looking up", "sha256")


def _bytes_of(key: str) -> bytes:
    return base64.urlsafe_b64decode(key)


@lru_cache(maxsize=8)
def _ring(*keys: str) -> MultiFernet:
    return MultiFernet([Fernet(key) for key in keys])
