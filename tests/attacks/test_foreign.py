"""What another site or a tool could send in somebody's name: foreign tokens, other verbs, strange numbers in a question."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import urlencode

import pytest
from django.conf import settings
from django.middleware.csrf import _get_new_csrf_string

from tests.access.matrix.asking import Asking
from tests.access.matrix.reading import TABLES
from tests.access.matrix.rows import Row, rows_of
from tests.attacks.corpus import payloads
from tests.attacks.forms import Form
from tests.length import LONG

EVIL = "https://evil.example"
VERBS = ("PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "HEAD", "CONNECT", "PROPFIND", "GET")
OVERRIDE = {"HTTP_X_HTTP_METHOD_OVERRIDE": "POST", "HTTP_X_METHOD_OVERRIDE": "POST"}
EACH_TIME = re.compile(r'(csrfmiddlewaretoken" value="|X-CSRFToken": ?"|nonce[-=]"?)[\w+/=-]+', re.IGNORECASE)
NAMES = ("pipeline", "view", "sort", "after", "q", "step", "source", "product", "skip", "show", "before", "days")
NAMES += ("from", "to", "what", "substitute", "first_day", "person", "pages", "page", "kind", "client", "day")


def _cookies(house: Asking, who: str, token: str) -> dict[str, str]:
    return {"HTTP_COOKIE": f"{house.cookie(who)}; {settings.CSRF_COOKIE_NAME}={token}"}


@pytest.mark.django_db
def test_without_the_token_of_this_browser_nothing_is_done(house: Asking, forms: list[Form]) -> None:
    wrong = {}
    for form in forms:
        ours, foreign = _get_new_csrf_string(), _get_new_csrf_string()
        cookies = _cookies(house, form.who, ours)
        forged = form.values | {"csrfmiddlewaretoken": foreign}
        own = form.values | {"csrfmiddlewaretoken": ours}
        ways = [
            (form.values, {}),
            (forged, {}),
            (form.values, {"HTTP_X_CSRFTOKEN": foreign}),
            (own, {"HTTP_ORIGIN": EVIL}),
            (urlencode(own).encode(), {"CONTENT_TYPE": "text/plain"}),
        ]
        words = [
            house.ask(form.who, "POST", form.action, told, forgery_checked=True, **cookies, **headers)
            for told, headers in ways
        ]
        if [(one.word, one.wrote) for one in words] != [("403", False)] * len(ways):
            wrong[form.route] = [one.word for one in words]

    assert wrong == {}


@pytest.mark.django_db
def test_with_the_token_of_this_browser_it_is_done(house: Asking, forms: list[Form]) -> None:
    """Otherwise the refusals above would tell nothing."""
    form, token = next(form for form in forms if form.route == "leads:note"), _get_new_csrf_string()

    answer = house.ask(
        form.who, "POST", form.action, form.values | {"csrfmiddlewaretoken": token}, forgery_checked=True, **_cookies(house, form.who, token)
    )  # fmt: skip

    assert (answer.word, answer.wrote) == ("303", True)


def _glad(house: Asking) -> list[Row]:
    """Every act at a record, a tier or a pipeline, as it would be done."""
    rows = [row for table in TABLES[:5] for row in rows_of(table, house.world) if row.method == "POST"]
    return list({row.name: row for row in rows if row.sent}.values())


@pytest.mark.django_db
def test_no_other_verb_and_no_second_verb_does_anything(house: Asking) -> None:
    wrong, rows = [], _glad(house)
    for place, row in enumerate(rows):
        for verb in VERBS if LONG else (VERBS[place % len(VERBS)], "GET"):
            path = f"{row.path}?_method=POST&{urlencode(row.sent)}"
            answer = house.ask("olga", verb, path, **OVERRIDE)
            if answer.word.startswith("5") or answer.wrote:
                wrong.append((verb, row.name, answer.word))

    assert wrong == []
    assert len(rows) > 20


@pytest.mark.django_db
def test_no_number_in_a_question_breaks_a_page(house: Asking) -> None:
    world, broken = house.world, []
    tier = world.seats["sam"].tier_id
    teams, conveyor = f"/reports/team/{tier}/", f"/reports/conveyor/{world.home.pk}/"
    record = f"/leads/{world.items['leads']['mine'].pk}/"
    pages = ["/leads/", "/leads/board/", "/deals/", "/find/", "/notices/", teams, f"{teams}book/", conveyor, record]
    pages += ["/oversight/journal/", "/exports/", "/leads/new/", "/"]
    for place, number in enumerate(payloads("number")):
        asked = urlencode(dict.fromkeys(NAMES, number.text))
        for page in pages if LONG else pages[place % 3 :: 3]:
            answer = house.ask("olga", "GET", f"{page}?{asked}")
            if answer.word.startswith("5") or answer.wrote:
                broken.append((page, number.name, answer.word))

    assert broken == []


@pytest.mark.django_db
def test_many_of_the_same_word_are_one_word(house: Asking) -> None:
    """The last of several is meant, as everywhere in the house; none of them is added up."""
    many = "&".join(f"{name}={value}" for name in NAMES for value in ("1", "x", "-1", "%00", "2"))

    words = {page: house.ask("olga", "GET", f"{page}?{many}").word for page in ("/leads/", "/leads/board/", "/find/")}

    assert words == dict.fromkeys(words, "200")


@pytest.mark.django_db
def test_whoever_walks_along_the_numbers_reads_one_and_the_same_page(house: Asking) -> None:
    """A colleague's deal, one that went on, one of another firm's branch and none at all: nothing tells them apart."""
    deals = house.world.items["deals"]
    hidden = [deals[name].pk for name in ("moved", "hanas", "tesss", "undecided", "won", "returned", "foreign")]

    told = {
        (answer.status_code, *_same_each_time(answer, number))
        for number in (*hidden, 10**6, 2**31, 2**63 - 1, 2**63, 10**25)
        for answer in [house.answer("hal", "GET", f"/deals/{number}/")]
    }

    assert [status for status, _headers, _page in told] == [404]


def _same_each_time(answer: Any, number: int) -> tuple[str, str]:
    """Headers and page, without what every answer has of its own, and the number that was asked for."""
    headers = str(sorted((name, value) for name, value in answer.headers.items() if name != "X-Request-ID"))
    return EACH_TIME.sub("", headers), EACH_TIME.sub("", answer.content.decode()).replace(f"/{number}/", "/N/")


@pytest.mark.django_db
def test_no_form_asks_for_an_address_of_the_web(forms: list[Form]) -> None:
    """Nothing that a person writes makes the server call somewhere: no field is an address."""
    assert [(form.route, name) for form in forms for name, kind in form.kinds.items() if kind == "url"] == []
