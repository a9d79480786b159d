"""Every answer bears the same headers, whoever asks and whatever for; the admin's content policy is wider by two words."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth.models import AnonymousUser
from django.test import Client as Browser

from tests.access.test_doors import ADMIN, addresses
from tests.cast import break_open

STRICT = {
    "default-src 'none'",
    "script-src 'self'",
    "style-src 'self'",
    "font-src 'self'",
    "connect-src 'self'",
    "img-src 'self' data:",
    "form-action 'self'",
    "base-uri 'none'",
    "frame-ancestors 'none'",
}
RELAXED = STRICT - {"script-src 'self'", "style-src 'self'"} | {
    "script-src 'self' 'unsafe-eval'",
    "style-src 'self' 'unsafe-inline'",
}
SHUT = "accelerometer autoplay browsing-topics camera clipboard-read display-capture encrypted-media fullscreen geolocation gyroscope hid idle-detection local-fonts magnetometer microphone midi payment picture-in-picture screen-wake-lock serial storage-access usb xr-spatial-tracking"
OPEN = "publickey-credentials-create publickey-credentials-get"
SAFE = {
    "Cross-Origin-Embedder-Policy": "require-corp",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Origin-Agent-Cluster": "?1",
    "Permissions-Policy": {f"{name}=()" for name in SHUT.split()} | {f"{name}=(self)" for name in OPEN.split()},
    "Referrer-Policy": "same-origin",
    "Strict-Transport-Security": "max-age=31536000; includeSubDomains; preload",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "X-Permitted-Cross-Domain-Policies": "none",
    "X-Robots-Tag": "noindex, nofollow",
}
# What differs from answer to answer, and keeps nobody out.
OF_THE_ANSWER = {
    *("Content-Type", "Content-Length", "Content-Language", "Content-Disposition", "Vary", "Location", "Allow"),
    *("Cache-Control", "Expires", "Last-Modified", "ETag", "X-Request-ID"),
}


@pytest.fixture(autouse=True)
def as_on_a_server(settings: Any) -> None:
    """Behind TLS; that production sets these is asked of its own process, below."""
    settings.SECURE_SSL_REDIRECT = True
    settings.SECURE_HSTS_SECONDS = 365 * 24 * 3600
    settings.SECURE_HSTS_INCLUDE_SUBDOMAINS = settings.SECURE_HSTS_PRELOAD = True


def safe(answer: Any) -> dict[str, Any]:
    """The headers of an answer that are to be the same everywhere; lists of words as sets."""
    kept: dict[str, Any] = {name: value for name, value in answer.headers.items() if name not in OF_THE_ANSWER}
    for name, between in (("Content-Security-Policy", "; "), ("Permissions-Policy", ", ")):
        if name in kept:
            kept[name] = set(kept[name].split(between))
    return kept


def expected(route: str) -> dict[str, Any]:
    """The headers of every answer under a route."""
    return SAFE | {"Content-Security-Policy": RELAXED if route.startswith(ADMIN) else STRICT}


@pytest.mark.parametrize("who", ["nobody", "sam", "root"])
@pytest.mark.parametrize("method", ["get", "post"])
def test_every_route_bears_exactly_these_headers(
    request: Any, browse: Any, pipeline: Any, who: str, method: str
) -> None:
    person = AnonymousUser() if who == "nobody" else request.getfixturevalue(who)
    if who == "root":
        break_open(person, pipeline)
    browser = Browser() if who == "nobody" else browse(person)
    wrong = {}

    for address in addresses():
        # Somebody who signs out, or in, is another person from there on.
        if address.name in ("account_logout", "admin:logout") and method == "post":
            continue
        answer = getattr(browser, method)(f"/{address.example}", secure=True)
        found, wanted = safe(answer), expected(address.route)
        if found != wanted:
            odd = {name for name in found.keys() | wanted.keys() if found.get(name) != wanted.get(name)}
            wrong[address.route] = {name: (found.get(name), wanted.get(name)) for name in odd}

    assert wrong == {}


@pytest.mark.django_db
@pytest.mark.parametrize(
    "address", ["/no/such/page/", "/leads/x/", "/administration/", "/static/sign.svg", "/static/no.js"]
)
def test_what_is_not_there_and_what_is_a_file_bear_them_too(client: Browser, address: str) -> None:
    answer = client.get(address, secure=True)
    # A file is open until it has been sent.
    answer.getvalue()

    assert safe(answer) == expected("")


@pytest.mark.django_db
def test_the_way_to_tls_and_a_refusal_bear_them_too(client: Browser) -> None:
    to_tls, foreign = client.get("/leads/"), client.get("/leads/", secure=True, headers={"host": "evil.example"})

    assert (to_tls.status_code, to_tls.headers["Location"], foreign.status_code) == (
        301,
        "https://testserver/leads/",
        400,
    )
    # Before TLS stands, a browser must not listen to a promise of it; everything else holds already.
    assert safe(to_tls) == {name: value for name, value in expected("").items() if name != "Strict-Transport-Security"}
    assert safe(foreign) == expected("")


@pytest.mark.django_db
def test_a_request_has_a_number_of_its_own(client: Browser) -> None:
    numbers = [client.get("/healthz", secure=True).headers["X-Request-ID"] for _ in range(2)]

    assert (len(set(numbers)), {len(number) for number in numbers}) == (2, {32})
