"""The strict content policy is on every page; the admin's is wider by two words."""

import pytest

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


def policy(response) -> set[str]:
    return set(response.headers["Content-Security-Policy"].split("; "))


@pytest.mark.django_db
@pytest.mark.parametrize("address", ["/auth/login/", "/healthz", "/no-such-page/", "/administration/"])
def test_our_own_pages_are_strict(client, address):
    assert policy(client.get(address)) == STRICT


@pytest.mark.django_db
def test_the_admin_may_run_what_unfold_needs_and_no_more(client):
    found = policy(client.get("/admin/login/"))

    assert found - STRICT == {"script-src 'self' 'unsafe-eval'", "style-src 'self' 'unsafe-inline'"}
    assert STRICT - found == {"script-src 'self'", "style-src 'self'"}
