"""My work: what each person is told to do first, and nothing of what is not theirs."""

import re
from datetime import timedelta
from decimal import Decimal

import pytest
import time_machine
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts import actions as farming
from accounts.models import Account
from deals import actions as hunting
from deals.models import Deal
from leads import actions as scouting
from leads.models import Lead
from pipeline_crm.clients.models import ContactPoint
from pipeline_crm.conveyor import actions as belt
from pipeline_crm.tiers import actions as drawing
from pipeline_crm.tiers.models import Reason, Tier
from pipeline_crm.tiers.stages import Stage, Structure
from tests.cast import (
    BRIEF,
    MONDAY,
    at_work,
    make_account,
    make_contacted,
    make_deal,
    make_lead,
    make_offer,
    make_person,
    reason,
    seat_at,
)

NOW = MONDAY + timedelta(hours=1)


@pytest.fixture(autouse=True)
def monday():
    """An hour after the records of the tests were made."""
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def work(browse):
    """What somebody's page is made of."""

    def seen(who, query=""):
        return browse(who).get(f"/{query}").context

    return seen


def names(rows):
    return [row.item.client.name for row in rows]


def return_deal(pipeline, deal, hal, comment=""):
    why = reason(pipeline, Reason.Kind.RETURN_DEAL)
    hunting.return_to_scout(deal.pk, reason=why, comment=comment, by=hal.user, now=MONDAY)
    return why


# The next best action --------------------------------------------------------------------------------------------


def test_the_one_whose_time_runs_out_first_comes_first(work, sam):
    make_contacted(sam, name="Later Larry", now=MONDAY)
    make_lead(sam, name="Urgent Ursula", now=MONDAY - timedelta(hours=20))
    make_lead(sam, name="Next Nina", now=MONDAY)

    best = work(sam)["best"]

    assert best.duty.item.client.name == "Urgent Ursula"
    assert [(why.sign, why.strong) for why in best.why] == [
        ("phone", "Nobody has called yet."),
        ("user-plus", "Came to us yesterday\N{NO-BREAK SPACE}14:00."),
    ]


def test_skip_shows_the_next_one_and_comes_round(work, sam):
    for place, name in enumerate(["One", "Two", "Three"]):
        make_lead(sam, name=name, now=MONDAY + timedelta(minutes=place))

    shown = [work(sam, query)["best"] for query in ("", "?skip=1", "?skip=2", "?skip=3", "?skip=x", "?skip=-1")]

    assert [best.duty.item.client.name for best in shown] == ["One", "Two", "Three", "One", "One", "One"]
    assert [best.skip_to for best in shown] == [1, 2, 0, 1, 1, 1]


def test_what_the_client_asked_for_is_said(work, sam):
    lead = make_contacted(sam, name="Irina Sokolova", amount=Decimal(9_000_000))
    belt.set_task(Lead, lead.pk, title="Call at half past ten", due_at=NOW, by=sam.user, now=MONDAY)

    best = work(sam)["best"]

    assert [(why.strong, why.rest) for why in best.why][:2] == [
        ("Call at half past ten.", "Due today\N{NO-BREAK SPACE}11:00."),
        ("9\N{NO-BREAK SPACE}M\N{NO-BREAK SPACE}₽", "expected of this client."),
    ]
    assert best.duty.face.state == "over"


def test_a_client_who_came_back_says_why(work, pipeline, sam, hal):
    why = return_deal(pipeline, make_deal(sam, hal, name="Dmitry Orlov"), hal, "Ask for the budget.")

    best = work(sam)["best"]

    assert (best.why[0].strong, best.why[0].rest) == ("Came back to you:", f"{why}. Ask for the budget.")
    assert (best.is_brief_own, best.brief.summary) == (True, BRIEF.summary)


def test_a_hunter_reads_the_brief_and_what_was_said_before(work, sam, hal):
    make_deal(sam, hal)

    best = work(hal)["best"]

    assert (best.brief.summary, best.brief.giver) == (BRIEF.summary, sam)
    assert [line.text for line in best.lines] == ["Wants to hear more."]
    assert [stretch.state for stretch in best.belt.stretches] == ["done", "now", "ahead"]


def test_a_parked_lead_sleeps_until_its_hour(work, sam):
    lead = make_contacted(sam)
    scouting.park(lead.pk, until=NOW + timedelta(hours=2), by=sam.user, now=MONDAY)

    sleeping = work(sam)
    with time_machine.travel(NOW + timedelta(hours=3), tick=False):
        awake = work(sam)

    assert (sleeping["best"], len(sleeping["day"].due)) == (None, 1)
    assert awake["best"].duty.item == lead


