"""The bell: it changes by itself, costs next to nothing, and keeps still when nobody looks or is signed in."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.sessions.models import Session
from django.utils import timezone
from playwright.sync_api import Page, expect

from pipeline_crm.outbox.models import Notice
from pipeline_crm.users.models import User
from tests.cast import MONDAY
from tests.counting import Questions
from tests.journeys.chromium import Complaints, photograph, seat_at_browser
from tests.journeys.test_browser import grave
from tests.outbox.wishes import hears, told

BELL = "/notices/bell/"
OFFERED = Notice.Kind.OFFERED
PIECE = {"HTTP_HX_REQUEST": "true"}


@pytest.mark.django_db
def test_it_answers_only_what_the_page_does_not_show_yet(browse, sam, sue):
    browser = browse(sam)
    told(sue.user, OFFERED, "e:1")
    answers = [browser.get(f"{BELL}?shown=0", **PIECE)]
    for event in ("e:1", "e:2"):
        told(sam.user, OFFERED, event)
    answers += [browser.get(f"{BELL}?shown={shown}", **PIECE) for shown in (0, 2, 5)]

    assert [(each.status_code, len(each.content) > 0) for each in answers] == [
        (204, False),
        (200, True),
        (204, False),
        (200, True),
    ]
    more, fewer = (answers[place].content.decode() for place in (1, 3))
    assert ("Notices, 2 new" in more, ">2 new notices<" in more) == (True, True)
    # That there are fewer is seen, and not said aloud.
    assert ("Notices, 2 new" in fewer, "new notices<" in fewer) == (True, False)
    assert f"{BELL}?shown=2" in more


@pytest.mark.django_db
@pytest.mark.parametrize("shown", ["", "x", "-1", "9" * 40, "²", "%00", "1.5"])
def test_nonsense_is_answered_with_the_bell(browse, sam, shown):
    assert browse(sam).get(f"{BELL}?shown={shown}", **PIECE).status_code == 200


@pytest.mark.django_db
def test_what_is_muted_or_read_does_not_ring(browse, sam):
    hears(sam.user, "never", muted=[(OFFERED, "bell")])
    told(sam.user, OFFERED, "e:1")
    told(sam.user, Notice.Kind.WARNED, "e:2")
    browser = browse(sam)
    before = browser.get(f"{BELL}?shown=0", **PIECE).content.decode()

    browser.post("/notices/read/")

    assert "Notices, 1 new" in before
    assert browser.get(f"{BELL}?shown=0", **PIECE).status_code == 204
    assert Notice.objects.get(event="e:1").read_at is None


@pytest.mark.django_db
def test_a_stranger_gets_a_bare_no_and_no_sign_in_inside_the_bell(client, browse, sam):
    left = browse(sam)
    Session.objects.all().delete()
    gone = browse(sam)
    User.objects.filter(pk=sam.user_id).update(is_active=False)

    answers = [browser.get(f"{BELL}?shown=0", **PIECE) for browser in (client, left, gone)]

    assert [(each.status_code, each.content) for each in answers] == [(401, b"")] * 3


@pytest.mark.django_db
def test_it_costs_one_small_question_however_many_notices_there_are(browse, sam):
    browser = browse(sam)
    browser.get("/notices/")

    def asked(shown: int = 9999) -> list[str]:
        with Questions() as counted:
            browser.get(f"{BELL}?shown={shown}", **PIECE)
        return [each["sql"] for each in counted]

    few, unchanged = asked(), asked(0)
    for number in range(200):
        told(sam.user, OFFERED, f"e:{number}")
    many = asked()

    # Session, person, whether the set-up is the one in memory, the count.
    assert [len(each) for each in (few, unchanged, many)] == [4, 4, 4]
    assert sum("outbox_notice" in sql for sql in many) == 1
    assert "outbox" not in "".join(sql for sql in many if "outbox_notice" not in sql)


# In Chromium -----------------------------------------------------------------------------------------------------


@pytest.fixture
def desk(page: Page, live_server: Any, sam: Any) -> Iterator[Page]:
    """Sam's notices in a browser whose clock is in the test's hand."""
    complaints = Complaints()
    page.clock.install()
    seat_at_browser(page.context, live_server.url, sam.user)
    complaints.listen(page).goto(f"{live_server.url}/notices/")
    page.set_viewport_size({"width": 1440, "height": 900})
    yield page
    # What a test breaks on purpose is heard, of course.
    assert [
        said for said in complaints if not ("status of 401" in said or "status of 502" in said or BELL in said)
    ] == []


def bell(page: Page) -> Any:
    """The link that is the bell, by its name."""
    return page.locator(".top-frame a[href='/notices/']")


def listen(page: Page) -> list[str]:
    """The questions that the bell asks from now on."""
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url) if BELL in request.url else None)
    return asked


def look_away(page: Page, *, hidden: bool) -> None:
    """As if another tab came before this one."""
    page.evaluate(
        """hidden => { Object.defineProperty(document, "hidden", { value: hidden, configurable: true });
        document.dispatchEvent(new Event("visibilitychange")); }""",
        hidden,
    )


@pytest.mark.browser
@pytest.mark.django_db(transaction=True)
def test_the_count_changes_without_a_reload_and_is_said_and_nothing_moves(desk, sam):
    asked = listen(desk)
    desk.evaluate("window.stays = true")
    expect(bell(desk)).to_have_accessible_name("Notices, 0 new")
    bell(desk).focus()
    boxes = [place.bounding_box() for place in (bell(desk), desk.get_by_role("heading", level=1))]

    for number in range(12):
        told(sam.user, OFFERED, f"e:{number}")
    desk.clock.fast_forward(21_000)

    expect(bell(desk)).to_have_accessible_name("Notices, 12 new")
    expect(desk.locator("#bell-said")).to_have_text("12 new notices")
    expect(desk.locator("#bell-said")).to_have_attribute("aria-live", "polite")
    expect(bell(desk).locator(".unread")).to_have_text("12")
    expect(bell(desk)).to_be_focused()
    assert [place.bounding_box() for place in (bell(desk), desk.get_by_role("heading", level=1))] == boxes
    assert desk.evaluate("window.stays")
    assert len(asked) == 1

    # And again, from the piece that came with the answer.
    Notice.objects.filter(user=sam.user).update(read_at=timezone.now())
    desk.clock.fast_forward(21_000)

    expect(bell(desk)).to_have_accessible_name("Notices, 0 new")
    expect(desk.locator("#bell-said")).to_have_text("")
    assert [url.partition("?")[2] for url in asked] == ["shown=0", "shown=12"]


@pytest.mark.browser
@pytest.mark.django_db(transaction=True)
def test_nobody_looks_so_nothing_is_asked_until_somebody_looks_again(desk, sam):
    asked = listen(desk)
    look_away(desk, hidden=True)
    told(sam.user, OFFERED, "e:1")
    for _minute in range(5):
        desk.clock.fast_forward(60_000)
    before = len(asked)

    look_away(desk, hidden=False)

    expect(bell(desk)).to_have_accessible_name("Notices, 1 new")
    assert (before, len(asked)) == (0, 1)


@pytest.mark.browser
@pytest.mark.django_db(transaction=True)
def test_after_signing_out_elsewhere_the_bell_stays_as_it_was_and_asks_no_more(desk, sam):
    asked = listen(desk)
    told(sam.user, OFFERED, "e:1")
    Session.objects.all().delete()
    with desk.expect_response(f"**{BELL}*") as refused:
        desk.clock.fast_forward(21_000)

    for _minute in range(5):
        desk.clock.fast_forward(60_000)
    look_away(desk, hidden=False)

    assert refused.value.status == 401
    expect(bell(desk)).to_have_accessible_name("Notices, 0 new")
    expect(desk.locator("#toasts")).to_be_empty()
    expect(desk.get_by_label("Password")).to_have_count(0)
    assert len(asked) == 1


@pytest.mark.browser
@pytest.mark.django_db(transaction=True)
def test_a_server_that_does_not_answer_is_asked_again_and_nobody_is_bothered(desk, sam, page):
    desk.route(f"**{BELL}*", lambda route: route.fulfill(status=502))
    with desk.expect_response(f"**{BELL}*"):
        desk.clock.fast_forward(21_000)
    desk.unroute(f"**{BELL}*")
    told(sam.user, OFFERED, "e:1")
    desk.clock.fast_forward(21_000)

    expect(bell(desk)).to_have_accessible_name("Notices, 1 new")
    expect(desk.locator("#toasts")).to_be_empty()


@pytest.mark.browser
@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("language", ["en", "ru"])
def test_the_pages_are_clean_in_both_themes_and_photographed(page, live_server, sam, lena, language):
    hears(lena.user, "daily", hour=9, muted=[(OFFERED, "email"), (Notice.Kind.WARNED, "bell")])
    for number, kind in enumerate(Notice.OF_MANY):
        told(lena.user, kind, f"e:{number}", now=MONDAY + timedelta(hours=number))
    User.objects.update(language=language)
    seat_at_browser(page.context, live_server.url, lena.user)
    complaints = Complaints()
    complaints.listen(page)

    found, widths = {}, {}
    for name, address in {"notices": "/notices/", "notice-choice": "/notices/choice/"}.items():
        page.goto(f"{live_server.url}{address}")
        for theme, came_out in photograph(page, name, language):
            found[f"{name} {theme}"], widths[f"{name} {theme}"] = grave(page), came_out

    assert {name: broken for name, broken in found.items() if broken} == {}
    assert {name: each for name, each in widths.items() if each != [390, 1440]} == {}
    assert (len(found), complaints) == (4, [])
