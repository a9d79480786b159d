"""The board in Chromium: cards are dragged to another step, and out of the stage; nobody is kept out of either page."""

from collections.abc import Callable

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.test import Client as Browser
from django.utils import timezone
from playwright.sync_api import Locator, Page
from pytest_django.live_server_helper import LiveServer

from leads.models import Lead
from pipeline_crm.tiers.models import Seat, Step
from pipeline_crm.tiers.stages import Stage
from tests.cast import make_contacted, make_lead, make_offer

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def opened(live_server: LiveServer, page: Page, browse: Callable[[Seat], Browser]) -> Callable[..., list[str]]:
    """Opens an address as somebody; gives the list to which errors of the console are added."""

    def open_as(seat: Seat, address: str, *, width: int = 1440) -> list[str]:
        session = browse(seat).cookies["sessionid"].value
        page.context.add_cookies([{"name": "sessionid", "value": session, "url": live_server.url}])
        errors: list[str] = []
        page.on("console", lambda said: errors.append(said.text) if said.type == "error" else None)
        page.on("pageerror", lambda error: errors.append(str(error)))
        page.set_viewport_size({"width": width, "height": 900})
        page.goto(f"{live_server.url}{address}")
        return errors

    return open_as


def drag(page: Page, card: Locator, target: Locator) -> None:
    """Sortable follows a mouse that moves, not one that jumps."""
    start, end = card.bounding_box(), target.bounding_box()
    assert start
    assert end
    x, y, to_x, to_y = start["x"] + 20, start["y"] + 45, end["x"] + 40, end["y"] + 30
    page.mouse.move(x, y)
    page.mouse.down()
    for part in range(1, 13):
        page.mouse.move(x + (to_x - x) * part / 12, y + (to_y - y) * part / 12)
    page.mouse.up()


def test_a_card_is_dragged_to_the_next_step(pipeline, sam, opened, page: Page) -> None:
    lead = make_lead(sam, name="Anna", now=timezone.now())
    step = Step.objects.filter(pipeline=pipeline, stage=Stage.LEAD).order_by("position")[1]
    errors = opened(sam, "/leads/board/")

    with page.expect_response("**/leads/board/"):
        drag(page, page.locator("[data-drag]"), page.locator(f"[data-step='{step.pk}']"))
    page.locator(f"[data-step='{step.pk}'] [data-drag]").wait_for()

    assert (Lead.objects.get(pk=lead.pk).step, errors) == (step, [])


def test_a_card_dropped_on_the_way_out_opens_the_page_of_its_brief(pipeline, sam, opened, page: Page) -> None:
    lead = make_contacted(sam, name="Anna", now=timezone.now())
    opened(sam, "/leads/board/")

    drag(page, page.locator("[data-drag]"), page.locator("[data-way-out]"))
    page.wait_for_url(f"**/deals/from-lead/{lead.pk}/")

    assert Lead.objects.get(pk=lead.pk).state == "contacted"


def test_a_card_that_cannot_leave_yet_goes_back_and_hears_why(pipeline, sam, opened, page: Page) -> None:
    make_lead(sam, name="Anna", now=timezone.now())
    opened(sam, "/leads/board/")

    drag(page, page.locator("[data-drag]"), page.locator("[data-way-out]"))
    page.get_by_text("Talk with the client first").wait_for()

    assert page.locator("[data-way-out] [data-drag]").count() == 0


@pytest.mark.parametrize("width", [1440, 390])
def test_lists_and_boards_break_no_rule_of_access(pipeline, sam, hal, opened, page: Page, width: int) -> None:
    now = timezone.now()
    make_lead(sam, name="Anna", now=now)
    make_lead(pipeline=pipeline, now=now)
    make_offer(sam, now=now)
    pages = [
        (sam, "/leads/board/"),
        (sam, "/leads/"),
        (sam, "/leads/?view=pool&sort=nonsense"),
        (hal, "/deals/board/"),
        (hal, "/deals/?view=closed"),
    ]

    found = {}
    for who, address in pages:
        errors = opened(who, address, width=width)
        broken = [rule["id"] for rule in Axe().run(page).response["violations"]]
        wide = page.evaluate("document.documentElement.scrollWidth") > width
        found[address] = (broken, wide, errors)

    assert found == {address: ([], False, []) for _, address in pages}
