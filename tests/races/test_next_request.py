"""Whoever loses sight of a client loses it with the commit: the very next request is refused, by every way of losing it.

One connection gives the record away, or takes the right, while another asks for the page without a pause. A question that
was asked after the commit is not answered with the client.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any, NamedTuple

import pytest
import time_machine
from django.db import connection
from django.test import Client as Browser

from accounts import actions as farming
from deals import actions as hunting
from deals.models import Deal
from leads.models import Lead
from pipeline_crm.access.glass import close_glass
from pipeline_crm.access.models import Share
from pipeline_crm.conveyor import actions as belt
from pipeline_crm.conveyor import answers, lending
from pipeline_crm.conveyor.books import redistribute
from pipeline_crm.conveyor.records import ConveyorItem
from pipeline_crm.tiers.actions import appoint
from pipeline_crm.tiers.models import Pipeline, Seat
from pipeline_crm.users.models import User
from tests.cast import BRIEF, MONDAY, break_open, make_contacted, make_deal, make_offer, steer_to
from tests.length import LONG, tell

pytestmark = pytest.mark.django_db(transaction=True)
RACES = 1_000 if LONG else 50
LATER = MONDAY + timedelta(hours=1)


class Loss(NamedTuple):
    """Who sees which record, how it is lost, and how the next race is made ready."""

    who: User
    item: ConveyorItem
    lose: Callable[[], Any]
    restore: Callable[[], Any] = lambda: None


class Office(NamedTuple):
    """Everybody who gives, loses and gets."""

    home: Pipeline
    sam: Seat
    sue: Seat
    hal: Seat
    lena: Seat
    olga: User
    root: User


@pytest.fixture
def office(pipeline: Pipeline, sam: Seat, sue: Seat, hal: Seat, fay: Seat, lena: Seat, olga: User, root: User) -> Iterator[Office]:  # fmt: skip
    """A firm at eleven on Monday."""
    Seat.objects.update(capacity=10_000)
    with time_machine.travel(LATER, tick=False):
        yield Office(pipeline, sam, sue, hal, lena, olga, root)


# The ways of losing sight ----------------------------------------------------------------------------------------


def handed_on(at: Office) -> Loss:
    lead = make_contacted(at.sam)
    return Loss(at.sam.user, lead, lambda: hunting.offer_from_lead(lead.pk, brief=BRIEF, by=at.sam.user, now=LATER))


def won(at: Office) -> Loss:
    deal = make_deal(at.sam, at.hal)
    return Loss(at.hal.user, deal, lambda: farming.win(deal.pk, brief=BRIEF, by=at.hal.user, now=LATER))


def reassigned(at: Office) -> Loss:
    lead = make_contacted(at.sam)
    return Loss(at.sam.user, lead, lambda: belt.reassign(Lead, lead.pk, to=at.sue, by=at.lena.user, now=LATER))


def released(at: Office) -> Loss:
    lead = make_contacted(at.sam)
    return Loss(at.sam.user, lead, lambda: belt.release(Lead, lead.pk, by=at.sam.user, now=LATER))


def offered_to_another(at: Office) -> Loss:
    deal = make_offer(at.sam)
    steer_to(deal, at.hal, now=LATER)
    return Loss(at.hal.user, deal, lambda: belt.release(Deal, deal.pk, by=at.olga, now=LATER))


def moved_with_the_book(at: Office) -> Loss:
    lead = make_contacted(at.sam)
    return Loss(
        at.sam.user, lead, lambda: redistribute(at.sam.pk, cause="relieved", to=at.sue, by=at.lena.user, now=LATER)
    )


def dismissed(at: Office) -> Loss:
    lead, people = make_contacted(at.sam), User.objects.filter(pk=at.sam.user_id)
    return Loss(at.sam.user, lead, lambda: people.update(is_active=False), lambda: people.update(is_active=True))


def seat_closed(at: Office) -> Loss:
    lead, seats = make_contacted(at.sam), Seat.objects.filter(pk=at.sam.pk)
    return Loss(at.sam.user, lead, lambda: seats.update(is_open=False), lambda: seats.update(is_open=True))


def no_team_lead_any_more(at: Office) -> Loss:
    lead, seats = make_contacted(at.sam), Seat.objects.filter(pk=at.lena.pk)
    return Loss(at.lena.user, lead, lambda: seats.update(role="member"), lambda: seats.update(role="lead"))


def no_head_any_more(at: Office) -> Loss:
    lead = make_contacted(at.sam)

    def head(*people: User) -> None:
        appoint(at.home, "head_pipeline", people)

    return Loss(at.olga, lead, lambda: head(at.root), lambda: head(at.olga))


def glass_closed(at: Office) -> Loss:
    lead = make_contacted(at.sam)
    break_open(at.root, at.home, now=LATER)
    return Loss(at.root, lead, lambda: close_glass(by=at.root, now=LATER))


def _shared(at: Office) -> tuple[Lead, Share]:
    lead = make_contacted(at.sam)
    lending.share(Lead, lead.pk, to=at.sue, until=LATER + timedelta(days=1), by=at.lena.user, now=LATER)
    return lead, Share.objects.get(record_id=lead.pk)


def share_taken_back(at: Office) -> Loss:
    lead, share = _shared(at)
    return Loss(
        at.sue.user, lead, lambda: lending.take_back(Lead, lead.pk, share_id=share.pk, by=at.lena.user, now=LATER)
    )


def lent_and_handed_on(at: Office) -> Loss:
    lead, _share = _shared(at)
    return Loss(at.sue.user, lead, lambda: hunting.offer_from_lead(lead.pk, brief=BRIEF, by=at.sam.user, now=LATER))


def borrower_dismissed(at: Office) -> Loss:
    lead, _share = _shared(at)
    people = User.objects.filter(pk=at.sue.user_id)
    return Loss(at.sue.user, lead, lambda: people.update(is_active=False), lambda: people.update(is_active=True))


WAYS = [
    *(handed_on, won, reassigned, released, offered_to_another, moved_with_the_book),
    *(dismissed, seat_closed, no_team_lead_any_more, no_head_any_more, glass_closed),
    *(share_taken_back, lent_and_handed_on, borrower_dismissed),
]


# The race --------------------------------------------------------------------------------------------------------


def shows(browser: Browser, item: ConveyorItem) -> bool:
    """Whether a page tells who the client is."""
    answer = browser.get(f"/{item.stage}s/{item.pk}/")
    return answer.status_code == 200 and item.client.name in answer.content.decode()


def race(loss: Loss) -> tuple[bool, list[bool], bool]:
    """Whether the client was shown before, in the first two questions that were asked after the commit, and by a POST."""
    browser, gone, start = Browser(), threading.Event(), threading.Barrier(2)
    # Anew from the database: with a dismissal old sessions lose their worth for good.
    browser.force_login(User.objects.get(pk=loss.who.pk))
    before = shows(browser, loss.item)

    def lose() -> None:
        try:
            connection.ensure_connection()
            start.wait(10)
            loss.lose()
            gone.set()
        finally:
            connection.close()

    thread = threading.Thread(target=lose)
    thread.start()
    start.wait(10)
    after: list[bool] = []
    while len(after) < 2 and (thread.is_alive() or gone.is_set()):
        is_too_late = gone.is_set()
        shown = shows(browser, loss.item)
        if is_too_late:
            after.append(shown)
    thread.join(10)
    answer = browser.post(f"/{loss.item.stage}s/{loss.item.pk}/reveal/")
    loss.restore()
    return before, after, answer.status_code == 303


def raced(at: Office, races: int) -> dict[str, set[tuple[bool, tuple[bool, ...], bool]]]:
    """How the races ended, by the way of losing sight."""
    ended: dict[str, set[tuple[bool, tuple[bool, ...], bool]]] = {}
    for number in range(races):
        way = WAYS[number % len(WAYS)]
        before, after, revealed = race(way(at))
        ended.setdefault(way.__name__, set()).add((before, tuple(after), revealed))
    return ended


def test_the_very_next_request_is_refused(office: Office) -> None:
    ended = raced(office, RACES)

    tell("races", RACES)
    assert ended == {way.__name__: {(True, (False, False), False)} for way in WAYS}


def test_the_alarm_rings_for_a_page_that_is_kept_for_a_moment(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    """A page that somebody made quicker by keeping what was read a moment ago, for each person by itself."""
    kept: dict[Any, Any] = {}
    honest = answers.reach_record

    def reach_record(user: User, model: Any, pk: int, *related: str, **how: Any) -> Any:
        if (user.pk, model, pk) not in kept:
            kept[user.pk, model, pk] = honest(user, model, pk, *related, **how)
        return kept[user.pk, model, pk]

    monkeypatch.setattr(answers, "reach_record", reach_record)

    _before, after, _revealed = race(reassigned(office))

    assert after == [True, True]
