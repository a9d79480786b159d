"""Sign-in: by name or e-mail, never by guessing, and nobody lets themselves in."""

import pytest
from django.contrib.auth import get_user_model
from django.core.cache import cache
from django.urls import resolve, reverse

from pipeline_crm.access.addresses import change_address
from pipeline_crm.access.factors import remove_key

SIGN_IN = "/auth/login/"
PASSWORD = "a-long-enough-password"


@pytest.fixture
def sam(db):
    """A person with a password."""
    return get_user_model().objects.create_user("sam", email="sam@example.com", password=PASSWORD)


@pytest.fixture
def counted(settings):
    """Wrong passwords are counted, as outside the tests."""
    settings.ACCOUNT_RATE_LIMITS = {}
    cache.clear()
    yield
    cache.clear()


@pytest.mark.parametrize("name", ["sam", "sam@example.com", "SAM@example.com"])
def test_a_person_signs_in_by_name_or_address(client, sam, name):
    client.post(SIGN_IN, {"login": name, "password": PASSWORD})

    assert client.session["_auth_user_id"] == str(sam.pk)


def test_a_wrong_password_signs_nobody_in(client, sam):
    response = client.post(SIGN_IN, {"login": "sam", "password": "wrong"})

    assert response.status_code == 200
    assert "_auth_user_id" not in client.session


def test_after_five_wrong_passwords_the_right_one_does_not_help_either(client, sam, counted):
    for _ in range(5):
        client.post(SIGN_IN, {"login": "sam", "password": "wrong"})

    client.post(SIGN_IN, {"login": "sam", "password": PASSWORD})

    assert "_auth_user_id" not in client.session


def test_a_person_who_left_does_not_get_in(client, sam):
    sam.is_active = False
    sam.save()

    client.post(SIGN_IN, {"login": "sam", "password": PASSWORD})

    assert "_auth_user_id" not in client.session


@pytest.mark.django_db
def test_nobody_lets_themselves_in(client):
    words = {"username": "eve", "email": "eve@example.com", "password1": PASSWORD, "password2": PASSWORD}

    client.post("/auth/signup/", words)

    assert not get_user_model().objects.filter(username="eve").exists()


def test_looking_at_the_way_out_does_not_sign_out(client, sam):
    client.force_login(sam)

    client.get("/auth/logout/")
    assert client.session["_auth_user_id"] == str(sam.pk)

    client.post("/auth/logout/")
    assert "_auth_user_id" not in client.session


@pytest.mark.parametrize(
    ("name", "numbers", "door"), [("account_email", {}, change_address), ("mfa_remove_webauthn", {"pk": 7}, remove_key)]
)
def test_our_doors_stand_where_the_pages_behind_them_are(name, numbers, door):
    """Asked of allauth's own addresses: were a page to move, the old door would lead nowhere and the page lie open."""
    there = reverse(name, urlconf="allauth.urls", kwargs=numbers)

    assert resolve(f"/auth{there}").func is door
