"""Every form against every payload: refused with a reason, or kept as mere text; never half, never a 5xx."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.middleware.csrf import _get_new_csrf_string
from django.test.client import BOUNDARY, MULTIPART_CONTENT, encode_multipart

from tests.access.matrix.asking import Answer, Asking
from tests.access.test_doors import ACTS
from tests.attacks.corpus import Payload, payloads
from tests.attacks.forms import Form
from tests.attacks.marks import lengths
from tests.length import LONG, tell

# Sent with a token that there is only in a letter, and about a trap that nobody has laid here.
NEVER = {"access:join", "oversight:take-up", "erasure:stop"}
THINNED = 13  # in the short form each form meets every so manieth payload, another one each time
LONGEST = 8_000  # characters that a row may grow by
DONE = ("301", "302", "303")
BYTES = (b"%ED%A0%80", b"%FF%FE", b"%C0%AF", b"\xff\xfe")
Try = tuple[Form, str, str, Any]  # the form, the payload's name and verdict, what is sent


def attempts(forms: list[Form], kind: str) -> Iterator[Try]:
    """Each payload into all fields of a form at once; in the long form into one after the other, too."""
    for place, form in enumerate(forms):
        names = form.texts if kind == "text" else form.choices
        for group in ([names], *([name] for name in names)) if LONG else [names]:
            for payload in _some(payloads(kind), place) if group else ():
                yield form, payload.name, payload.verdict, form.values | dict.fromkeys(group, payload.text)


def _some(found: list[Payload], place: int) -> Iterable[Payload]:
    return found if LONG else (one for at, one in enumerate(found) if (at + place) % THINNED == 0)


def odd_bytes(forms: list[Form]) -> Iterator[Try]:
    """A lone surrogate and broken UTF-8 cannot be typed, but they can be sent."""
    for place, form in enumerate(forms):
        for broken in BYTES if LONG else BYTES[place % len(BYTES) :][:1]:
            yield form, str(broken), "any", b"&".join(name.encode() + b"=" + broken for name in form.texts)


def verdicts(house: Asking, tried: Iterable[Try]) -> tuple[int, list[str]]:
    """How many were tried, and what went otherwise than it must."""
    count, wrong, longest = 0, [], lengths()
    for form, name, verdict, told in tried:
        count += 1
        with house.asked(form.who, "POST", form.action, told) as answer:
            taken = verdict == "refused" and answer.word in DONE and _has_grown(longest)
        where = f"{name!r} to {form.route} by {form.who}: {answer.word}"
        if answer.word.startswith("5"):
            wrong.append(where)
        elif taken:
            wrong.append(f"{where}, taken")
        elif answer.word not in DONE and answer.wrote and not house.stands(form.who, "POST", form.action, told):
            wrong.append(f"{where}, and yet something changed")
    return count, wrong


def _has_grown(longest: dict[str, int]) -> bool:
    """Whether a text that is too long has come into some table; one with a NUL is held by none."""
    return any(length > longest[table] + LONGEST for table, length in lengths().items())


@pytest.mark.django_db
def test_every_form_meets_every_text_and_number(house: Asking, forms: list[Form]) -> None:
    tried = [*attempts(forms, "text"), *attempts(forms, "number"), *odd_bytes(forms)]

    count, wrong = verdicts(house, tried)

    tell("attacks by form", count)
    assert wrong == []
    assert set(ACTS) - {form.route for form in forms} - NEVER == set()
    assert (len(forms) > 60, count > 4 * len(forms)) == (True, True)


@pytest.mark.django_db
def test_a_file_is_taken_by_no_form(house: Asking, forms: list[Form]) -> None:
    wrong, contents, token = {}, (b"x", b"PK\x03\x04" * 10, b"x" * (6 * 1024 * 1024)), _get_new_csrf_string()
    for place, form in enumerate(forms):
        told = form.values | {"file": SimpleUploadedFile("x.xlsx", contents[place % 3]), "csrfmiddlewaretoken": token}
        more = {"CONTENT_TYPE": MULTIPART_CONTENT, "HTTP_COOKIE": f"{house.cookie(form.who)}; csrftoken={token}"}
        sent = encode_multipart(BOUNDARY, told)
        answer = house.ask(form.who, "POST", form.action, sent, forgery_checked=True, **more)
        if answer != Answer("400", wrote=False):
            wrong[form.route] = answer

    assert wrong == {}
