"""Notices: a sentence made when it is read, with a name and a link only while the client is the reader's."""

from datetime import timedelta

import pytest
import time_machine
from django.db import connection
from django.test.utils import CaptureQueriesContext

from deals import actions as hunting
from leads.models import Lead
from pipeline_crm.conveyor import actions as belt
from pipeline_crm.conveyor import handoff
from pipeline_crm.outbox.actions import tell
from pipeline_crm.outbox.models import Notice
from pipeline_crm.tiers.models import Reason, Seat
from pipeline_crm.workbench import bulletin
from tests.cast import MONDAY, Deal, at_work, make_account, make_contacted, make_deal, make_lead, make_offer, reason

NOW = MONDAY + timedelta(minutes=30)


@pytest.fixture(autouse=True)
def monday():
    """Half an hour after the records of the tests were made."""
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def told(browse):
    """What somebody reads, newest first: the sentence and the link."""

    def read(who, query=""):
        return [(word.sentence, word.url) for word in browse(who).get(f"/notices/{query}").context["page"].words]

    return read


def make_notice(who, kind, item):
    return Notice.objects.create(
        user=who.user, kind=kind, stage=item.stage, record_id=item.pk, event=f"{kind}:{item.stage}:{item.pk}", at=MONDAY
    )


def test_an_offer_is_told_with_its_link_and_then_in_the_past(told, sam, hal):
    deal = make_offer(sam, name="Emma Clarke")
    offered = told(hal)

    handoff.accept(Deal, deal.pk, by=hal.user, now=MONDAY)

    url = f"/deals/{deal.pk}/"
    assert offered == [("Emma Clarke is offered to you. Accept or return the client before the clock runs out.", url)]
    assert told(hal) == [("Emma Clarke was offered to you; the offer is answered.", url)]


def test_the_giver_hears_of_the_answer_without_a_name(told, sam, hal):
    make_deal(sam, hal, name="Emma Clarke")

    assert told(sam) == [("A client you handed on was accepted.", "")]


def test_who_came_back_is_named_again(told, pipeline, sam, hal):
    deal = make_deal(sam, hal, name="Emma Clarke")
    why = reason(pipeline, Reason.Kind.RETURN_DEAL)
    hunting.return_to_scout(deal.pk, reason=why, comment="", by=hal.user, now=MONDAY)

    url = f"/leads/{deal.lead_id}/"
    assert told(sam) == [
        ("Emma Clarke came back to you. Look at the reason and complete the brief.", url),
        ("Emma Clarke, whom you handed on, was accepted.", url),
    ]
    assert told(hal) == [("A client was offered to you; the offer has been answered or has moved on.", "")]


def test_who_was_taken_away_is_not_named(told, pipeline, sam, sue, lena):
    lead = make_contacted(sam, name="Emma Clarke")

    belt.reassign(Lead, lead.pk, to=sue, by=lena.user, now=MONDAY)

    assert told(sam) == [("Your team lead moved a client of yours to a colleague.", "")]
    assert told(sue) == [("Emma Clarke was given to you.", f"/leads/{lead.pk}/")]


def test_a_client_in_the_pool_has_no_name(told, pipeline, sam, lena):
    lead = make_lead(pipeline=pipeline, name="Emma Clarke")
    for who in (sam, lena):
        make_notice(who, Notice.Kind.POOL_STUCK, lead)

    assert told(sam) == [("A client waited in the pool and nobody could take them.", "")]
    assert told(lena) == [("Emma Clarke waits in the pool and nobody can take the client.", f"/leads/{lead.pk}/")]


def test_a_farmer_hears_that_a_client_bought_again(told, sam, hal, fay):
    account = make_account(sam, hal, fay, name="Emma Clarke")
    make_notice(fay, Notice.Kind.BOUGHT, account)

    assert told(fay)[0] == ("Emma Clarke has bought again.", f"/accounts/{account.pk}/")


@pytest.mark.parametrize("kind", [kind for kind in Notice.Kind if kind not in Notice.OF_MANY])
def test_every_kind_has_its_sentences_and_hides_a_stranger_s_client(told, sam, hal, kind):
    own, foreign = make_contacted(sam, name="Own Client"), make_deal(sam, hal, name="Foreign Client")
    Notice.objects.all().delete()
    make_notice(sam, kind, own)
    make_notice(sam, kind, foreign)

    (hidden, no_url), (named, url) = told(sam)

    assert ("Own Client" in named, url) == (True, f"/leads/{own.pk}/")
    assert ("Foreign" in hidden, no_url) == (False, "")


ELSEWHERE = {Notice.Kind.ALARM: "/oversight/alarms/", **dict.fromkeys(Notice.OF_EXPORTS, "/exports/")}


@pytest.mark.parametrize("kind", [kind for kind in Notice.OF_MANY if kind != Notice.Kind.GLASS])
def test_what_is_about_many_leads_to_the_own_desk_or_its_page_and_names_nobody(told, sam, kind):
    tell([sam.user_id], kind=kind, stage="", record_id=None, event="book:1", now=MONDAY)

    ((sentence, url),) = told(sam)

    assert (bool(sentence), url) == (True, ELSEWHERE.get(kind, "/"))


