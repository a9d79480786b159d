"""The ride once more in Chromium, by mouse and keyboard; then every main page in both themes, widths and languages."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.utils import timezone
from playwright.sync_api import Browser, Page, expect
from pytest_django.live_server_helper import LiveServer

from accounts.models import Account
from deals.models import Deal
from leads.models import Lead
from pipeline_crm.conveyor.actions import set_task
from pipeline_crm.tiers.models import Seat, Step
from pipeline_crm.tiers.stages import Stage
from pipeline_crm.users.models import User
from tests.cast import make_account, make_contacted, make_deal, make_lead, make_offer
from tests.journeys.chromium import Complaints, drag, next_page, photograph, seat_at_browser, sign_in

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

BRIEF = "Wants two rooms with a large kitchen; her mother decides."


@pytest.fixture
def complaints() -> Complaints:
    """What the browsers of a test complain of."""
    return Complaints()


@pytest.fixture
def newcomer(browser: Browser, live_server: LiveServer, complaints: Complaints) -> Iterator[Callable[[Seat], Page]]:
    """Gives somebody a browser of their own and signs them in."""
    contexts = []

    def come(seat: Seat) -> Page:
        contexts.append(
            browser.new_context(base_url=live_server.url, locale="en-GB", viewport={"width": 1440, "height": 900})
        )
        page = complaints.listen(contexts[-1].new_page())
        sign_in(page, "/", seat.user)
        return page

    yield come
    for context in contexts:
        context.close()


# The ride --------------------------------------------------------------------------------------------------------


def test_a_client_rides_the_belt_by_mouse_and_keyboard(pipeline, sam, hal, fay, newcomer, complaints):
    scout, hunter, farmer = newcomer(sam), newcomer(hal), newcomer(fay)

    write_down_and_call(scout)
    move_by_hand(scout, pipeline)
    offer_by_dropping(scout)
    accept_by_key(hunter)
    sell(hunter)
    accept_by_mouse(farmer)

    account, deal, lead = Account.objects.get(), Deal.objects.get(), Lead.objects.get()
    assert (lead.state, deal.state, account.state, account.seat) == ("qualified", "won", "active", fay)
    records = [f"/{item.stage}s/{item.pk}/" for item in (lead, deal, account)]
    sights = [[page.request.get(each).status for each in records] for page in (scout, hunter, farmer)]
    assert sights == [[404, 404, 404], [404, 404, 404], [404, 404, 200]]
    assert complaints == []


def write_down_and_call(scout: Page) -> None:
    """A new lead, its number opened for a call, and what was said."""
    with next_page(scout):
        scout.get_by_role("link", name="New lead").first.click()
    scout.get_by_label("Name", exact=True).fill("Anna Petrova")
    scout.get_by_label("Phone").fill("8 916 123-45-67")
    with next_page(scout):
        scout.get_by_role("button", name="Write down the lead").click()
    expect(scout.get_by_text("8 (916) 123-45-67")).to_have_count(0)
    with next_page(scout):
        scout.locator("[data-key=c]").click()
    expect(scout.get_by_text("8 (916) 123-45-67")).to_be_visible()
    scout.get_by_text("Talked", exact=True).click()
    scout.get_by_label("What was said").fill("Asked for a view of the park.")
    with next_page(scout):
        scout.get_by_role("button", name="Log it").click()
    expect(scout.locator("#flashes")).to_contain_text("It is written down.")


def move_by_hand(scout: Page, pipeline: object) -> None:
    """One step by dragging the card, the next by its menu and the keyboard alone."""
    _, second, third = Step.objects.filter(pipeline=pipeline, stage=Stage.LEAD).order_by("position")
    scout.goto("/leads/board/")
    with scout.expect_response("**/leads/board/"):
        drag(scout, scout.locator("[data-drag]"), scout.locator(f"[data-step='{second.pk}']"))
    expect(scout.locator(f"[data-step='{second.pk}'] [data-drag]")).to_be_visible()

    scout.locator("[data-drag] summary").focus()
    scout.keyboard.press("Enter")
    scout.get_by_role("button", name=third.name).focus()
    with next_page(scout):
        scout.keyboard.press("Enter")
    expect(scout.locator(f"[data-step='{third.pk}'] [data-drag]")).to_be_visible()


def offer_by_dropping(scout: Page) -> None:
    """The card is dropped on the way out, and the brief is written."""
    with next_page(scout):
        drag(scout, scout.locator("[data-drag]"), scout.locator("[data-way-out]"))
    scout.get_by_label("What must the next person know?").fill(BRIEF)
    with next_page(scout):
        scout.get_by_role("button", name="Offer this client").click()
    expect(scout.locator("#flashes")).to_contain_text("Offered: you will hear when somebody accepts.")


def accept_by_key(hunter: Page) -> None:
    """The offer stands on My work; its page opens the brief, and one key accepts it."""
    hunter.reload()
    with next_page(hunter):
        hunter.get_by_role("link", name="Anna Petrova").click()
    expect(hunter.get_by_text(BRIEF)).to_be_visible()
    expect(hunter.get_by_text("opens when you accept")).to_be_visible()
    with next_page(hunter):
        hunter.keyboard.press("a")
    expect(hunter.get_by_text("Asked for a view of the park.")).to_be_visible()


def sell(hunter: Page) -> None:
    """The brief is marked, the deal goes one step on, and is won."""
    hunter.get_by_title("good").click()
    with next_page(hunter):
        hunter.get_by_role("button", name="Save the mark").click()
    with next_page(hunter):
        hunter.get_by_role("button", name="To Proposal sent").click()
    with next_page(hunter):
        hunter.get_by_role("link", name="Won", exact=True).click()
    hunter.get_by_label("What must the next person know?").fill("Bought two rooms; a place in the garage is promised.")
    with next_page(hunter):
        hunter.get_by_role("button", name="Won", exact=True).click()
    expect(hunter.locator("#flashes")).to_contain_text("Won!")


def accept_by_mouse(farmer: Page) -> None:
    """The farmer accepts on My work and opens the client."""
    farmer.reload()
    expect(farmer.get_by_text("a place in the garage is promised.")).to_be_visible()
    with next_page(farmer):
        farmer.get_by_role("button", name="Accept").first.click()
    with next_page(farmer):
        farmer.get_by_role("link", name="Anna Petrova").first.click()
    expect(farmer.get_by_text("Asked for a view of the park.")).to_be_visible()


# The pages -------------------------------------------------------------------------------------------------------


@pytest.fixture
def busy(pipeline, sam, hal, hana, fay, lena) -> dict[str, str]:
    """A morning with something of everything; gives the addresses of the main pages by name."""
    now = timezone.now()
    for hours, name in enumerate(("Mark Lindt", "Ирина Соколова", "Peter Vogel")):
        make_contacted(sam, name=name, now=now - timedelta(hours=hours))
    for hours in (1, 30):
        make_lead(pipeline=pipeline, now=now - timedelta(hours=hours))
    deals = [make_deal(sam, hal, name=name, now=now - timedelta(days=days)) for days, name in enumerate(NAMES)]
    make_deal(sam, hana, name="Otto Brandt", now=now)
    make_account(sam, hal, fay, name="Дмитрий Орлов", now=now)
    set_task(Deal, deals[0].pk, title="Send the contract", due_at=now + timedelta(minutes=5), by=hal.user, now=now)
    hana.is_open = False
    hana.save()
    offer = make_offer(sam, name="Vera Kuznetsova", now=now)
    return {
        "my-work": "/",
        "board": "/deals/board/",
        "record": f"/deals/{deals[0].pk}/",
        "offer": f"/deals/{offer.pk}/",
        "list": "/deals/",
        "team": f"/reports/team/{hal.tier_id}/",
        "conveyor": f"/reports/conveyor/{pipeline.pk}/",
    }


NAMES = ("Anna Petrova", "Boris Klimov", "Clara Weiss")


@pytest.mark.parametrize("language", ["en", "ru"])
def test_every_main_page_is_clean_in_both_themes_and_photographed(
    busy, hal, olga, page, live_server, complaints, language
):
    User.objects.update(language=language)
    complaints.listen(page)

    found: dict[str, list[str]] = {}
    widths: dict[str, list[int]] = {}
    for name, address in busy.items():
        seat_at_browser(page.context, live_server.url, olga if name in ("team", "conveyor") else hal.user)
        page.goto(f"{live_server.url}{address}")
        for theme, came_out in photograph(page, name, language):
            found[f"{name} {theme}"] = grave(page)
            widths[f"{name} {theme}"] = came_out

    assert {name: broken for name, broken in found.items() if broken} == {}
    assert {name: each for name, each in widths.items() if each != [390, 1440]} == {}
    assert (len(found), complaints) == (14, [])


def grave(page: Page) -> list[str]:
    """Rules of access that the page breaks badly."""
    broken = Axe().run(page).response["violations"]
    return [f"{rule['id']}: {rule['nodes'][0]['html']}" for rule in broken if rule["impact"] in ("serious", "critical")]


def test_a_page_that_breaks_the_policy_is_heard(hal, page, live_server, complaints):
    seat_at_browser(page.context, live_server.url, hal.user)
    complaints.listen(page).goto(live_server.url)
    assert complaints == []

    page.evaluate("document.body.insertAdjacentHTML('beforeend', '<p style=\"color: red\">Told from outside</p>')")
    page.get_by_text("Told from outside").wait_for()

    assert ["Content Security Policy" in said for said in complaints] == [True]
