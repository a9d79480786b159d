"""The pages that stand outside the desk: signing in, and what is shown when something cannot be."""

import re

import pytest
from django.template.loader import render_to_string
from django.test import Client, RequestFactory
from django.urls import reverse
from django.utils import translation

pytestmark = pytest.mark.django_db

FORBIDDEN = re.compile(
    r"<style|<script(?![^>]*(?:\bsrc=|type=\"application/json\"))|\sstyle=|\son[a-z]+=", re.IGNORECASE
)


@pytest.mark.parametrize("name", ["account_login", "account_reset_password", "account_reset_password_done"])
def test_a_stranger_is_shown_our_page(client: Client, name: str) -> None:
    response = client.get(reverse(name))

    assert response.status_code == 200
    assert 'class="entrance"' in response.text
    assert FORBIDDEN.findall(response.text) == []


def test_a_wrong_password_is_told_in_the_form(client: Client) -> None:
    response = client.post(reverse("account_login"), {"login": "nobody", "password": "wrong"})

    assert 'class="form-errors"' in response.text


def test_the_page_speaks_the_readers_language(client: Client) -> None:
    assert (
        "Учётные записи создаёт администратор."
        in client.get(reverse("account_login"), headers={"Accept-Language": "ru"}).text
    )


def test_an_unknown_address_has_a_page_of_ours(client: Client) -> None:
    response = client.get("/there/is/nothing/here/")

    assert response.status_code == 404
    assert "There is no such page" in response.text
    assert FORBIDDEN.findall(response.text) == []


@pytest.mark.parametrize("template", ["400.html", "403.html", "403_csrf.html", "404.html", "500.html"])
def test_an_error_page_needs_nothing_but_itself(template: str) -> None:
    with translation.override("ru"):
        drawn = render_to_string(template)

    assert "<h1" in drawn
    assert FORBIDDEN.findall(drawn) == []


@pytest.mark.parametrize(
    ("theme", "drawn"), [("dark", 'class="seat dark"'), ("light", 'class="seat light"'), ("x", 'class="seat"')]
)
def test_the_theme_is_set_before_the_first_byte(client: Client, theme: str, drawn: str) -> None:
    client.cookies["theme"] = theme

    assert drawn in client.get(reverse("account_login")).text


def test_a_refusal_is_a_page_or_a_line_for_htmx() -> None:
    request = RequestFactory().get("/")
    facts = {"sentence": "Hal has just taken this.", "back": "/"}

    request.htmx = False  # type: ignore[attr-defined]
    page = render_to_string("errors/refused.html", facts, request)
    request.htmx = True  # type: ignore[attr-defined]
    piece = render_to_string("errors/refused.html", facts, request)

    assert "<!doctype html>" in page
    assert "Hal has just taken this." in page
    assert "<!doctype html>" not in piece
    assert "<span data-refused>Hal has just taken this.</span>" in piece
