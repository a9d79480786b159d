"""Reads settings from the environment and refuses loudly what it cannot understand."""

import base64
import hashlib
import os
from typing import Any
from urllib.parse import SplitResult, parse_qsl, unquote, urlsplit

from django.core.exceptions import ImproperlyConfigured

TRUE = {"1", "true", "yes", "on"}
FALSE = {"", "0", "false", "no", "off"}
MAIL_BACKENDS = {
    "console": "django.core.mail.backends.console.EmailBackend",
    "memory": "django.core.mail.backends.locmem.EmailBackend",
    "nowhere": "django.core.mail.backends.dummy.EmailBackend",
}
MAIL_FILES = "django.core.mail.backends.filebased.EmailBackend"


def required(name: str, *, otherwise: str | None = None) -> str:
    """The variable's text; `otherwise` stands in for it where the caller can offer a safe one."""
    value = os.environ.get(name) or otherwise
    if value is None:
        raise ImproperlyConfigured(f"{name} is not set. See “Settings” in README.md for what it should hold.")
    return value


def optional(name: str) -> str:
    """The variable's text, empty when it is missing."""
    return os.environ.get(name, "").strip()


def flag(name: str) -> bool:
    """Yes or no; a missing variable means no."""
    value = os.environ.get(name, "").strip().lower()
    if value in TRUE:
        return True
    if value in FALSE:
        return False
    raise ImproperlyConfigured(f"{name} must be 1 or 0, not “{value}”.")


def number(name: str, *, otherwise: int) -> int:
    """A whole number."""
    value = os.environ.get(name) or str(otherwise)
    if not value.isdecimal():
        raise ImproperlyConfigured(f"{name} must be a whole number, not “{value}”.")
    return int(value)


def words(name: str) -> list[str]:
    """A list written with commas; a missing variable is an empty list."""
    return [word.strip() for word in os.environ.get(name, "").split(",") if word.strip()]


def keys(name: str, *, otherwise: str | None) -> list[str]:
    """Keys of 32 bytes in base64, with commas between, the newest first; at home one is made out of `otherwise`."""
    given = words(name)
    if not given and otherwise is not None:
        return [base64.urlsafe_b64encode(hashlib.sha256(f"{name} {otherwise}".encode()).digest()).decode()]
    required(name)
    if not given or any(not _is_key(key) for key in given):
        # A key is never repeated in an error.
        raise ImproperlyConfigured(f"{name} must hold keys of 32 bytes in URL-safe base64, with commas between.")
    return given


def _is_key(key: str) -> bool:
    try:
        return len(base64.b64decode(key, altchars=b"-_", validate=True)) == 32
    except ValueError:
        return False


def database(url: str) -> dict[str, Any]:
    """Django's description of the PostgreSQL database at `postgresql://user:password@host:port/name?option=…`."""
    parts = _split(url, name="DATABASE_URL", schemes={"postgresql", "postgres"})
    options = dict(parse_qsl(parts.query))
    name = unquote(parts.path.lstrip("/"))
    if not name:
        raise ImproperlyConfigured("DATABASE_URL names no database: it should end with /NAME.")
    return {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": name,
        "USER": unquote(parts.username or ""),
        "PASSWORD": unquote(parts.password or ""),
        # A socket's folder cannot stand where a host stands in an address, so it comes as an option.
        "HOST": options.pop("host", None) or unquote(parts.hostname or ""),
        "PORT": str(parts.port or ""),
        "OPTIONS": options,
    }


def site(url: str, *, otherwise: str) -> str:
    """The address that the site is reached at, without a slash at its end; one with a `*` names no site."""
    if not url or "*" in url:
        return otherwise
    parts = _split(url, name="SITE_URL", schemes={"https", "http"})
    if not parts.hostname:
        raise ImproperlyConfigured("SITE_URL names no host.")
    return url.rstrip("/")


def telephony(url: str) -> str:
    """The address that makes the firm's telephone system call; its host is fixed, only what follows may say `{number}`."""
    if not url:
        return ""
    parts = _split(url, name="TELEPHONY_URL", schemes={"https"})
    if not parts.hostname or "{" in parts.netloc or "@" in parts.netloc:
        raise ImproperlyConfigured("TELEPHONY_URL must name one host, and no user.")
    if "{number}" not in parts.path + parts.query:
        raise ImproperlyConfigured("TELEPHONY_URL must say where the number stands: write {number} there.")
    return url


def mailer(url: str) -> dict[str, Any]:
    """Django's description of a mail server (`smtp://`, `smtp+tls://`, `smtp+ssl://`) or of none (`files:/folder` …)."""
    parts = _split(url, name="MAIL_URL", schemes={"smtp", "smtp+tls", "smtp+ssl", "files", *MAIL_BACKENDS})
    if parts.scheme == "files":
        return {"BACKEND": MAIL_FILES, "OPTIONS": {"file_path": unquote(parts.path)}}
    if parts.scheme in MAIL_BACKENDS:
        return {"BACKEND": MAIL_BACKENDS[parts.scheme]}
    if not parts.hostname:
        raise ImproperlyConfigured("MAIL_URL names no mail server.")
    options: dict[str, Any] = {
        "host": parts.hostname,
        "port": parts.port or {"smtp": 25, "smtp+tls": 587, "smtp+ssl": 465}[parts.scheme],
        "username": unquote(parts.username or ""),
        "password": unquote(parts.password or ""),
        "use_tls": parts.scheme == "smtp+tls",
        "use_ssl": parts.scheme == "smtp+ssl",
        "timeout": 10,
    }
    return {"BACKEND": "django.core.mail.backends.smtp.EmailBackend", "OPTIONS": options}


def _split(url: str, *, name: str, schemes: set[str]) -> SplitResult:
    """The parts of an address; the address itself is never repeated in an error, because it holds a password."""
    try:
        parts = urlsplit(url)
        parts.port  # noqa: B018  (reading it is what checks it)
    except ValueError as error:
        raise ImproperlyConfigured(f"{name} is not an address: {error}.") from None
    if parts.scheme not in schemes:
        raise ImproperlyConfigured(f"{name} must start with one of: {', '.join(sorted(schemes))}.")
    return parts