def test_later_parks_a_lead_and_comes_back_here(browse, sam):
    lead = make_contacted(sam)
    browser = browse(sam)
    form = browser.get("/").context["best"].later

    told = {"version": form["version"].value(), "next": form["next"].value(), "until": "2026-11-18T12:00"}
    answer = browser.post(form.url, told)

    assert (answer.status_code, answer.headers["Location"]) == (303, "/")
    assert Lead.objects.get(pk=lead.pk).state == "parked"


def test_call_opens_the_contact_on_the_record(browse, sam):
    lead = make_contacted(sam)
    browser = browse(sam)

    answer = browser.post(browser.get("/").context["best"].call_url)

    assert (answer.status_code, answer.headers["Location"]) == (303, f"/leads/{lead.pk}/")


def test_the_phone_is_masked(browse, sam):
    make_contacted(sam, phone="+79165550319")

    page = browse(sam).get("/").content.decode()

    assert [written for written in ("5550319", "555-03-19", "555 03 19") if written in page] == []
    assert "+7 916 •••-••-19" in page


# At the joint ----------------------------------------------------------------------------------------------------


def test_an_offer_is_accepted_from_here(browse, sam, hal):
    deal = make_offer(sam, name="Emma Clarke")
    browser = browse(hal)
    row = browser.get("/").context["waiting"][0]

    answer = browser.post(row.act_url, {"version": row.item.version, "next": "/"})

    assert (row.item.client.name, row.offered, row.words) == ("Emma Clarke", True, BRIEF.summary)
    assert (answer.status_code, answer.headers["Location"]) == (303, "/")
    assert Deal.objects.get(pk=deal.pk).state == "open"
    assert browser.get("/").context["waiting"] == []


def test_the_way_to_return_an_offer_opens(browse, sam, hal):
    make_offer(sam)
    browser = browse(hal)

    assert browser.get(browser.get("/").context["waiting"][0].return_url).status_code == 200


def test_what_came_back_stands_with_its_reason_until_it_is_sent_again(browse, pipeline, sam, hal):
    why = return_deal(pipeline, make_deal(sam, hal, name="Dmitry Orlov"), hal, "Budget?")
    browser = browse(sam)
    [row] = browser.get("/").context["waiting"]

    page = browser.get(row.act_url)
    hunting.offer_from_lead(row.item.pk, brief=BRIEF, by=sam.user, now=NOW)

    assert (names([row]), row.offered, row.reason, row.words) == (["Dmitry Orlov"], False, why.name, "Budget?")
    assert page.status_code == 200
    assert browser.get("/").context["waiting"] == []


def test_a_won_deal_with_a_poor_brief_comes_back_to_the_hunter(browse, pipeline, sam, hal, fay):
    account = farming.win(make_deal(sam, hal, name="Poor Brief").pk, brief=BRIEF, by=hal.user, now=MONDAY)
    why = reason(pipeline, Reason.Kind.RETURN_ACCOUNT)
    farming.return_to_hunter(account.pk, reason=why, comment="No date.", by=fay.user, now=MONDAY)
    browser = browse(hal)

    [row] = browser.get("/").context["waiting"]

    assert (names([row]), row.reason, row.words) == (["Poor Brief"], why.name, "No date.")
    assert browser.get(row.act_url).status_code == 200


# Due and stale ---------------------------------------------------------------------------------------------------


def test_what_is_due_today_and_what_grows_stale(work, sam):
    due = {"Late": -1, "Soon": 2, "Tonight": 12, "Tomorrow": 24, "Far": 90}
    for name, hours in due.items():
        lead = make_contacted(sam, name=name)
        Lead.objects.filter(pk=lead.pk).update(due_at=NOW + timedelta(hours=hours), clock="silence")

    day = work(sam)["day"]

    assert names(day.due) == ["Late", "Soon", "Tonight"]
    assert names(day.stale_soon) == ["Tomorrow"]


def test_the_rest_of_a_long_day_is_a_link(browse, sam):
    for _each in range(10):
        make_lead(sam)

    page = browse(sam).get("/")

    assert [(link.url, link.word) for link in page.context["day"].lists] == [("/leads/", "2 more leads today")]
    assert page.content.decode().count("Open and call:") == 8


# Numbers ---------------------------------------------------------------------------------------------------------


def test_today_is_compared_with_ones_own_days(work, sam):
    for day in (1, 2):
        for _each in range(3):
            make_contacted(sam, now=MONDAY - timedelta(days=day))
    lead = make_contacted(sam)
    scouting.log_touch(lead.pk, kind="call", outcome="no_answer", by=sam.user, now=MONDAY)

    measures = work(sam)["numbers"].measures

    assert [(one.word, one.today, one.usual, one.verdict) for one in measures] == [
        ("Calls", 2, 3.0, "less than usual so far"),
        ("Conversations", 1, 3.0, "less than usual so far"),
        ("Handed on", 0, 0.0, "as usual"),
    ]


def test_a_first_day_has_nothing_to_compare_with(work, sam):
    make_contacted(sam)

    assert [one.verdict for one in work(sam)["numbers"].measures] == ["nothing to compare with yet"] * 3


