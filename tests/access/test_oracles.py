"""No address is an oracle: a page is asked by the words that the policy lists for it, and by no other."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from datetime import timedelta
from html import escape
from typing import Any
from urllib.parse import quote

import pytest
import time_machine
from django.test import Client as Browser
from django.urls import reverse

from pipeline_crm.access.policy import MAY_ASK
from pipeline_crm.tiers.models import Seat
from tests.access.test_doors import addresses
from tests.cast import MONDAY, make_contacted, make_lead

# The lookups by which others' lists have given their secrets away, letter by letter.
ORACLES = {
    "client__name__startswith": "Z",
    "client__points__value__startswith": "+7",
    "client__phone__startswith": "+7",
    "seat__user__password__startswith": "md5",
    "ordering": "owner__password",
    "order_by": "client__name",
    "fields": "client",
    "expand": "client",
    "q__regex": ".*",
    "id__in": "1,2",
}


@pytest.fixture(autouse=True)
def monday() -> Iterator[None]:
    """An hour that stands still, for pages tell it."""
    with time_machine.travel(MONDAY + timedelta(hours=1), tick=False):
        yield


def body_of(answer: Any) -> str:
    """A page without what differs from one answer to the next by itself: its tokens, and the address said back."""
    request = answer.wsgi_request
    page = re.sub(r"\b[A-Za-z0-9]{64}\b", "", answer.content.decode())
    return str(page.replace(escape(request.get_full_path()), "").replace(quote(request.get_full_path()), ""))


@pytest.mark.parametrize(("asked", "value"), ORACLES.items())
def test_a_lookup_over_a_relation_tells_nothing_and_says_that_it_was_left_out(
    browse: Callable[..., Browser], sam: Seat, pipeline: Any, asked: str, value: str
) -> None:
    make_contacted(sam, name="Zoe Zander", phone="+79161234567")
    make_lead(pipeline=pipeline, name="Hidden Harry")
    for page in ("list", "board"):
        for view in ("mine", "pool"):
            at = f"{reverse(f'leads:{page}')}?view={view}"
            answers = [browse(sam).get(at, query_params={"view": view, asked: given}) for given in (value, "nothing")]

            assert [answer.status_code for answer in answers] == [200, 200]
            assert body_of(answers[0]) == body_of(answers[1])
            assert f"left out: {asked}." in answers[0].content.decode()


def test_every_page_leaves_out_what_it_may_not_be_asked(browse: Callable[..., Browser], sam: Seat, olga: Any) -> None:
    """Through the gate itself: whatever a view would read from an address, it does not see."""
    lead = make_contacted(sam)
    asked = dict.fromkeys(ORACLES, "1") | {"pipeline__name__startswith": "S"}
    for address in (one for one in addresses() if one.is_ours and getattr(one.view, "door", "public") != "public"):
        numbers = {"pk": lead.pk, "pipeline_id": lead.pipeline_id, "tier_id": lead.tier_id}
        places = re.findall(r"<\w+:(\w+)>", address.route)
        if not set(places) <= set(numbers):
            continue
        at = reverse(address.name, kwargs={name: numbers[name] for name in places})
        answer = browse(olga).get(at, query_params=asked)

        if answer.status_code == 404:
            continue  # her door is shut: no view has seen the address at all
        assert set(answer.wsgi_request.GET) <= MAY_ASK.get(address.name, frozenset()), address.name


@pytest.mark.parametrize("asked", ["owner=%(seat)s", "sort=owner", "sort=-owner"])
def test_by_owners_sifts_and_sorts_only_who_is_in_charge(
    browse: Callable[..., Browser], sam: Seat, sue: Seat, lena: Seat, asked: str
) -> None:
    for seat in (sam, sue):
        make_contacted(seat)
    question = asked % {"seat": sue.pk}
    word = "Owner" if asked.startswith("owner") else "Sort"

    member = browse(sam).get(f"/leads/?view=closed&{question}")
    lead = browse(lena).get(f"/leads/?view=team&{question}")

    assert member.context["asked"].left_out == (word,)
    assert lead.context["asked"].left_out == ()
    assert len(lead.context["lines"]) == (1 if word == "Owner" else 2)


def test_the_list_of_what_may_be_asked_names_pages_that_there_are() -> None:
    assert set(MAY_ASK) - {one.name for one in addresses()} == set()


def test_a_long_strange_word_is_said_back_in_part_and_harmlessly(browse: Callable[..., Browser], sam: Seat) -> None:
    answer = browse(sam).get("/leads/", query_params={"<script>alert(1)</script>" * 9: "1"})

    assert "<script>alert" not in answer.content.decode()
    assert "left out: &lt;script&gt;alert(1)&lt;/script&gt;&lt;script&gt;alert(1." in answer.content.decode()
