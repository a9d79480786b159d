"""Somebody at Chromium: an ear for everything that the browser complains of, and a hand that drags."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from django.test import Client as Browser
from playwright.sync_api import BrowserContext, Locator, Page, Request

from pipeline_crm.launch import places
from pipeline_crm.users.models import User

PASSWORD = "a-long-enough-password"
SCREENSHOTS = places.VAR / "screenshots"
WIDTHS = {390: 844, 1440: 900}  # a phone and a desk, each with its height


class Complaints(list[str]):
    """Errors of the console, of scripts and of the content policy, from every page that is listened to."""

    def listen(self, page: Page) -> Page:
        """Adds whatever goes wrong on a page from now on."""
        page.on("console", lambda said: self.append(said.text) if said.type == "error" else None)
        page.on("pageerror", lambda error: self.append(str(error)))
        page.on("requestfailed", self._note_failed)
        return page

    def _note_failed(self, request: Request) -> None:
        # What the next page has cut short is no complaint; what the policy forbids has another name.
        if request.failure != "net::ERR_ABORTED":
            self.append(f"{request.url}: {request.failure}")


def sign_in(page: Page, address: str, user: User) -> None:
    """Types name and password, as a person does in the morning."""
    user.set_password(PASSWORD)
    user.save()
    page.goto(address)
    page.locator("[name=login]").fill(user.username)
    page.locator("[name=password]").fill(PASSWORD)
    page.get_by_role("button", name="Sign in", exact=True).click()
    page.get_by_role("heading", level=1, name="My work").wait_for()


def seat_at_browser(context: BrowserContext, address: str, user: User) -> None:
    """Puts somebody into a browser without the door, where the door is not what is tried."""
    browser = Browser()
    browser.force_login(user)
    context.add_cookies([{"name": "sessionid", "value": browser.cookies["sessionid"].value, "url": address}])


def drag(page: Page, card: Locator, target: Locator) -> None:
    """Moves a card in small steps; Sortable follows a mouse that moves, not one that jumps."""
    start, end = card.bounding_box(), target.bounding_box()
    assert start
    assert end
    x, y, to_x, to_y = start["x"] + 20, start["y"] + 45, end["x"] + 40, end["y"] + 30
    page.mouse.move(x, y)
    page.mouse.down()
    for part in range(1, 13):
        page.mouse.move(x + (to_x - x) * part / 12, y + (to_y - y) * part / 12)
    page.mouse.up()


@contextmanager
def next_page(page: Page) -> Iterator[None]:
    """Waits until what is done inside has opened another page."""
    with page.expect_navigation(wait_until="domcontentloaded"):
        yield


def photograph(page: Page, name: str, language: str) -> Iterator[tuple[str, list[int]]]:
    """Takes the open page in both themes and widths; stops at each theme, and tells how wide the page came out."""
    SCREENSHOTS.mkdir(parents=True, exist_ok=True)
    for theme in ("light", "dark"):
        page.emulate_media(color_scheme=theme, reduced_motion="reduce")  # type: ignore[arg-type]
        came_out = []
        for width, height in WIDTHS.items():
            page.set_viewport_size({"width": width, "height": height})
            # A page is as wide as its letters: measured when the fonts are there and the new width is laid out.
            page.evaluate(
                "document.fonts.ready.then(() => new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done))))"
            )
            came_out.append(page.evaluate("document.documentElement.scrollWidth"))
            page.screenshot(path=SCREENSHOTS / f"{name}-{width}-{theme}-{language}.png", full_page=True)
        yield theme, came_out