def test_what_came_of_ones_leads_has_no_names(work, pipeline, sam, hal, fay):
    make_account(sam, hal, fay)
    gone = make_account(sam, hal, fay)
    farming.doubt(gone.pk, by=fay.user, now=MONDAY)
    farming.churn(gone.pk, reason=reason(pipeline, Reason.Kind.CHURN), by=fay.user, now=MONDAY)
    make_deal(sam, hal)
    make_offer(sam)

    fates = {who.user.username: work(who)["numbers"].fates for who in (sam, hal, fay)}

    assert {
        who: [(fate.stage, fate.figure, fate.what, fate.share) for fate in told] for who, told in fates.items()
    } == {
        "sam": [("lead", 4, "handed", 75), ("deal", 2, "won", 50), ("account", 1, "kept", None)],
        "hal": [("deal", 2, "won", 50), ("account", 1, "kept", None)],
        "fay": [],
    }


# Who sees which page ---------------------------------------------------------------------------------------------


def test_whoever_has_no_desk_is_led_to_their_own_page(browse, pipeline, sam, lena, olga, ada, cody, root):
    conveyor, nora = f"/reports/conveyor/{pipeline.pk}/", make_person("nora")

    led = {who: browse(who).get("/").headers.get("Location") for who in (lena, olga, ada, cody, root, nora)}

    assert led == {
        lena: f"/reports/team/{sam.tier_id}/",
        olga: conveyor,
        ada: conveyor,
        cody: "/admin/",
        root: "/admin/",
        nora: None,
    }
    assert "You have no desk yet" in browse(nora).get("/").content.decode()


def test_a_team_lead_who_holds_a_client_has_work(browse, lena, sam):
    belt.reassign(Lead, make_lead(sam).pk, to=lena, by=lena.user, now=MONDAY)

    assert browse(lena).get("/").status_code == 200


def test_a_stranger_signs_in_first(client, db):
    assert client.get("/").headers["Location"] == "/auth/login/?next=/"


def test_several_desks_make_one_list(db, work, pipeline, sam):
    shop = drawing.draw("Flower shop", structure=Structure.ONE)
    mia = seat_at(shop, Stage.LEAD, sam.user)
    make_lead(sam, name="Flat")
    make_lead(mia, name="Rose")
    make_deal(mia, mia, name="Wedding")
    make_account(mia, mia, mia, name="Regular")

    assert sorted(names(work(sam)["day"].duties)) == ["Flat", "Regular", "Rose", "Wedding"]


def test_nobody_reads_of_a_client_who_is_not_theirs(browse, pipeline, sam, sue, hal, fay, stan):
    said = {
        "sams lead": make_contacted(sam, name="Zelda Samlead"),
        "pool": make_lead(pipeline=pipeline, name="Zelda Poollead"),
        "offered": make_offer(sam, name="Zelda Offered"),
        "hals deal": make_deal(sam, hal, name="Zelda Haldeal"),
        "fays account": make_account(sam, hal, fay, name="Zelda Fayaccount"),
        "strangers": make_lead(stan, name="Zelda Stranger"),
    }
    phones = [point.opened()[-7:] for point in ContactPoint.objects.all()]

    pages = {who.user.username: browse(who).get("/").content.decode() for who in (sam, sue, hal, fay, stan)}

    assert {who: sorted(set(re.findall(r"Zelda (\w+)", page))) for who, page in pages.items()} == {
        "sam": ["Samlead"],
        "sue": [],
        "hal": ["Haldeal", "Offered"],
        "fay": ["Fayaccount"],
        "stan": ["Stranger"],
    }
    assert [phone for phone in phones for page in pages.values() if phone in page] == []
    assert len(said) == len(phones)


# Cost ------------------------------------------------------------------------------------------------------------


def cost(browse, who):
    browser = browse(who)
    browser.get("/")
    with CaptureQueriesContext(connection) as counted:
        assert browser.get("/").status_code == 200
    return len(counted)


def test_thirty_records_cost_as_much_as_one(browse, pipeline, sam, hal, fay):
    def one_more():
        lead = make_contacted(sam)
        belt.set_task(Lead, lead.pk, title="Call", due_at=NOW, by=sam.user, now=MONDAY)
        make_lead(pipeline=pipeline)
        make_offer(sam)
        return_deal(pipeline, make_deal(sam, hal), hal)
        make_deal(sam, hal)
        make_account(sam, hal, fay)

    Tier.objects.update(strategy="least_loaded")
    one_more()
    few = [cost(browse, who) for who in (sam, hal, fay)]

    with at_work(sam, hal, fay):
        for _each in range(10):
            one_more()

    assert [cost(browse, who) for who in (sam, hal, fay)] == few
    assert max(few) <= 32
    assert Account.objects.count() == 11
