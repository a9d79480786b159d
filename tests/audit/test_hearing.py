"""What the journal hears of by itself: cards, refusals, sign-ins, the set-up, people."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.contrib.auth.models import Group
from django.db import connection
from django.test import Client as Browser
from django.test.utils import CaptureQueriesContext

from leads.models import Lead
from pipeline_crm.audit.models import Kind, Line
from pipeline_crm.sealing import mark
from pipeline_crm.tiers.actions import appoint
from pipeline_crm.tiers.configurators import make_configurator
from pipeline_crm.tiers.models import Pipeline, Seat
from pipeline_crm.users.models import User
from tests.cast import make_lead, make_person

pytestmark = pytest.mark.django_db
OF_ITS_OWN = ("Expires", "Content-Length", "X-Request-ID")  # what two answers differ in anyway


def signed_in(user: User) -> Browser:
    """A browser of somebody who came in by the door a while ago."""
    browser = Browser()
    browser.force_login(user)
    return browser


def lines(*kinds: Kind) -> list[dict[str, Any]]:
    return list(Line.objects.filter(kind__in=kinds).order_by("id").values())


def test_who_opens_a_card_stands_in_the_journal(sam: Seat) -> None:
    lead = make_lead(sam)

    signed_in(sam.user).get(f"/leads/{lead.pk}/")
    signed_in(sam.user).get(f"/leads/{lead.pk}/edit/")

    (line,) = lines(Kind.VIEWED)
    told = [line[name] for name in ("by_id", "pipeline_id", "client_id", "stage", "record_id", "detail")]
    assert told == [sam.user_id, lead.pipeline_id, lead.client_id, "lead", lead.pk, {"how": "full"}]


def test_a_card_of_the_pool_is_noted_as_it_was_seen(sam: Seat, pipeline: Pipeline) -> None:
    lead = make_lead(pipeline=pipeline)

    signed_in(sam.user).get(f"/leads/{lead.pk}/")

    assert [line["detail"] for line in lines(Kind.VIEWED)] == [{"how": "hidden"}]


def test_hidden_and_absent_are_refused_and_noted_alike(sam: Seat, sue: Seat) -> None:
    """The same bytes, the same statements, the same line but for the number."""
    hidden, browser = make_lead(sue), signed_in(sam.user)
    told, none = [], Lead.objects.order_by("-pk").first().pk + 1_000
    browser.get(f"/leads/{none - 1}/")

    for pk in (hidden.pk, none):
        with CaptureQueriesContext(connection) as asked:
            answer = browser.get(f"/leads/{pk}/")
        statements = [re.sub(r"\d+", "N", query["sql"]) for query in asked.captured_queries]
        # The hour, the token against forgery and the address itself aside.
        page = re.sub(rb'data-now="\d+"|\b\w{64}\b|/leads/%d/' % pk, b"", answer.content)
        headers = {name: value for name, value in answer.headers.items() if name not in OF_ITS_OWN}
        told.append((answer.status_code, page, headers, statements))

    assert told[0] == told[1]
    assert told[0][0] == 404
    assert [line["record_id"] for line in lines(Kind.DENIED)] == [none - 1, hidden.pk, none]
    denied = [{**line, "id": 0, "at": 0, "record_id": 0} for line in lines(Kind.DENIED)]
    assert denied[0] == denied[1] == denied[2]
    assert denied[0]["detail"] == {"page": "leads:record", "method": "GET", "status": 404}
    assert denied[0]["pipeline_id"] == sam.tier.pipeline_id


def test_an_act_that_is_refused_is_noted_although_it_is_rolled_back(sam: Seat, sue: Seat) -> None:
    lead = make_lead(sue)

    answer = signed_in(sam.user).post(f"/leads/{lead.pk}/touch/", {"kind": "call"})

    assert answer.status_code == 404
    assert [(line["record_id"], line["detail"]["method"]) for line in lines(Kind.DENIED)] == [(lead.pk, "POST")]


@pytest.mark.parametrize("address", ["/leads/99999999999999999999999/", "/admin/", "/reports/conveyor/1/"])
def test_closed_doors_are_noted(sam: Seat, address: str) -> None:
    answer = signed_in(sam.user).get(address, follow=True)

    assert answer.status_code in (403, 404)
    assert [line["by_id"] for line in lines(Kind.DENIED)] == [sam.user_id]


def test_strangers_and_addresses_that_are_none_leave_no_line(sam: Seat) -> None:
    signed_in(sam.user).get("/no/such/page/")
    Browser().get("/leads/1/")

    assert lines(Kind.DENIED) == []


def test_who_comes_goes_or_knocks_in_vain_is_noted(sam: Seat) -> None:
    sam.user.set_password("right horse")
    sam.user.save()
    browser = Browser()

    browser.post("/auth/login/", {"login": "sam", "password": "wrong"})
    browser.post("/auth/login/", {"login": "hunter2 typed into the wrong box", "password": "wrong"})
    browser.post("/auth/login/", {"login": "sam", "password": "right horse"})
    browser.post("/auth/logout/")

    told = lines(Kind.SIGN_IN_FAILED, Kind.SIGNED_IN, Kind.SIGNED_OUT)
    assert [(line["kind"], line["by_id"], line["about_id"]) for line in told] == [
        ("sign_in_failed", None, sam.user_id),
        ("sign_in_failed", None, None),
        ("signed_in", sam.user_id, None),
        ("signed_out", sam.user_id, None),
    ]
    assert told[0]["traces"] == [str(mark("login", "sam"))]
    assert "hunter2" not in str(told)


def test_a_change_of_the_set_up_is_noted_by_its_numbers(sam: Seat, pipeline: Pipeline) -> None:
    before = Line.objects.count()
    pipeline.name = "A name that the journal does not hold"
    pipeline.save()
    history = pipeline.history.first()

    (line,) = list(Line.objects.order_by("id").values())[before:]
    assert (line["kind"], line["pipeline_id"], line["at"]) == ("configured", pipeline.pk, history.history_date)
    assert line["detail"] == {"model": "pipeline", "id": pipeline.pk, "history": history.history_id, "act": "~"}


def test_rights_that_are_given_and_taken_are_noted(sam: Seat, pipeline: Pipeline) -> None:
    before = Line.objects.count()

    appoint(pipeline, "head_pipeline", [sam.user])
    appoint(pipeline, "head_pipeline", [])
    make_configurator(sam.user)

    told = list(Line.objects.order_by("id").values_list("kind", "about_id", "pipeline_id", "detail"))[before:]
    assert [(kind, about, home) for kind, about, home, _detail in told] == [
        ("granted", sam.user_id, pipeline.pk),
        ("grant_taken", sam.user_id, pipeline.pk),
        ("person_changed", sam.user_id, None),
        ("granted", sam.user_id, None),
    ]
    assert told[2][3] == {"columns": ["is_staff"]}
    assert told[3][3] == {"model": "group", "id": Group.objects.get(name="Configurators").pk, "act": "+"}


def test_an_act_on_a_person_in_the_admin_is_noted_with_who_did_it(sam: Seat) -> None:
    root = make_person("root", is_staff=True, is_superuser=True)
    browser, before = signed_in(root), Line.objects.count()
    form = {"username": "sam", "first_name": "Sam", "last_name": "S", "email": "sam@firm.example", "language": "en"}

    browser.post(f"/admin/users/user/{sam.user_id}/change/", form)

    assert User.objects.get(pk=sam.user_id).is_active is False
    told = list(Line.objects.order_by("id").values_list("kind", "by_id", "about_id", "detail"))[before:]
    assert [line[:3] for line in told] == [
        ("person_changed", None, sam.user_id),
        ("person_changed", root.pk, sam.user_id),
    ]
    assert told[0][3] == {"columns": ["is_active"]}


def test_every_table_of_the_history_is_heard() -> None:
    """A new table of the set-up's history needs a trigger of its own; those of lists belong to a line that is heard."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT c.relname FROM pg_class c WHERE c.relkind = 'r' AND c.relname LIKE '%\\_historical%' "
            "AND c.relname NOT LIKE '%\\_historicalrule\\_%' AND NOT EXISTS (SELECT FROM pg_trigger t "
            "WHERE t.tgrelid = c.oid AND t.tgname = 'the_journal_hears_of_it')"
        )
        deaf = [name for (name,) in cursor.fetchall()]

    assert deaf == []
