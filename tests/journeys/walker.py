"""Somebody at a browser without JavaScript: reads a page, follows its links, fills in its forms and sends them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from html.parser import HTMLParser
from typing import Any
from urllib.parse import urldefrag

from django.http import HttpResponse
from django.test import Client as Browser
from django.urls import reverse

from pipeline_crm.users.models import User

PASSWORD = "a-long-enough-password"


@dataclass
class Form:
    """A form as it stands on a page: what would be sent untouched, and what each field allows."""

    action: str
    sent: dict[str, str] = field(default_factory=dict)
    allows: dict[str, set[str] | None] = field(default_factory=dict)  # None allows any words

    def allow(self, name: str, value: str) -> None:
        """One of several choices."""
        choices = self.allows.setdefault(name, set())
        assert choices is not None, f"{name} is two kinds of field"
        choices.add(value)

    def takes(self, name: str, answer: Any) -> bool:
        """Whether the page asks this, and offers the answer."""
        choices = self.allows.get(name, set())
        return choices is None or str(answer) in choices

    def filled(self, answers: Mapping[str, Any]) -> dict[str, str]:
        """What is sent when somebody answers; a field or choice that the page does not offer cannot be answered."""
        missing = [f"{name}={answer}" for name, answer in answers.items() if not self.takes(name, answer)]
        assert missing == [], f"{self.action} offers only {self.allows}"
        return self.sent | {name: str(answer) for name, answer in answers.items()}


class Reader(HTMLParser):
    """The words, links and forms of a page."""

    def __init__(self, page: str, address: str) -> None:
        super().__init__()
        self.address, self.links, self.words = address, set[str](), list[str]()
        self.forms: list[Form] = []
        self.form: Form | None = None
        self.area = self.choice = ""
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        told = {name: value or "" for name, value in attrs}
        if tag == "a":
            self.links.add(urldefrag(told.get("href", ""))[0])
        elif tag == "form":
            self.form = Form(told.get("action") or self.address)
            if told.get("method") == "post":
                self.forms.append(self.form)
        elif self.form is not None and "disabled" not in told:
            self._read_field(self.form, tag, told)

    def _read_field(self, form: Form, tag: str, told: dict[str, str]) -> None:
        name, value = told.get("name", ""), told.get("value", "")
        if tag == "input" and told.get("type") in ("radio", "checkbox"):
            form.allow(name, value or "on")
            if "checked" in told:
                form.sent[name] = value or "on"
        elif tag == "input" and name:
            form.sent[name], form.allows[name] = value, None
        elif tag == "textarea":
            self.area, form.sent[name], form.allows[name] = name, "", None
        elif tag == "select":
            self.choice = name
        elif tag == "option" and self.choice:
            form.allow(self.choice, value)
            if "selected" in told or self.choice not in form.sent:
                form.sent[self.choice] = value
        elif tag == "button" and name:
            form.allow(name, value)

    def handle_endtag(self, tag: str) -> None:
        if tag == "form":
            self.form = None
        elif tag == "textarea":
            self.area = ""
        elif tag == "select":
            self.choice = ""

    def handle_data(self, data: str) -> None:
        if self.form is not None and self.area:
            self.form.sent[self.area] += data.removeprefix("\n")
        self.words.append(data)


class Walker:
    """One person with one browser, and the page that is open in it."""

    def __init__(self, user: User) -> None:
        self.user, self.browser = user, Browser(enforce_csrf_checks=True)
        user.set_password(PASSWORD)
        user.save()
        self.open(reverse("account_login"))
        answer = self.send(reverse("account_login"), login=user.username, password=PASSWORD)
        assert (answer.status_code, answer.headers.get("Location")) == (302, "/"), f"{user} cannot sign in"

    @property
    def text(self) -> str:
        """The words of the page as they are read, with single spaces."""
        return re.sub(r"\s+", " ", "".join(self.page.words)).strip()

    def read(self, answer: HttpResponse, address: str) -> None:
        """Has the page of an answer open from now on."""
        self.address, self.page = address, Reader(answer.content.decode(), address)

    def open(self, address: str) -> None:
        """Types an address."""
        answer = self.browser.get(address)
        assert answer.status_code == 200, f"{self.user} opened {address}: {answer.status_code}"
        self.read(answer, address)

    def follow(self, address: str) -> None:
        """Clicks a link that is on the page."""
        assert address in self.page.links, f"{self.address} has no link to {address}"
        self.open(address)

    def send(self, action: str, **answers: Any) -> HttpResponse:
        """Fills in a form that is on the page and sends it; of several with one address, the first that takes all."""
        forms = [form for form in self.page.forms if form.action == action]
        assert forms, f"{self.address} has no form for {action}, only {[form.action for form in self.page.forms]}"
        form = next((form for form in forms if all(map(form.takes, answers, answers.values()))), forms[-1])
        return self.browser.post(action, form.filled(answers))

    def press(self, action: str, **answers: Any) -> None:
        """Sends a form, and goes where it leads."""
        answer = self.send(action, **answers)
        assert answer.status_code == 303, f"{action}: {answer.status_code} {Reader(answer.content.decode(), '').words}"
        self.open(answer["Location"])

    def refused(self, action: str, status: int, **answers: Any) -> None:
        """Sends a form and is told no; the page that says so is open from now on."""
        answer = self.send(action, **answers)
        assert answer.status_code == status, f"{action}: {answer.status_code}"
        self.read(answer, action)

    def sees(self, *addresses: str) -> list[bool]:
        """Which of these pages there are for this person."""
        statuses = [self.browser.get(address).status_code for address in addresses]
        assert set(statuses) <= {200, 404}, dict(zip(addresses, statuses, strict=True))
        return [status == 200 for status in statuses]


def shown(walker: Walker, words: Iterable[str]) -> list[str]:
    """Those of the words that the open page says."""
    return [word for word in words if word in walker.text]
