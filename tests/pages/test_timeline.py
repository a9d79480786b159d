"""The timeline of a record: complete, in order, page by page, and never dearer for being long."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.db import connection
from django.test import Client as Browser
from django.test.utils import CaptureQueriesContext

from accounts import actions as farming
from deals import actions as hunting
from deals.models import Deal
from pipeline_crm.conveyor import actions as belt
from pipeline_crm.conveyor import handoff
from pipeline_crm.tiers.models import Pipeline, Seat, Tier
from pipeline_crm.tiers.stages import Stage
from tests.cast import (
    BRIEF,
    MONDAY,
    make_account,
    make_contacted,
    make_deal,
    make_lead,
    make_offer,
    steer_to,
)
from tests.pages.reading import text_of

Browse = Callable[..., Browser]


def fill(deal: Deal, by: Seat, *, rows: int) -> None:
    """So many notes, movements and tasks."""
    steps = list(deal.pipeline.steps.filter(stage=Stage.DEAL))
    for number in range(rows):
        at = MONDAY + timedelta(minutes=number + 1)
        belt.note(Deal, deal.pk, text=f"Note {number:02}.", by=by.user, now=at)
        belt.move_step(Deal, deal.pk, step_id=steps[(number + 1) % 2].pk, by=by.user, now=at)
        belt.set_task(Deal, deal.pk, title=f"Task {number}", due_at=at, by=by.user, now=at)


def test_a_record_costs_as_many_queries_with_one_line_as_with_thirty(browse: Browse, sam: Seat, hal: Seat) -> None:
    deal = make_deal(sam, hal)
    browser, counts = browse(hal), []

    for rows in (1, 29):
        fill(deal, hal, rows=rows)
        text_of(browser, f"/deals/{deal.pk}/")
        with CaptureQueriesContext(connection) as asked:
            text_of(browser, f"/deals/{deal.pk}/")
        counts.append(len(asked))

    assert counts[0] == counts[1]


def test_an_account_costs_as_many_queries_with_one_deal_as_with_five(
    browse: Browse, sam: Seat, hal: Seat, fay: Seat
) -> None:
    account = make_account(sam, hal, fay)
    browser, counts = browse(fay), []

    for repeats in (1, 4):
        for _each in range(repeats):
            deal = farming.open_repeat(account.pk, product=None, amount=None, brief=BRIEF, by=fay.user, now=MONDAY)
            farming.win(deal.pk, brief=BRIEF, by=fay.user, now=MONDAY)
        text_of(browser, f"/accounts/{account.pk}/")
        with CaptureQueriesContext(connection) as asked:
            text_of(browser, f"/accounts/{account.pk}/")
        counts.append(len(asked))

    assert counts[0] == counts[1]


def test_a_long_history_is_read_in_pages_without_a_gap(browse: Browse, sam: Seat, hal: Seat) -> None:
    deal = make_deal(sam, hal)
    fill(deal, hal, rows=60)
    browser, address = browse(hal), f"/deals/{deal.pk}/?show=notes"

    first = browser.get(address).context["history"]
    second = browser.get(f"{address}&before={first.earlier}").context["history"]

    assert [line.text for line in first.lines + second.lines] == [f"Note {number:02}." for number in range(59, -1, -1)]
    assert second.earlier == ""


def test_the_filters_of_the_timeline_show_what_they_say(browse: Browse, sam: Seat, hal: Seat) -> None:
    deal = make_deal(sam, hal)
    belt.note(Deal, deal.pk, text="Has two cats.", by=hal.user, now=MONDAY)
    browser = browse(hal)

    shown = {
        show: [line.title for line in browser.get(f"/deals/{deal.pk}/?show={show}").context["history"].lines]
        for show in ("touches", "notes", "movements")
    }

    assert shown["touches"] == ["Call: talked"]
    assert shown["notes"] == ["Note"]
    assert set(shown["movements"]) >= {
        "New lead",
        "Contacted",
        "Offered: Lead → Deal",
        "Hand-off accepted: Lead → Deal",
    }


@pytest.mark.parametrize("before", ["x", "1-2", "9" * 30 + "-0-1", "1-0-" + "9" * 30, "-1-0-1", "\x00"])
def test_a_place_in_the_history_that_nobody_gave_shows_a_page(browse: Browse, sam: Seat, before: str) -> None:
    lead = make_lead(sam)

    assert browse(sam).get(f"/leads/{lead.pk}/", {"before": before, "show": "\x00"}).status_code == 200


def test_the_timeline_says_who_was_passed_over_and_why(
    browse: Browse, pipeline: Pipeline, sam: Seat, hal: Seat, hana: Seat
) -> None:
    Tier.objects.filter(works_deal=True).update(strategy="least_loaded")
    Seat.objects.filter(pk=hana.pk).update(is_open=False)
    deal = make_offer(sam)
    handoff.accept(Deal, deal.pk, by=hal.user, now=MONDAY)

    told = text_of(browse(hal), f"/deals/{deal.pk}/")

    assert "To Hal Hunter, by least load; skipped: Hana H. (takes nothing new)." in told


def test_the_page_says_who_has_had_the_client_and_how_long(browse: Browse, sam: Seat, hal: Seat) -> None:
    lead = make_contacted(sam)
    offer = hunting.offer_from_lead(lead.pk, brief=BRIEF, by=sam.user, now=MONDAY + timedelta(days=3))
    deal = Deal.objects.get(pk=offer.to_id)
    steer_to(deal, hal, now=MONDAY + timedelta(days=3))
    handoff.accept(Deal, deal.pk, by=hal.user, now=MONDAY + timedelta(days=3, minutes=14))

    told = browse(hal).get(f"/deals/{deal.pk}/").context

    assert [(spell.name, spell.stage, spell.is_now) for spell in told["hands"]] == [
        ("Hal Hunter", Stage.DEAL, True),
        ("Sam Scout", Stage.LEAD, False),
    ]
    assert told["hands"][1].seconds == 3 * 86400
    assert told["belt"].stretches[0].who == "Sam Scout, 3 days"
    assert told["belt"].joints[0].note.endswith("accepted in 14 min")
