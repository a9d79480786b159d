"""The frame around every page: own desks open, the others locked, the joints with one's own numbers and no names."""

from datetime import timedelta

import pytest
import time_machine
from django.db import connection
from django.template import RequestContext, Template
from django.test import RequestFactory
from django.test.utils import CaptureQueriesContext
from guardian.shortcuts import assign_perm, remove_perm

from accounts import actions as farming
from deals import actions as hunting
from leads.models import Lead
from pipeline_crm.access.sight import read_sight
from pipeline_crm.tiers import actions as drawing
from pipeline_crm.tiers.models import Reason, Seat
from pipeline_crm.tiers.stages import Stage, Structure
from pipeline_crm.workbench import context, frames
from tests.cast import (
    BRIEF,
    MONDAY,
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
LOCKED = (False, [])


@pytest.fixture(autouse=True)
def monday():
    """An hour after the records of the tests were made."""
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def frame_for(browse):
    """The frame that somebody sees, on the page of their notices, which everybody has."""

    def seen(who, url="/notices/", browser=None):
        return (browser or browse(who)).get(url).context["frame"]

    return seen


def stages(frame):
    """The upright belt: whether each stage is mine, and its links with their counts."""
    return {
        place.stage.stage: (place.stage.mine, [(link.word, link.count) for link in place.stage.links])
        for place in frame.belt
    }


def joints(frame):
    """The joints as one reads them, from the leads on; none where one's own tier goes on."""
    return [place.joint and (place.joint.words, place.joint.state) for place in frame.belt[:-1]]


def words(links):
    return [link.word for link in links]


def test_a_scout_has_the_leads_and_locks_on_the_rest(frame_for, pipeline, sam):
    make_lead(sam)
    make_lead(pipeline=pipeline)

    frame = frame_for(sam)

    assert stages(frame) == {
        "lead": (True, [("Board", None), ("My leads", 1), ("Pool", 1)]),
        "deal": LOCKED,
        "account": LOCKED,
    }
    assert joints(frame) == [("nothing answered in 30 days", "ahead"), ("no sales in 30 days yet", "ahead")]
    assert (words(frame.top), words(frame.tabs)) == (["My work", "Find"], ["My work", "Leads", "Take next"])
    assert (frame.stage, frame.person.line, frame.pipeline, frame.line) == (
        "lead",
        "Scouts",
        "Severny Park flats",
        "3 tiers · UTC+03",
    )


def test_a_scout_reads_what_came_of_her_leads(frame_for, sam, hal, fay):
    make_account(sam, hal, fay)
    make_account(sam, hal, fay)

    assert joints(frame_for(sam)) == [("accepted from you: 2 of 2", "ahead"), ("kept after sale: 100%", "ahead")]


def test_what_came_back_stands_before_the_numbers(frame_for, pipeline, sam, hal):
    deal = make_deal(sam, hal)
    hunting.return_to_scout(
        deal.pk, reason=reason(pipeline, Reason.Kind.RETURN_DEAL), comment="", by=hal.user, now=MONDAY
    )

    assert joints(frame_for(sam))[0] == ("1 returned to you", "returned")


def test_a_hunter_has_offers_on_one_side_and_answers_on_the_other(frame_for, sam, hal, fay):
    make_offer(sam)
    make_offer(sam)
    make_account(sam, hal, fay)

    frame = frame_for(hal)

    assert stages(frame) == {
        "lead": LOCKED,
        "deal": (True, [("Board", None), ("My deals", 2), ("Pool", 0)]),
        "account": LOCKED,
    }
    assert joints(frame) == [("2 offers for you", "waiting"), ("accepted from you: 1 of 1", "ahead")]


def test_a_hunter_sees_that_a_brief_came_back(frame_for, pipeline, sam, hal, fay):
    deal = make_deal(sam, hal)
    account = farming.win(deal.pk, brief=BRIEF, by=hal.user, now=MONDAY)
    why = reason(pipeline, Reason.Kind.RETURN_ACCOUNT)
    farming.return_to_hunter(account.pk, reason=why, comment="", by=fay.user, now=MONDAY)

    assert joints(frame_for(hal))[1] == ("1 returned to you", "returned")


def test_a_farmer_has_repeat_deals_beside_the_accounts(frame_for, sam, hal, fay):
    account = make_account(sam, hal, fay)
    farming.open_repeat(account.pk, product=None, amount=None, brief=BRIEF, by=fay.user, now=MONDAY)

    frame = frame_for(fay)

    assert stages(frame)["account"] == (
        True,
        [("Board", None), ("My accounts", 1), ("Pool", 0), ("Repeat deals", 1)],
    )
    assert joints(frame) == [("Scouts → Hunters", "ahead"), ("no offers for you now", "ahead")]


def test_one_tier_is_one_belt_without_joints(db, frame_for):
    shop = drawing.draw("Flower shop", structure=Structure.ONE)
    mia = seat_at(shop, Stage.LEAD, make_person("mia"))
    make_account(mia, mia, mia)

    frame = frame_for(mia)

    assert {stage: mine for stage, (mine, _links) in stages(frame).items()} == dict.fromkeys(Stage, True)
    assert joints(frame) == [None, None]
    assert frame.line == "1 tier · UTC+03"


@pytest.mark.parametrize(("url", "hue"), [("/leads/", "lead"), ("/deals/", "deal"), ("/notices/", "lead")])
def test_the_hue_is_of_the_desk_one_is_at(db, frame_for, url, hue):
    shop = drawing.draw("Furniture", structure=Structure.CLOSING_JOINED)
    mia = seat_at(shop, Stage.LEAD, make_person("mia"))

    assert frame_for(mia, url).stage == hue


def test_who_steers_has_other_doors(frame_for, pipeline, sam, lena, olga, ada, cody, root):
    said = {
        person.name: (
            frame.person.line,
            frame.stage,
            words(frame.top),
            {group.word: words(group.links) for group in frame.groups},
        )
        for person, frame in ((who, frame_for(who)) for who in (lena.user, olga, ada, cody, root))
    }

    teams, records = ["Scouts", "Hunters", "Farmers"], ["Leads", "Deals", "Accounts", "Exports"]
    set_up, watches = {"Set up": ["Structure and people"]}, {"Set up": ["Alarms and journal"]}
    assert said == {
        "Lena Lead": ("Scouts, team lead", "lead", ["My team", "Find"], {}),
        "Olga Orlova": ("Head of sales", "none", ["Conveyor", "Find"], {"Teams": teams, "Records": records} | watches),
        "Ada Analyst": ("Analyst", "none", ["Conveyor numbers"], {}),
        "Cody Config": ("Configurator", "none", [], set_up),
        "Root Admin": ("Administrator", "none", [], {"Set up": ["Structure and people", "Emergency access"]}),
    }


def test_somebody_without_a_place_has_an_empty_frame(db, frame_for):
    frame = frame_for(make_person("nora"))

    assert (frame.person.line, frame.top, frame.belt, frame.groups, frame.tabs) == ("", [], [], [], [])


def test_the_frame_names_nobody(browse, sam, hal, fay):
    made = make_account(sam, hal, fay, name="Secret Buyer", phone="+79165550001")
    make_offer(sam, name="Hidden Offer", phone="+79165550002")
    page = browse(sam).get("/notices/").content.decode()

    assert made.state == "active"
    assert [secret for secret in ("Secret", "Hidden Offer", "5550001", "5550002", "Hal", "Fay") if secret in page] == []


def test_the_count_of_due_work_counts_clocks_and_tasks(frame_for, sam):
    from pipeline_crm.conveyor.actions import set_task

    make_lead(sam)
    for hours in (3, 4, 60):
        lead = make_contacted(sam)
        Lead.objects.filter(pk=lead.pk).update(due_at=NOW + timedelta(days=4))
        set_task(Lead, lead.pk, title="Call", due_at=NOW + timedelta(hours=hours), by=sam.user, now=MONDAY)

    assert frame_for(sam).top[0].count == 3


def test_a_hundred_things_for_today_are_not_counted_to_their_end(frame_for, sam):
    """Due at once, every one of them: a badge says so, and no more."""
    Seat.objects.filter(pk=sam.pk).update(capacity=200)
    sam.refresh_from_db()
    for _each in range(99):
        make_lead(sam)
    Lead.objects.update(due_at=NOW)
    few = frame_for(sam).top[0].count

    make_lead(sam)
    Lead.objects.update(due_at=NOW)

    assert (few, frame_for(sam).top[0].count) == (99, "99+")


def test_a_large_pool_is_counted_to_ninety_nine_in_the_menu_and_further_on_its_page(browse, frame_for, pipeline, sam):
    for _each in range(100):
        make_lead(pipeline=pipeline)

    page = browse(sam).get("/leads/?view=pool")

    assert stages(frame_for(sam))["lead"][1][2] == ("Pool", "99+")
    assert page.context["facts"][0] == "100 open"


# Cost ------------------------------------------------------------------------------------------------------------


def drawn(user):
    """A request as the middlewares leave it to a view."""
    request = RequestFactory().get("/notices/")
    request.user, request.session, request.resolver_match = user, {}, None
    request.user.__dict__["sight"] = read_sight(user)
    return request


def queries_of(user):
    request = drawn(user)
    with CaptureQueriesContext(connection) as counted:
        frames.frame_of(request)
    return len(counted)


def test_the_frame_costs_the_same_with_one_record_and_with_thirty(pipeline, sam, hal, fay, olga, root):
    make_account(sam, hal, fay)
    for who in (sam.user, hal.user, fay.user, olga, root):
        queries_of(who)  # a question is prepared when a connection asks it for the first time
    few = [queries_of(who) for who in (sam.user, hal.user, fay.user, olga, root)]

    for _each in range(10):
        make_account(sam, hal, fay)
        make_offer(sam)
        make_lead(sam)

    assert [queries_of(who) for who in (sam.user, hal.user, fay.user, olga, root)] == few
    assert few == [1, 1, 1, 1, 1]


def test_a_fragment_pays_nothing_for_the_frame(sam, django_assert_num_queries):
    request = drawn(sam.user)

    with django_assert_num_queries(0):
        Template("{{ word }}").render(RequestContext(request, {"word": "fragment"} | context.frame(request)))


def test_a_stranger_has_no_frame(client, db):
    assert "frame" not in client.get("/auth/login/").context


# Which pipeline --------------------------------------------------------------------------------------------------


@pytest.fixture
def other(db, pipeline):
    """A second pipeline of the firm."""
    return drawing.draw("Country houses", structure=Structure.CLOSING_JOINED)


def test_a_person_looks_at_the_pipeline_they_chose(browse, frame_for, sam, other):
    seat_at(other, Stage.LEAD, sam.user)
    browser = browse(sam)
    before = frame_for(sam, browser=browser)

    answer = browser.post(f"/pipeline/{other.pk}/", {"next": "/find/"})

    after = frame_for(sam, browser=browser)
    assert (answer.status_code, answer.headers["Location"]) == (303, "/find/")
    assert (before.pipeline, after.pipeline) == ("Severny Park flats", "Country houses")
    assert [(link.word, link.current) for link in after.pipelines] == [
        ("Severny Park flats", False),
        ("Country houses", True),
    ]


def test_a_pipeline_out_of_sight_cannot_be_chosen(browse, sam, other):
    assert browse(sam).post(f"/pipeline/{other.pk}/").status_code == 404


def test_a_choice_is_forgotten_with_the_sight_of_it(browse, frame_for, ada, other):
    assign_perm("tiers.analyse_pipeline", ada, other)
    browser = browse(ada)
    browser.post(f"/pipeline/{other.pk}/")
    remove_perm("tiers.analyse_pipeline", ada, other)

    assert frame_for(ada, browser=browser).pipeline == "Severny Park flats"


def test_a_closed_seat_closes_the_belt(frame_for, sam):
    Seat.objects.filter(pk=sam.pk).update(is_open=False)

    assert frame_for(sam).belt == []


# Language and theme ----------------------------------------------------------------------------------------------

ELSEWHERE = [
    "https://evil.example/",
    "//evil.example/x",
    "/\\evil.example",
    "\\\\evil.example",
    "javascript:alert(1)",
    "http:///evil.example",
    "https:evil.example",
    " //evil.example",
    "",
]


@pytest.mark.parametrize("wanted", ELSEWHERE)
@pytest.mark.parametrize(("url", "told"), [("/theme/", {"theme": "dark"}), ("/language/", {"language": "ru"})])
def test_nobody_is_led_to_another_site(client, db, url, told, wanted):
    answer = client.post(url, told | {"next": wanted})

    assert (answer.status_code, answer.headers["Location"]) == (303, "/")


def test_the_language_is_kept_on_the_person(browse, sam):
    browser = browse(sam)

    answer = browser.post("/language/", {"language": "ru", "next": "/find/?q=x"})

    sam.user.refresh_from_db()
    assert (answer.headers["Location"], sam.user.language) == ("/find/?q=x", "ru")
    assert browser.get("/notices/").headers["Content-Language"] == "ru"


def test_the_language_of_a_stranger_is_kept_in_the_browser(client, db):
    client.post("/language/", {"language": "ru"})

    assert client.get("/auth/login/").headers["Content-Language"] == "ru"


@pytest.mark.parametrize("language", ["", "de", "xx' OR 1=1", "../../etc"])
def test_a_language_that_nobody_speaks_is_not_found(browse, sam, language):
    assert browse(sam).post("/language/", {"language": language}).status_code == 404


def test_the_theme_is_dark_light_or_the_system_s(client, db):
    client.post("/theme/", {"theme": "dark"})
    assert client.cookies["theme"].value == "dark"

    client.post("/theme/", {"theme": "pink"})
    assert client.cookies["theme"].value == ""


@pytest.mark.parametrize("url", ["/language/", "/theme/", "/pipeline/1/", "/notices/read/", "/take-next/1/lead/"])
def test_what_changes_something_is_never_a_link(browse, sam, url):
    assert browse(sam).get(url).status_code == 405
