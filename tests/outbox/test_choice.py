"""The page where a person chooses what they hear of, by the bell and by mail."""

from __future__ import annotations

import html
from datetime import timedelta

import pytest
import time_machine
from django.core import mail as post
from django.db import connection
from django.test.utils import CaptureQueriesContext

from pipeline_crm.outbox.digests import ring
from pipeline_crm.outbox.models import Digest, Notice
from pipeline_crm.users.models import User
from tests.cast import MONDAY
from tests.outbox.wishes import told

pytestmark = pytest.mark.django_db

PAGE = "/notices/choice/"
OWN = [kind.value for kind in Notice.Kind if kind not in (*Notice.OF_LEADS, *Notice.ALWAYS)]
TEAM = [kind.value for kind in Notice.OF_LEADS]


@pytest.fixture(autouse=True)
def monday():
    """Monday at ten in Moscow."""
    with time_machine.travel(MONDAY, tick=False):
        yield


def ticks(answer, channel):
    """The kinds that are ticked on the page."""
    groups = answer.context["groups"]
    return [row.kind for _id, _words, _remark, rows in groups for row in rows if getattr(row, channel)]


def test_who_never_chose_hears_everything_by_the_bell_and_gets_no_mail(browse, sam):
    page = browse(sam).get(PAGE)

    assert (ticks(page, "bell"), ticks(page, "email")) == (OWN, OWN)
    assert (page.context["form"]["rhythm"].value(), page.context["form"]["hour"].value()) == ("never", 8)
    assert not Digest.objects.exists()


def test_what_leads_are_asked_for_stands_on_their_page_only_and_is_muted_with_a_word(
    browse, sam, lena, olga, root, ada
):
    offered = {who: ticks(browse(who).get(PAGE), "bell") for who in (sam, lena, olga, root, ada)}

    assert offered == {sam: OWN, lena: OWN + TEAM, olga: OWN + TEAM, root: OWN, ada: OWN}
    words = "Muted here, the client still waits for you"
    assert [words in browse(who).get(PAGE).content.decode() for who in (sam, lena)] == [False, True]


def test_a_choice_is_kept_shown_again_and_obeyed(browse, sam):
    browser = browse(sam)
    answer = browser.post(PAGE, {"rhythm": "daily", "hour": "11", "bell": ["offered"], "email": ["warned", "returned"]})
    for kind in ("offered", "returned"):
        told(sam.user, kind, kind)
    ring(now=MONDAY + timedelta(hours=1))

    page = browser.get(PAGE)
    assert (answer.status_code, answer.headers["Location"]) == (303, PAGE)
    assert "Your choice is kept." in page.content.decode()
    assert (ticks(page, "bell"), ticks(page, "email")) == (["offered"], ["returned"])
    assert (page.context["form"]["rhythm"].value(), page.context["form"]["hour"].value()) == ("daily", 11)
    assert [letter.body.split("\n")[2] for letter in post.outbox] == ["- A client you handed on came back: 1"]
    bell = browser.get("/notices/bell/")
    assert "Notices, 1 new" in bell.content.decode()
    assert len(browser.get("/notices/").context["page"].words) == 1


def test_everything_can_be_muted_and_comes_back_with_a_tick(browse, sam):
    browser = browse(sam)
    browser.post(PAGE, {"rhythm": "never", "hour": "8"})
    told(sam.user, "offered", "e:1")
    silent = browser.get("/notices/").context["frame"].unread
    browser.post(PAGE, {"rhythm": "never", "hour": "8", "bell": OWN, "email": OWN})
    told(sam.user, "offered", "e:2")

    assert (silent, browser.get("/notices/").context["frame"].unread) == (0, 1)
    assert not sam.user.mutes.exists()
    assert Notice.objects.count() == 2


def test_what_a_lead_muted_stays_muted_when_they_choose_as_a_member(browse, lena):
    browser = browse(lena)
    browser.post(PAGE, {"rhythm": "never", "hour": "8", "bell": OWN, "email": OWN})
    lena.role = "member"
    lena.save()
    page = browser.get(PAGE)
    browser.post(PAGE, {"rhythm": "never", "hour": "8", "bell": OWN, "email": OWN})

    assert ticks(page, "bell") == OWN
    assert sorted(lena.user.mutes.values_list("kind", "channel")) == sorted(
        (kind, channel) for kind in TEAM for channel in ("bell", "email")
    )


@pytest.mark.parametrize(
    "wrong",
    [
        {"rhythm": "yearly"},
        {"hour": "24"},
        {"hour": "-1"},
        {"hour": "x"},
        {"hour": ""},
        {"rhythm": ""},
        {"bell": ["nonsense"]},
        {"email": ["offered", "\x00"]},
    ],
)
def test_nonsense_is_refused_on_the_page_and_changes_nothing(browse, sam, wrong):
    answer = browse(sam).post(PAGE, {"rhythm": "hourly", "hour": "8", "bell": OWN, "email": OWN} | wrong)

    assert (answer.status_code, answer.context["form"].is_valid()) == (422, False)
    assert 'role="alert"' in answer.content.decode()
    assert (Digest.objects.count(), sam.user.mutes.count()) == (0, 0)


def test_nobody_chooses_for_somebody_else(browse, sam, sue):
    browse(sam).post(PAGE, {"rhythm": "hourly", "hour": "8", "user": sue.user_id, "id": sue.user_id})

    assert list(Digest.objects.values_list("user_id", flat=True)) == [sam.user_id]
    assert not sue.user.mutes.exists()


def test_who_has_no_address_is_told_so(browse, sam):
    words = "No e-mail address of yours is known here"
    before = browse(sam).get(PAGE).content.decode()
    User.objects.filter(pk=sam.user_id).update(email="")
    after = browse(sam).get(PAGE).content.decode()

    assert [words in html.unescape(page) for page in (before, after)] == [False, True]
    assert ["sam@firm.example" in page for page in (before, after)] == [True, False]


def test_the_page_says_whose_clock_the_hour_is_read_on(browse, sam, olga, cody):
    said = [
        "By the clock of “Severny Park flats”: it is 10:00 there." in browse(who).get(PAGE).content.decode()
        for who in (sam, olga, cody)
    ]

    assert said == [True, True, False]


def test_the_way_to_the_page_stands_in_the_menu_and_on_the_notices(browse, sam):
    page = browse(sam).get("/notices/").content.decode()

    assert page.count(f'href="{PAGE}"') == 2


def test_the_page_costs_the_same_however_much_was_muted(browse, sam):
    browser = browse(sam)

    def cost():
        with CaptureQueriesContext(connection) as counted:
            browser.get(PAGE)
        return len(counted)

    browser.post(PAGE, {"rhythm": "hourly", "hour": "8", "bell": OWN, "email": OWN})
    browser.get(PAGE)
    few = cost()
    browser.post(PAGE, {"rhythm": "hourly", "hour": "8"})
    browser.get(PAGE)

    assert cost() == few
