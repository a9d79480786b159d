"""Scripts in every text that is stored, opened in Chromium: none runs, none asks another server, no frame, no dialog."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client as Browser
from django.utils import timezone
from playwright.sync_api import Page

from leads.models import Lead
from pipeline_crm.access.glass import break_glass
from pipeline_crm.clients.models import Client
from pipeline_crm.conveyor import actions as belt
from pipeline_crm.tiers.models import Pipeline, Product, Reason, Seat, Source, Step, Tier
from pipeline_crm.users.models import User
from tests.attacks.corpus import payloads
from tests.cast import make_account, make_contacted, make_deal, make_lead, make_offer
from tests.journeys.chromium import seat_at_browser

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
HOOK = "window.hits = []; window.HIT = (number) => window.hits.push(number);"
SCRIPTS = [payload.text for payload in payloads("script")]


@pytest.fixture
def poisoned(pipeline: Pipeline, sam: Seat, hal: Seat, fay: Seat, lena: Seat, olga: User, root: User) -> list[str]:
    """Every payload in every text that somebody can write; gives the pages to open."""
    now, all_of_them = timezone.now(), " ".join(SCRIPTS)
    leads = [make_contacted(sam, now=now) for _ in SCRIPTS]
    for lead, text in zip(leads, SCRIPTS, strict=True):
        # Straight into the row: what the forms refuse may still come from an import or an older version.
        Client.objects.filter(pk=lead.client_id).update(
            name=text[:120], company=text[:120], city=text[:80], region=text[:80]
        )
        Lead.objects.filter(pk=lead.pk).update(comment=text, campaign=text[:120])
    for text in SCRIPTS:
        belt.note(Lead, leads[0].pk, text=text, by=sam.user, now=now)
        belt.set_task(Lead, leads[0].pk, title=text[:200], due_at=now + timedelta(hours=1), by=sam.user, now=now)
    others = [
        make_deal(sam, hal, now=now),
        make_offer(sam, now=now),
        make_account(sam, hal, fay, now=now),
        make_lead(pipeline=pipeline, now=now),
    ]
    for place, item in enumerate(others):
        Client.objects.filter(pk=item.client_id).update(name=SCRIPTS[place][:120], company=SCRIPTS[-place][:120])
        type(item).objects.filter(pk=item.pk).update(comment=all_of_them[:2000])
    _poison_the_set_up(pipeline)
    User.objects.update(last_name="")
    for place, user in enumerate(User.objects.order_by("pk")):
        User.objects.filter(pk=user.pk).update(first_name=SCRIPTS[place][:150])
    break_glass(pipeline=pipeline, reason=all_of_them[:500], span=timedelta(hours=1), by=root, now=now)
    records = [
        f"/leads/{leads[0].pk}/",
        f"/leads/{leads[5].pk}/",
        f"/leads/{leads[0].pk}/disqualify/",
        f"/deals/from-lead/{leads[0].pk}/",
    ]
    return [*records, f"/deals/{others[0].pk}/", f"/deals/{others[1].pk}/", f"/accounts/{others[2].pk}/", f"/reports/team/{sam.tier_id}/", f"/reports/conveyor/{pipeline.pk}/"]  # fmt: skip


def _poison_the_set_up(pipeline: Pipeline) -> None:
    """The words that an administrator has chosen."""
    for model in (Step, Source, Product, Reason):
        for place, row in enumerate(model.objects.filter(pipeline=pipeline)):
            model.objects.filter(pk=row.pk).update(name=f"{place}{SCRIPTS[place % len(SCRIPTS)]}"[:60])
    for place, tier in enumerate(Tier.objects.filter(pipeline=pipeline)):
        Tier.objects.filter(pk=tier.pk).update(name=f"{place}{SCRIPTS[place + 2]}"[:60])
    Pipeline.objects.filter(pk=pipeline.pk).update(name=SCRIPTS[2][:60])


@pytest.mark.parametrize("theme", ["light"])
def test_no_stored_script_runs_anywhere(poisoned: list[str], sam: Seat, olga: User, root: User, page: Page, live_server: Any, theme: str) -> None:  # fmt: skip
    dialogs: list[str] = []
    foreign: list[str] = []
    found: dict[str, list[int]] = {}
    page.on("dialog", lambda dialog: (dialogs.append(dialog.message), dialog.dismiss()))
    page.on(
        "request",
        lambda asked: foreign.append(asked.url) if not asked.url.startswith((live_server.url, "data:")) else None,
    )
    page.add_init_script(HOOK)
    shared = [
        "/",
        "/leads/",
        "/leads/board/",
        "/leads/new/",
        "/notices/",
        "/find/?q=script",
        f"/find/?q={SCRIPTS[4]}",
        f"/leads/?q={SCRIPTS[6]}",
    ]
    walks = {sam.user: [*shared, *poisoned[:4]], olga: ["/notices/", "/leads/?view=team", "/deals/board/", "/accounts/board/", *poisoned], root: ["/me/glass/", "/admin/", "/admin/users/user/", "/admin/tiers/pipeline/", "/admin/tiers/rule/add/"]}  # fmt: skip

    for who, addresses in walks.items():
        page.context.clear_cookies()
        seat_at_browser(page.context, live_server.url, who)
        for address in addresses:
            answer = page.goto(f"{live_server.url}{address}")
            assert answer is not None
            assert answer.status == 200, address
            page.wait_for_function("document.readyState === 'complete'")
            hits = page.evaluate("window.hits")
            frames = len(page.frames) - 1
            if hits or frames:
                found[address] = [*hits, frames]

    assert (found, dialogs, foreign) == ({}, [], [])
    browser = Browser()
    browser.force_login(sam.user)
    assert SCRIPTS[0] not in browser.get(poisoned[0]).content.decode()


def test_the_hook_would_hear_a_script(page: Page, live_server: Any, sam: Seat) -> None:
    """Where a page's own policy does not stand in the way, the hook does hear."""
    page.add_init_script(HOOK)
    page.goto("data:text/html,<img src=x onerror='HIT(3)'>")
    page.wait_for_function("window.hits.length === 1")

    assert page.evaluate("window.hits") == [3]
