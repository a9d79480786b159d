"""A reader of Russian meets no English word, on whatever page they come to by the links of the site."""

from __future__ import annotations

import re
from collections import Counter
from html.parser import HTMLParser
from urllib.parse import urlsplit

import pytest
from django.test import Client as Browser
from django.urls import Resolver404, resolve

from pipeline_crm.tiers.models import Pipeline, Seat
from pipeline_crm.users.models import User

from .conftest import Firm

pytestmark = pytest.mark.django_db

SHOWN = {"title", "placeholder", "aria-label", "alt", "aria-description"}
SILENT = {"script", "style", "svg", "template"}
# Signs of Unfold's icon font are words in the source and pictures on the page.
PICTURES = ("material-symbols-outlined", "key")
WORD = re.compile(r"[A-Za-z][A-Za-z’'-]+")
# The product's name, a key of the keyboard, and the names by which the cast signs in.
ALLOWED = {"Pipeline", "JavaScript", "PIN", "esc", "cody", "fay", "hal", "lena", "olga", "sam", "sue", "root"}
# Addresses, codes of currencies and countries, time zones.
CODE = re.compile(r"\S+@firm\.example|\b[A-Z]{2,4}\b|\b[A-Z]\w+/.+")
OF_EACH_VIEW = 2


class Page(HTMLParser):
    """What a page says and where it leads."""

    VOID = frozenset(("br", "hr", "img", "input", "link", "meta", "source", "wbr", "area", "base", "col", "embed"))

    def __init__(self, html: str) -> None:
        super().__init__()
        self.said: list[str] = []
        self.links: list[str] = []
        self.open: list[bool] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        has = dict(attrs)
        silent = tag in SILENT or any(name in (has.get("class") or "").split() for name in PICTURES)
        if not any(self.open):
            self.said += [words for name, words in attrs if name in SHOWN and words]
        if tag == "a" and has.get("href"):
            self.links.append(str(has["href"]))
        if tag == "input" and has.get("type") in ("submit", "button"):
            self.said.append(has.get("value") or "")
        if tag not in self.VOID:
            # The language that a piece is written in is told where it is not the page's.
            self.open.append(silent or has.get("lang") == "en")

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag not in self.VOID:
            self.handle_starttag(tag, attrs)
            self.open.pop()
        else:
            self.handle_starttag(tag, attrs)

    def handle_endtag(self, tag: str) -> None:
        if tag not in self.VOID and self.open:
            self.open.pop()

    def handle_data(self, data: str) -> None:
        if not any(self.open) and data.strip():
            self.said.append(data.strip())

    @property
    def english(self) -> list[str]:
        """The sentences in which an English word stands."""
        return [words for words in self.said if set(WORD.findall(CODE.sub("", words))) - ALLOWED]


def view_of(path: str) -> str:
    """Which view answers an address; nothing for what lies outside the site."""
    try:
        return resolve(path).view_name
    except Resolver404:
        return ""


def crawl(browser: Browser, start: str, *, prefix: str = "/", of_each: int = OF_EACH_VIEW) -> dict[str, list[str]]:
    """Follows the links of the site, a few of each view, and tells which pages say what in English."""
    waiting, seen, of_view = [start], {start}, Counter[str]()
    english: dict[str, list[str]] = {}
    while waiting:
        address = waiting.pop(0)
        answer = browser.get(address, follow=True)
        assert answer.status_code == 200, address
        page = Page(answer.content.decode())
        if page.english:
            english[address] = page.english
        for link in page.links:
            parts = urlsplit(link)
            path = parts.path or answer.request["PATH_INFO"]
            to = f"{path}?{parts.query}" if parts.query else path
            view = view_of(path)
            # A list and the same list sifted are two pages.
            kind = f"{view}?{'&'.join(sorted(part.split('=')[0] for part in parts.query.split('&')))}"
            if parts.scheme or to in seen or not view or not path.startswith(prefix) or of_view[kind] >= of_each:
                continue
            if prefix == "/" and path.startswith("/admin/"):
                continue
            of_view[kind] += 1
            seen.add(to)
            waiting.append(to)
    assert len(seen) > 1
    return english


@pytest.mark.parametrize("who", ["sam", "hal", "fay", "lena", "olga", "ada"])
def test_a_reader_of_russian_meets_no_english_word(who: str, firm: Firm, browse, request) -> None:
    assert crawl(browse(request.getfixturevalue(who)), "/") == {}


def test_a_configurator_meets_none_in_the_admin(firm: Firm, cody: User, browse) -> None:
    assert crawl(browse(cody), "/admin/", prefix="/admin/", of_each=1) == {}


def test_one_without_a_desk_and_one_not_signed_in_meet_none(stan: User, browse, client: Browser) -> None:
    client.cookies["django_language"] = "ru"

    assert crawl(browse(stan), "/") == {}
    for address in ("/auth/login/", "/auth/password/reset/"):
        assert Page(client.get(address, headers={"accept-language": "ru"}).content.decode()).english == []


def test_a_page_that_is_not_there_says_so_in_russian(sam: Seat, browse) -> None:
    answer = browse(sam).get("/leads/999999/")

    assert answer.status_code == 404
    assert Page(answer.content.decode()).english == []


@pytest.mark.parametrize("address", ["/leads/new/", "/auth/password/change/"])
def test_a_form_left_empty_is_refused_in_russian(address: str, sam: Seat, pipeline: Pipeline, browse) -> None:
    sam.user.set_password("kept to herself")
    sam.user.save()

    answer = browse(sam).post(address, {"pipeline": pipeline.pk})

    assert answer.status_code in (200, 422)
    assert Page(answer.content.decode()).english == []


def test_a_new_pipeline_left_empty_is_refused_in_russian(cody: User, browse) -> None:
    answer = browse(cody).post("/admin/tiers/pipeline/add/", {})

    assert answer.status_code == 200
    assert Page(answer.content.decode()).english == []