def test_a_full_tier_is_named_to_whoever_steers_it(told, sam, hal, olga):
    Seat.objects.filter(pk=hal.pk).update(capacity=0)
    make_offer(sam)

    [(sentence, _url)] = told(olga)

    assert sentence.startswith(f"“{hal.tier.name}” is full: ")


def test_an_early_word_about_a_clock_that_was_turned_back_is_told_in_the_past(told, sam):
    lead = make_lead(sam, name="Early Ed")
    make_notice(sam, Notice.Kind.REMINDED_EARLY, lead)
    before = told(sam)

    Lead.objects.filter(pk=lead.pk).update(clock_since=NOW, due_at=NOW + timedelta(hours=1))

    assert [sentence for sentence, _url in before] == [
        "A clock runs out soon for Early Ed. Turn to this client in time."
    ]
    assert [sentence for sentence, _url in told(sam)] == ["A clock was about to run out for Early Ed."]


def test_a_decision_is_asked_for_until_it_is_made(told, pipeline, lena):
    lead = make_lead(pipeline=pipeline, name="Nora Nomad")
    make_notice(lena, Notice.Kind.DECIDE, lead)
    Lead.objects.filter(pk=lead.pk).update(awaits_lead=True)
    before = told(lena)

    Lead.objects.filter(pk=lead.pk).update(awaits_lead=False)

    assert [before[0][0], told(lena)[0][0]] == [
        "Nora Nomad has gone from hand to hand. Decide who takes the client.",
        "Nora Nomad had gone from hand to hand; it was decided who takes the client.",
    ]


def test_a_clock_that_runs_again_is_told_in_the_past(told, sam):
    late = make_lead(sam, name="Late Larry", now=MONDAY - timedelta(days=3))
    make_notice(sam, Notice.Kind.REMINDED, late)
    before = told(sam)

    belt.touch(Lead, late.pk, kind="message", text="Wrote.", by=sam.user, now=NOW)
    Lead.objects.filter(pk=late.pk).update(due_at=NOW + timedelta(hours=1))

    assert [sentence for sentence, _url in before] == ["A clock has run out for Late Larry. Turn to this client now."]
    assert [sentence for sentence, _url in told(sam)] == ["A clock had run out for Late Larry."]


def test_nobody_reads_the_notices_of_others(told, sam, sue, hal, olga, root):
    make_offer(sam)

    assert {who: len(told(who)) for who in (sam, sue, hal, olga, root)} == {sam: 0, sue: 0, hal: 1, olga: 0, root: 0}


def test_marked_as_read_the_bell_is_silent(browse, sam, hal):
    make_offer(sam)
    make_offer(sam)
    browser, other = browse(hal), make_notice(sam, Notice.Kind.REMINDED, make_lead(sam))
    before = browser.get("/notices/")

    answer = browser.post("/notices/read/", {"next": "/notices/"})

    after = browser.get("/notices/")
    assert (answer.status_code, answer.headers["Location"]) == (303, "/notices/")
    assert [page.context["frame"].unread for page in (before, after)] == [2, 0]
    assert [[word.is_new for word in page.context["page"].words] for page in (before, after)] == [
        [True, True],
        [False, False],
    ]
    assert Notice.objects.get(pk=other.pk).read_at is None


@pytest.mark.parametrize("wanted", ["https://evil.example/", "//evil.example", "/\\evil.example"])
def test_nobody_is_led_to_another_site(browse, sam, wanted):
    assert browse(sam).post("/notices/read/", {"next": wanted}).headers["Location"] == "/"


def test_older_ones_follow_page_by_page(monkeypatch, browse, told, sam):
    monkeypatch.setattr(bulletin, "PAGE", 2)
    for name in ("One", "Two", "Three"):
        make_notice(sam, Notice.Kind.REMINDED, make_lead(sam, name=name, now=MONDAY - timedelta(days=3)))
    after = browse(sam).get("/notices/").context["page"].after

    pages = [[sentence.split()[6] for sentence, _url in told(sam, query)] for query in ("", f"?after={after}")]

    assert pages == [["Three.", "Two."], ["One."]]


@pytest.mark.parametrize("after", ["x", "-1", "9" * 40, "%00", "1.5", "²"])
def test_nonsense_in_the_address_shows_the_first_page(told, sam, after):
    make_notice(sam, Notice.Kind.ASSIGNED, make_lead(sam))

    assert len(told(sam, f"?after={after}")) == 1


def test_thirty_cost_as_much_as_one(browse, sam, hal, fay):
    def cost():
        browser = browse(hal)
        with CaptureQueriesContext(connection) as counted:
            browser.get("/notices/")
        return len(counted)

    make_deal(sam, hal)
    few = cost()
    with at_work(sam, hal):
        for _each in range(30):
            make_deal(sam, hal)

    assert cost() == few
