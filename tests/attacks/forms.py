"""Every form that anybody of the firm is shown, read off the pages as a browser reads it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from html.parser import HTMLParser
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from django.urls import Resolver404, resolve

from tests.access.matrix.asking import Asking
from tests.access.matrix.reading import TABLES, read
from tests.access.matrix.rows import rows_of
from tests.access.matrix.world import ACTORS

WHO = ("sam", "lena", "hal", "fay", "olga", "root", "cody", "gail", "nobody")
TEXTS = {"text", "search", "textarea", "email", "tel", "url", "password", ""}
NUMBERS = {"number", "hidden", "radio", "checkbox", "select", "date", "datetime-local", "submit"}
UNTOLD = ("?",) * len(ACTORS)  # what nobody has written down fails in the matrix, not here
# Signing out ends the walk.
LEFT_OUT = {"account_logout", "admin:logout"}
# Which of the pages have shown a form that none before them had, once this process has asked for all of them.
TELLING: list[int] = []


@dataclass
class Form:
    """One form: who is shown it where, where it leads, and what stands in it."""

    who: str
    page: str
    action: str = ""
    method: str = "get"
    kinds: dict[str, str] = field(default_factory=dict)
    values: dict[str, str] = field(default_factory=dict)

    @property
    def route(self) -> str:
        """The name of the address that it is sent to."""
        return resolve(urlsplit(self.action).path).view_name

    @property
    def texts(self) -> list[str]:
        """The fields into which anything can be written."""
        return [name for name, kind in self.kinds.items() if kind in TEXTS]

    @property
    def choices(self) -> list[str]:
        """The fields that hold a number, a date or a choice."""
        return [name for name, kind in self.kinds.items() if kind in NUMBERS]

    @property
    def key(self) -> tuple[str, tuple[str, ...]]:
        """Two forms to one route with the same fields are one."""
        return self.route, tuple(sorted(self.kinds))


class Reader(HTMLParser):
    """Collects the forms of a page."""

    def __init__(self, who: str, page: str) -> None:
        super().__init__()
        self.who, self.page = who, page
        self.forms: list[Form] = []
        self._open: Form | None = None
        self._choice = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        told = {name: value or "" for name, value in attrs}
        if tag == "form":
            self._open = Form(self.who, self.page, told.get("action") or self.page, told.get("method", "get").lower())
            self.forms.append(self._open)
        elif self._open is None:
            return
        elif tag == "select":
            self._choice = told.get("name", "")
            self._open.kinds[self._choice] = "select"
        elif tag == "option" and self._choice and told.get("value"):
            if "selected" in told or not self._open.values.get(self._choice):
                self._open.values[self._choice] = told["value"]
        elif tag in ("input", "textarea", "button") and told.get("name"):
            self._take(told["name"], "textarea" if tag == "textarea" else told.get("type", "text"), told)

    def _take(self, name: str, kind: str, told: dict[str, str]) -> None:
        assert self._open is not None
        self._open.kinds[name] = kind
        if kind not in ("radio", "checkbox") or "checked" in told or name not in self._open.values:
            self._open.values[name] = told.get("value", "")

    def handle_endtag(self, tag: str) -> None:
        if tag == "form":
            self._open = None
        elif tag == "select":
            self._choice = ""


def forms_on(house: Asking, who: str, page: str) -> list[Form]:
    """The forms of one page; none where the person does not get in."""
    answer = house.answer(who, "GET", page)
    if answer.status_code != 200 or "html" not in answer.headers["Content-Type"]:
        return []
    reader = Reader(who, page)
    reader.feed(answer.content.decode())
    return reader.forms


def pages(house: Asking) -> Iterator[tuple[str, str]]:
    """Every page of the tables, each with the first who gets in by them, and such as only a question shows."""
    for table in TABLES:
        cells = read(table)
        for row in rows_of(table, house.world):
            words = dict(zip(ACTORS, cells.get(row[:3], UNTOLD), strict=True))
            who = next((who for who in WHO if words[who] == "200"), None)
            if row.method == "GET" and who is not None:
                yield who, row.path
    yield from (("lena", "/leads/?view=team"), ("sam", "/leads/?view=pool"), ("olga", "/deals/?view=team&q=zq"))
    tier, seat = house.world.seats["sam"].tier_id, house.world.seats["sam"].pk
    yield from (("lena", f"/reports/team/{tier}/book/?from={seat}&what={what}") for what in ("left", "away", "relief"))


def every_form(house: Asking) -> list[Form]:
    """Each form that posts, once, as the first who is shown it; filled so that it could be done."""
    found: dict[tuple[Any, ...], Form] = {}
    glad = {row.path: row.sent for table in TABLES for row in rows_of(table, house.world) if row.method == "POST"}
    asked, telling = list(dict.fromkeys(pages(house))), list[int]()
    # Every module has a world of its own, built alike: what a page of one has shown, its like in another shows, too.
    for place in TELLING or range(len(asked)):
        who, page = asked[place]
        known = len(found)
        for form in forms_on(house, who, page):
            if form.method != "post" or not form.action.startswith("/"):
                continue
            try:
                is_known = form.route in LEFT_OUT or form.key in found
            except Resolver404:
                raise AssertionError(f"{page} leads nowhere: {form.action}") from None
            if not is_known:
                found[form.key] = _filled(form, glad.get(urlsplit(form.action).path, {}))
        if len(found) > known:
            telling.append(place)
    TELLING[:] = telling
    return [*found.values(), *_unseen(house, {form.route for form in found.values()})]


def _unseen(house: Asking, seen: set[str]) -> Iterator[Form]:
    """Acts whose form only another situation shows, or a script sends: with what the tables send, by whoever it is done by."""
    for table in TABLES[:5]:
        cells = read(table)
        for row in rows_of(table, house.world):
            words = dict(zip(ACTORS, cells.get(row[:3], UNTOLD), strict=True))
            who = next((who for who in WHO if words[who] in ("303", "422")), None)
            form = Form(who or "", row.path, row.path, "post", dict.fromkeys(row.sent, "text"), row.sent)
            if row.method == "POST" and who is not None and form.route not in seen:
                seen.add(form.route)
                yield form


def _filled(form: Form, glad: dict[str, Any]) -> Form:
    """With what stands in the address, and what the act would be glad to read."""
    form.values |= {key: value for key, value in parse_qsl(urlsplit(form.action).query) if key in form.kinds}
    form.values.pop("csrfmiddlewaretoken", None)
    form.kinds.pop("csrfmiddlewaretoken", None)
    form.values |= {key: str(value) for key, value in glad.items() if not form.values.get(key)}
    return form
