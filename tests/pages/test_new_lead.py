"""Somebody showed an interest: the form of a new lead."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from django.test import Client as Browser
from guardian.shortcuts import assign_perm

from leads.models import Lead
from pipeline_crm.clients.models import Client
from pipeline_crm.outbox.models import Notice
from pipeline_crm.tiers import actions as drawing
from pipeline_crm.tiers.models import Pipeline, Seat, Tier
from pipeline_crm.tiers.stages import Stage, Structure
from pipeline_crm.timeline.models import Entry
from tests.cast import make_account, make_deal, make_lead, seat_at

Browse = Callable[..., Browser]
NEW = "/leads/new/"
PHONE = "+79161234508"


def said(answer: Any) -> str:
    """What the next page says, once."""
    return str(answer.content.decode())


def test_a_scout_writes_down_a_lead_and_keeps_it(browse: Browse, pipeline: Pipeline, sam: Seat) -> None:
    source = pipeline.sources.create(name="Fair")
    product = pipeline.products.create(name="Two rooms")
    sent = {
        "name": "Irina Sokolova",
        "phone": "8 (916) 123-45-08",
        "email": "Irina@Mail.example",
        "company": "Sokol",
        "source": source.pk,
        "campaign": "Spring",
        "product": product.pk,
        "amount": "8 900 000",
        "region": "Moscow region",
        "city": "Khimki",
        "language": "ru",
        "comment": "Large kitchen",
        "keep": "me",
    }

    answer = browse(sam).post(NEW, sent)

    lead = Lead.objects.get()
    assert (answer.status_code, answer.headers["Location"]) == (303, f"/leads/{lead.pk}/")
    assert (lead.seat, lead.source, lead.product, lead.amount) == (sam, source, product, Decimal(8900000))
    assert (lead.campaign, lead.comment, lead.state) == ("Spring", "Large kitchen", "new")
    client = lead.client
    assert (client.name, client.company, client.region, client.city, client.language) == (
        "Irina Sokolova",
        "Sokol",
        "Moscow region",
        "Khimki",
        "ru",
    )
    assert sorted(point.opened() for point in client.contact_points.all()) == [PHONE, "irina@mail.example"]


def test_by_rule_a_lead_may_go_to_a_colleague_and_out_of_sight(browse: Browse, sam: Seat, sue: Seat) -> None:
    make_lead(sam)
    Tier.objects.filter(works_lead=True).update(strategy="least_loaded")

    answer = browse(sam).post(NEW, {"name": "Irina", "phone": PHONE, "keep": "rule"})

    assert Lead.objects.get(client__name="Irina").seat == sue
    assert answer.headers["Location"] == "/leads/"


def test_a_head_of_sales_has_no_seat_and_writes_leads_by_rule(browse: Browse, olga: Any, sam: Seat) -> None:
    Tier.objects.filter(works_lead=True).update(strategy="round_robin")
    form = browse(olga).get(NEW).content.decode()

    browse(olga).post(NEW, {"name": "Irina", "phone": PHONE, "keep": "me"})

    assert 'name="keep"' not in form
    assert Lead.objects.get().seat == sam


WRONG = [
    ({"phone": PHONE}, "Write the client&#x27;s name."),
    ({"name": "x" * 121, "phone": PHONE}, "at most 120 characters"),
    ({"name": "a\x00b", "phone": PHONE}, "Null characters are not allowed."),
    ({"name": "Ann"}, "Write a phone number or an e-mail address"),
    ({"name": "Ann", "phone": "   "}, "Write a phone number or an e-mail address"),
    ({"name": "Ann", "phone": "12"}, "This is not a phone number."),
    ({"name": "Ann", "phone": "call me"}, "This is not a phone number."),
    ({"name": "Ann", "phone": "9" * 59}, "This is not a phone number."),
    ({"name": "Ann", "email": "ann"}, "This is not an e-mail address."),
    ({"name": "Ann", "email": "ann@mail"}, "This is not an e-mail address."),
    ({"name": "Ann", "phone": PHONE, "amount": "1e999999"}, "too large to be true"),
    ({"name": "Ann", "phone": PHONE, "amount": "-1"}, "not below nothing"),
    ({"name": "Ann", "phone": PHONE, "source": "9" * 25}, "Select a valid choice"),
    ({"name": "Ann", "phone": PHONE, "product": "abc"}, "Select a valid choice"),
    ({"name": "Ann", "phone": PHONE, "language": "tlh"}, "tlh is not one of the available choices"),
    ({"name": "Ann", "phone": PHONE, "comment": "x" * 2001}, "at most 2000 characters"),
    ({"name": "Ann", "phone": PHONE, "keep": "him"}, "him is not one of the available choices"),
]


@pytest.mark.parametrize(("sent", "sentence"), WRONG)
def test_what_is_wrong_is_said_in_a_sentence(browse: Browse, sam: Seat, sent: dict[str, str], sentence: str) -> None:
    answer = browse(sam).post(NEW, sent)

    assert answer.status_code == 422
    assert sentence in said(answer)
    assert not Client.objects.exists()


def test_the_form_gives_back_what_was_typed(browse: Browse, sam: Seat) -> None:
    told = said(browse(sam).post(NEW, {"name": "Irina", "phone": "12", "city": "Khimki", "comment": "<b>Hm</b>"}))

    assert 'value="Irina"' in told
    assert 'value="12"' in told
    assert 'value="Khimki"' in told
    assert "&lt;b&gt;Hm&lt;/b&gt;" in told


def test_words_of_another_pipeline_are_not_on_the_list(browse: Browse, sam: Seat, stan: Seat) -> None:
    foreign = stan.tier.pipeline.products.create(name="Foreign")

    answer = browse(sam).post(NEW, {"name": "Ann", "phone": PHONE, "product": foreign.pk})

    assert answer.status_code == 422
    assert "Foreign" not in said(answer)


# A client who is known -------------------------------------------------------------------------------------------


def test_a_known_client_goes_to_whoever_has_them_and_nobody_else_learns_who(
    browse: Browse, sam: Seat, sue: Seat, hal: Seat
) -> None:
    make_deal(sam, hal, name="Irina Sokolova", phone=PHONE)

    answer = browse(sue).post(NEW, {"name": "Irina", "phone": PHONE, "comment": "Wrote again"}, follow=True)

    told = said(answer)
    assert "This client is known to us." in told
    for secret in ("Hal", "Sokolova", "/deals/"):
        assert secret not in told
    assert Lead.objects.count() == 1
    assert Notice.objects.filter(kind="enquiry").values_list("user", flat=True)[0] == hal.user_id
    assert Entry.objects.get(kind="enquiry").text == "Wrote again"


@pytest.mark.parametrize("stage", list(Stage))
def test_a_known_client_gives_the_same_answer_at_every_stage(
    browse: Browse, sam: Seat, sue: Seat, hal: Seat, fay: Seat, stage: Stage
) -> None:
    make = {
        Stage.LEAD: lambda: make_lead(sam, phone=PHONE),
        Stage.DEAL: lambda: make_deal(sam, hal, phone=PHONE),
        Stage.ACCOUNT: lambda: make_account(sam, hal, fay, phone=PHONE),
    }
    make[stage]()

    answer = browse(sue).post(NEW, {"name": "Irina", "phone": PHONE})

    assert (answer.status_code, answer.headers["Location"]) == (303, "/leads/")


def test_ones_own_client_who_writes_again_is_opened(browse: Browse, sam: Seat) -> None:
    lead = make_lead(sam, phone=PHONE)

    answer = browse(sam).post(NEW, {"name": "Irina", "phone": PHONE})

    assert answer.headers["Location"] == f"/leads/{lead.pk}/"
    assert Lead.objects.count() == 1


def test_a_known_client_in_the_pool_is_not_pointed_out(browse: Browse, pipeline: Pipeline, sam: Seat) -> None:
    lead = make_lead(pipeline=pipeline, phone=PHONE)

    answer = browse(sam).post(NEW, {"name": "Irina", "phone": PHONE})

    assert answer.headers["Location"] == "/leads/"
    assert str(lead.pk) not in answer.headers["Location"]


# More than one pipeline ------------------------------------------------------------------------------------------


def test_who_works_leads_in_two_pipelines_chooses(browse: Browse, pipeline: Pipeline, sam: Seat) -> None:
    branch = drawing.draw("Branch", structure=Structure.ONE)
    seat_at(branch, Stage.LEAD, sam.user)
    browser = browse(sam)

    form = said(browser.get(NEW, {"pipeline": branch.pk}))
    browser.post(NEW, {"name": "Ann", "phone": PHONE, "pipeline": branch.pk, "keep": "me"})

    assert f'name="pipeline" value="{branch.pk}"' in form
    assert Lead.objects.get().pipeline == branch


def test_nobody_writes_leads_into_a_pipeline_of_others(browse: Browse, sam: Seat, stan: Seat, hal: Seat) -> None:
    theirs = {"name": "Ann", "phone": PHONE, "pipeline": stan.tier.pipeline_id}

    assert browse(sam).post(NEW, theirs).status_code == 404
    assert browse(hal).get(NEW).status_code == 404
    assert browse(sam).get(NEW, {"pipeline": "x"}).status_code == 404
    assert not Lead.objects.exists()


def test_an_analyst_writes_no_leads(browse: Browse, pipeline: Pipeline, ada: Any) -> None:
    assign_perm("tiers.analyse_pipeline", ada, pipeline)

    assert browse(ada).get(NEW).status_code == 404
