"""An act that is cut short after any one of its statements has not happened at all."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection, transaction

from accounts import actions as farming
from deals import actions as hunting
from deals.models import Deal
from leads import actions as scouting
from leads.models import Lead
from pipeline_crm.access.models import Share
from pipeline_crm.conveyor import actions as belt
from pipeline_crm.conveyor import handoff, lending
from pipeline_crm.tiers.models import Pipeline
from tests.cast import BRIEF, MONDAY, make_contacted, make_deal, make_enquiry, make_lead, make_offer, reason
from tests.laws.checker import broken

TABLES = [
    "leads_lead",
    "deals_deal",
    "deals_dealline",
    "accounts_account",
    "conveyor_handoff",
    "conveyor_turn",
    "conveyor_load",
    "timeline_movement",
    "timeline_entry",
    "timeline_task",
    "outbox_notice",
    "outbox_delivery",
    "clients_client",
    "clients_contactpoint",
    "tiers_seat",
    "access_share",
    "leads_leadgrant",
    "audit_line",
]


class Killed(BaseException):
    """The process is gone; nobody catches this."""


class Axe:
    """Lets so many statements pass and then falls."""

    def __init__(self, after: int) -> None:
        self.left = after

    def __call__(self, execute: Callable[..., Any], *words: Any) -> Any:
        # The test's own transaction is around everything: where a dead process would roll back, a savepoint does.
        if words[0].startswith(("SAVEPOINT", "RELEASE", "ROLLBACK")):
            return execute(*words)
        if self.left == 0:
            raise Killed
        self.left -= 1
        return execute(*words)


def everything() -> list[str | None]:
    """A fingerprint of every table that an act may write."""
    with connection.cursor() as cursor:
        prints = []
        for table in TABLES:
            cursor.execute(f"SELECT md5(string_agg(t::text, '|' ORDER BY t::text)) FROM {table} t")  # noqa: S608
            prints.append(cursor.fetchone()[0])
        return prints


def cut_everywhere(act: Callable[[], Any]) -> int:
    """Cuts an act after each of its statements in turn; gives how many statements it has."""
    rehearse(act)
    before, statements = everything(), 0
    while True:
        try:
            with connection.execute_wrapper(Axe(statements)):
                act()
        except Killed:
            assert everything() == before, f"cut after statement {statements}, something stayed"
            statements += 1
        else:
            return statements


def rehearse(act: Callable[[], Any]) -> None:
    """Once without a trace, so that what a process keeps in memory is there before the first cut."""
    with transaction.atomic():
        act()
        transaction.set_rollback(True)


@pytest.fixture
def acts(pipeline, sam, sue, hal, fay, lena):
    """Every act that writes more than one row, with a record that it may be done to."""
    lead, offer, deal, mine = make_contacted(sam), make_offer(sam), make_deal(sam, hal), make_lead(sam)
    lent, until = make_lead(sam), MONDAY + timedelta(days=1)
    lending.share(Lead, lent.pk, to=sue, until=until, by=lena.user, now=MONDAY)
    share = Share.objects.get()
    home, why = Pipeline.objects.get(pk=pipeline.pk), reason(pipeline, "return_deal")
    return {
        "capture": lambda: scouting.capture(
            home, make_enquiry(phone="+79160000001"), by=sam.user, now=MONDAY, keep_for=sam
        ),
        "offer": lambda: hunting.offer_from_lead(lead.pk, brief=BRIEF, by=sam.user, now=MONDAY),
        "accept": lambda: handoff.accept(Deal, offer.pk, by=hal.user, now=MONDAY),
        "return": lambda: hunting.return_to_scout(deal.pk, reason=why, comment="", by=hal.user, now=MONDAY),
        "win": lambda: farming.win(deal.pk, brief=BRIEF, by=hal.user, now=MONDAY),
        "touch": lambda: scouting.log_touch(mine.pk, kind="call", outcome="reached", by=sam.user, now=MONDAY),
        "share": lambda: lending.share(Lead, lead.pk, to=sue, until=until, by=lena.user, now=MONDAY),
        "take back": lambda: lending.take_back(Lead, lent.pk, share_id=share.pk, by=lena.user, now=MONDAY),
        "release": lambda: belt.release(Lead, mine.pk, by=sam.user, now=MONDAY),
    }


@pytest.mark.parametrize(
    "name", ["capture", "offer", "accept", "return", "win", "touch", "release", "share", "take back"]
)
def test_an_act_cut_short_has_not_happened(acts, name):
    statements = cut_everywhere(acts[name])

    assert statements > 5
    assert broken() == {}


def test_the_alarm_rings_when_an_act_is_not_whole(sam):
    """The same axe, on an act whose author forgot the transaction."""
    lead = make_lead(sam)

    def careless() -> None:
        belt.note(Lead, lead.pk, text="One.", by=sam.user, now=MONDAY)
        belt.note(Lead, lead.pk, text="Two.", by=sam.user, now=MONDAY)

    with pytest.raises(AssertionError, match="something stayed"):
        cut_everywhere(careless)
