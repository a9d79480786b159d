"""The few scripts of the pages, tried in Chromium on a page drawn with our own pieces, under the site's own policy."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.template import engines
from django.test import RequestFactory
from playwright.sync_api import Page, Route, expect
from pytest_django.live_server_helper import LiveServer

from pipeline_crm.conveyor.faces import Frame, Link, NavJoint, NavStage, Person, Place, clock_face
from pipeline_crm.conveyor.parcels import Table, move_menu

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; font-src 'self'; connect-src 'self'; img-src 'self' data:"
)
PAGE = """{% extends "base.html" %}{% load belt static %}
{% block title %}Kit{% endblock %}{% block h1 %}Kit{% endblock %}
{% block scripts %}<script src="{% static "dist/sortable.min.js" %}" defer></script>
<script type="module" src="{% static "js/board.js" %}"></script>{% endblock %}
{% block actions %}{% drop "Park" %}<form class="form"><label for="why">Why</label><input id="why" class="input"></form>{% enddrop %}
<button class="btn" data-key="t">Take next</button>{% endblock %}
{% block main %}<div class="page">{% clock face %}<div class="board" data-board="deals">{% for step in steps %}
<section aria-label="{{ step.name }}"><div class="board-cards" data-step="{{ step.pk }}">{% if forloop.first %}
<article class="card-item" data-drag><h2>Ann</h2>{{ menu }}</article>{% endif %}</div></section>
{% endfor %}</div></div>{% endblock %}"""


TABLE = Table(((1, "Call"), (2, "Visit")), "/kit/", "")


class Step(NamedTuple):
    pk: int
    name: str


FRAME = Frame(
    Person("Ирина Соколова", "Hunter"),
    stage="deal",
    pipeline="Flats",
    top=[Link("/", "My work", "bolt", current=True), Link("/find/", "Find", "search", key="/")],
    belt=[
        Place(NavStage("lead", "Lead"), NavJoint("1 offer for you", "waiting")),
        Place(NavStage("deal", "Deal", mine=True, links=[Link("/deals/", "Board", count=3)])),
        Place(NavStage("account", "Account", mine=True)),
    ],
    tabs=[Link("/", "My work", "bolt", current=True)],
    theme_url="/theme/",
    notices_url="/notices/",
)


@pytest.fixture
def opened(live_server: LiveServer, page: Page) -> Callable[..., list[str]]:
    """Opens the page of pieces; gives the list to which errors of the console and of the policy are added."""

    def open_page(*, theme: str = "light", answer: tuple[int, str] = (200, ""), width: int = 1280) -> list[str]:
        request = RequestFactory().get("/kit/")
        request.COOKIES["theme"] = theme
        now = datetime.now(UTC)
        facts = {
            "frame": FRAME,
            "steps": [Step(1, "Call"), Step(2, "Visit")],
            "menu": move_menu("Move Ann to another step", "Move to", "/move/", 1, TABLE, 1, "", ""),
            "face": clock_face(now + timedelta(minutes=12, seconds=1), now, now),
        }
        drawn = engines["django"].from_string(PAGE).render(facts, request)
        headers = {"Content-Type": "text/html", "Content-Security-Policy": POLICY}
        page.route("**/kit/", lambda route: route.fulfill(body=drawn, headers=headers))
        page.route("**/move/", lambda route: answered(route, answer))
        page.route("**/theme/", lambda route: route.fulfill(status=204))
        errors: list[str] = []
        page.on("console", lambda said: errors.append(said.text) if said.type == "error" else None)
        page.on("pageerror", lambda error: errors.append(str(error)))
        page.set_viewport_size({"width": width, "height": 800})
        page.goto(f"{live_server.url}/kit/")
        return errors

    return open_page


def answered(route: Route, answer: tuple[int, str]) -> None:
    """What the server says to a card that was moved."""
    status, words = answer
    body = words if status == 200 else f'<p class="flash"><span data-refused>{words}</span></p>'
    route.fulfill(status=status, body=body, headers={"Content-Type": "text/html"})


def drag_ann(page: Page) -> None:
    """Sortable follows a mouse that moves, not one that jumps."""
    card, column = page.locator("[data-drag]").bounding_box(), page.locator("[data-step='2']").bounding_box()
    assert card
    assert column
    start, end = (card["x"] + 20, card["y"] + 20), (column["x"] + 40, column["y"] + 30)
    page.mouse.move(*start)
    page.mouse.down()
    for part in range(1, 13):
        page.mouse.move(start[0] + (end[0] - start[0]) * part / 12, start[1] + (end[1] - start[1]) * part / 12)
    page.mouse.up()


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("width", [1280, 390])
def test_the_frame_breaks_no_rule_of_access(opened, page: Page, theme: str, width: int) -> None:
    errors = opened(theme=theme, width=width)

    found = Axe().run(page)

    assert [broken["id"] for broken in found.response["violations"]] == []
    assert errors == []
    assert page.evaluate("document.documentElement.scrollWidth") == width


def test_escape_closes_a_panel_and_gives_the_button_the_focus_back(opened, page: Page) -> None:
    opened()

    page.get_by_text("Park").click()
    expect(page.locator("#why")).to_be_focused()
    page.keyboard.press("Escape")

    expect(page.locator("details.drop[open]")).to_have_count(0)
    assert page.evaluate("document.activeElement.textContent") == "Park"


def test_a_key_presses_its_button_but_not_while_somebody_types(opened, page: Page) -> None:
    opened()
    page.evaluate("document.querySelector('[data-key=t]').addEventListener('click', () => { document.title += '!' })")

    page.get_by_text("Park").click()
    expect(page.locator("#why")).to_be_focused()
    page.keyboard.type("t")
    page.keyboard.press("Escape")
    page.keyboard.press("t")

    assert page.title().count("!") == 1


def test_a_clock_goes_on_while_the_page_is_open(opened, page: Page) -> None:
    page.clock.install()
    opened()
    assert page.locator("main .clock").text_content() == "12 min left"

    page.clock.fast_forward(9 * 60_000)
    assert page.locator("main .clock").text_content() == "3 min left"
    assert page.locator("main .clock").get_attribute("data-state") == "soon"

    page.clock.fast_forward(10 * 60_000)
    assert page.locator("main .clock").get_attribute("data-state") == "over"


def test_the_theme_changes_without_a_reload(opened, page: Page) -> None:
    opened()

    with page.expect_request("**/theme/") as sent:
        page.locator(".top-frame").get_by_label("Dark theme").click()

    assert 'name="theme"\r\n\r\ndark' in (sent.value.post_data or "")
    assert "dark" in (page.locator("html").get_attribute("class") or "").split()


def test_a_refused_card_goes_back_and_the_reason_is_said(opened, page: Page) -> None:
    opened(answer=(409, "Hal has just moved this."))

    with page.expect_request("**/move/") as sent:
        drag_ann(page)
    page.get_by_text("Hal has just moved this.").wait_for()

    assert 'name="step"\r\n\r\n2' in (sent.value.post_data or "")
    assert page.locator("[data-step='1'] [data-drag]").count() == 1


def test_a_moved_card_shows_the_boards_new_figures(opened, page: Page) -> None:
    moved = '<p id="flashes"></p><div data-board><section data-step="2"><article data-drag>Ann, moved</article></section></div>'
    opened(answer=(200, moved))

    drag_ann(page)
    page.get_by_text("Ann, moved").wait_for()

    assert page.locator("[data-board] [data-step]").count() == 1


def test_the_menu_folds_away_and_is_remembered(opened, page: Page) -> None:
    opened()

    page.get_by_label("Fold the menu").click()
    assert page.locator("#side").is_visible() is False
    assert [cookie["value"] for cookie in page.context.cookies() if cookie["name"] == "side"] == ["folded"]

    page.get_by_label("Show the menu").click()
    assert page.locator("#side").is_visible() is True
