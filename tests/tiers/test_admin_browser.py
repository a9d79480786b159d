"""The page of a pipeline in a real browser: steps are dragged, and the strict content policy is not offended."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client as Browser
from pytest_django.live_server_helper import LiveServer

from pipeline_crm.tiers.models import Pipeline
from pipeline_crm.tiers.stages import Stage
from pipeline_crm.users.models import User


@pytest.mark.browser
@pytest.mark.django_db(transaction=True)
def test_steps_are_dragged_into_another_order(
    page: Any, live_server: LiveServer, pipeline: Pipeline, cody: User
) -> None:
    complaints: list[str] = []
    page.on("console", lambda message: complaints.append(message.text) if message.type == "error" else None)
    sign_in(page, live_server, cody)
    before = [step.name for step in pipeline.steps.filter(stage=Stage.LEAD)]
    page.goto(f"{live_server.url}/admin/tiers/pipeline/{pipeline.pk}/change/#lead_steps")

    rows = page.locator("#lead_steps-data tbody.original")
    drag(page, rows.nth(2).locator("[x-sort\\:handle]"), rows.nth(0))
    with page.expect_navigation():
        page.get_by_role("button", name="Save", exact=True).click()

    assert [step.name for step in pipeline.steps.filter(stage=Stage.LEAD)] == [before[2], before[0], before[1]]
    assert complaints == []


def sign_in(page: Any, live_server: LiveServer, user: User) -> None:
    """Opens the browser with a session of somebody."""
    browser = Browser()
    browser.force_login(user)
    session = browser.cookies["sessionid"].value
    page.context.add_cookies([{"name": "sessionid", "value": session, "url": live_server.url}])


def drag(page: Any, handle: Any, target: Any) -> None:
    """Drags in small steps, as a hand does; a jump moves nothing."""
    start, end = handle.bounding_box(), target.bounding_box()
    page.mouse.move(start["x"] + 10, start["y"] + 10)
    page.mouse.down()
    for part in range(1, 11):
        page.mouse.move(start["x"] + 10, start["y"] + 10 + (end["y"] + 4 - start["y"] - 10) * part / 10)
        page.wait_for_timeout(20)
    page.mouse.up()
