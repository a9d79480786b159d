"""The steering pages in Chromium: clean in both themes, widths and languages; and a book that goes and comes back by mouse."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone
from playwright.sync_api import expect

from leads.models import Lead
from pipeline_crm.conveyor import books, rota
from pipeline_crm.conveyor.models import BookMove
from pipeline_crm.tiers.models import Seat, Tier, WhenFull
from pipeline_crm.tiers.stages import Stage
from pipeline_crm.users.models import User
from tests.cast import make_contacted, make_deal, make_lead, make_person, seat_at
from tests.journeys.chromium import Complaints, next_page, photograph, seat_at_browser
from tests.journeys.test_browser import grave

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def steered(pipeline, sam, sue, lena) -> dict[str, str]:
    """A tier with everything that its team lead steers; gives the addresses by name."""
    now = timezone.now()
    today = timezone.localdate(timezone=pipeline.zone)
    tom = seat_at(pipeline, Stage.LEAD, make_person("tom", "Томас Константинов-Задунайский"), capacity=9)
    lena.capacity = 10
    lena.save()
    for hours, name in enumerate(("Mark Lindt", "Ирина Соколова", "Peter Vogel", "Anna Petrova")):
        make_contacted(sam, name=name, now=now - timedelta(days=3, hours=hours))
    make_lead(tom, now=now)
    books.redistribute(tom.pk, cause=BookMove.Cause.RELIEVED, by=lena.user, now=now)
    for _ in range(2):
        make_lead(sue, now=now)
    rota.send_away(sue.pk, first_day=today, last_day=today, reason="Sick", substitute=tom, by=lena.user, now=now)
    books.tend_covers(now=now)
    rota.pause(tom.pk, until=now + timedelta(minutes=40), by=tom.user, now=now)
    for name in ("Vera Kuznetsova", "Klaus von und zu Hohenfels-Sigmaringen"):
        waiting = make_lead(pipeline=pipeline, name=name, now=now - timedelta(days=1))
        Lead.objects.filter(pk=waiting.pk).update(awaits_lead=True, hops=3)
    make_lead(pipeline=pipeline, now=now - timedelta(days=2))
    Tier.objects.filter(works_deal=True).update(when_full=WhenFull.WIDEN)
    make_deal(sam, seat_at(pipeline, Stage.DEAL, make_person("full", "Frida Full"), capacity=1))
    team = f"/reports/team/{sam.tier_id}/"
    return {
        "team-steered": team,
        "book-empty": f"{team}book/",
        "book-left": f"{team}book/?what=left&from={sam.pk}",
        "book-away": f"{team}book/?what=away&from={sam.pk}&first_day={today}&last_day={today}&substitute={tom.pk}",
        "book-wrong": f"{team}book/?what=away&from={sam.pk}&first_day={today}&last_day=",
        "book-relief": f"{team}book/?what=relief&from={sam.pk}&to={tom.pk}",
        "sweep": f"{team}sweep/",
        "sweep-whole": f"/reports/conveyor/{pipeline.pk}/sweep/",
        "conveyor-full": f"/reports/conveyor/{pipeline.pk}/",
        "my-work-lead": "/",
    }


@pytest.mark.parametrize("language", ["en", "ru"])
def test_every_steering_page_is_clean_in_both_themes_and_photographed(steered, lena, olga, page, live_server, language):
    complaints = Complaints()
    User.objects.update(language=language)
    complaints.listen(page)

    found: dict[str, list[str]] = {}
    widths: dict[str, list[int]] = {}
    for name, address in steered.items():
        seat_at_browser(page.context, live_server.url, olga if name in ("sweep-whole", "conveyor-full") else lena.user)
        page.goto(f"{live_server.url}{address}")
        for theme, came_out in photograph(page, name, language):
            found[f"{name} {theme}"] = grave(page)
            widths[f"{name} {theme}"] = came_out

    assert {name: broken for name, broken in found.items() if broken} == {}
    assert {name: each for name, each in widths.items() if each != [390, 1440]} == {}
    assert complaints == []


@pytest.mark.parametrize("scripts", [True, False])
def test_a_book_goes_and_comes_back_by_mouse(pipeline, sam, sue, lena, browser, live_server, scripts):
    for _ in range(3):
        make_contacted(sam)
    context = browser.new_context(base_url=live_server.url, locale="en-GB", java_script_enabled=scripts)
    seat_at_browser(context, live_server.url, lena.user)
    page = context.new_page()
    page.goto(f"/reports/team/{sam.tier_id}/")

    with next_page(page):
        page.get_by_role("link", name="Has too much").click()
    page.get_by_label("Person").select_option(str(sam.pk))
    with next_page(page):
        page.get_by_role("button", name="See who gets what").click()
    expect(page.get_by_text("Sue Search").last).to_be_visible()
    with next_page(page):
        page.get_by_role("button", name="Move 3 records").click()
    moved = Seat.objects.get(pk=sue.pk).leads.count()
    with next_page(page):
        page.get_by_role("button", name="Undo: Sam Scout").click()

    expect(page.get_by_text("3 records are back with Sam Scout.").first).to_be_visible()
    assert (moved, Lead.objects.open().held_by(sam).count()) == (3, 3)
    context.close()
