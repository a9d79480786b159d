"""Two connections at once on real PostgreSQL: one wins, the other gets a sentence, nothing is doubled."""

from __future__ import annotations

import threading
from collections.abc import Callable
from contextlib import suppress
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection, transaction
from django.http import Http404

from deals import actions as hunting
from deals.models import Deal
from leads import actions as scouting
from leads.models import Lead, LeadGrant
from pipeline_crm.access.models import Share
from pipeline_crm.audit.models import Line
from pipeline_crm.clients.models import Client, OpenedHour
from pipeline_crm.conveyor import actions as belt
from pipeline_crm.conveyor import handoff, lending, opening
from pipeline_crm.conveyor.errors import Refused
from pipeline_crm.conveyor.models import HandOff
from pipeline_crm.conveyor.moves import keep
from pipeline_crm.conveyor.sweep import sweep
from pipeline_crm.outbox.models import Notice
from pipeline_crm.tiers.models import Pipeline, Rung, Seat, Tier
from pipeline_crm.timeline.models import Cause, Entry, Movement, Task
from pipeline_crm.users.models import User
from tests.cast import BRIEF, MONDAY, make_contacted, make_enquiry, make_lead, make_offer
from tests.laws.checker import broken

pytestmark = pytest.mark.django_db(transaction=True)


def at_once(*acts: Callable[[], Any]) -> list[Any]:
    """Runs acts at the same moment, each on its own connection; gives what each returned or raised."""
    barrier, results = threading.Barrier(len(acts)), [None] * len(acts)

    def run(place: int, act: Callable[[], Any]) -> None:
        try:
            connection.ensure_connection()
            barrier.wait(10)
            results[place] = act()
        except Exception as error:
            results[place] = error
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=pair) for pair in enumerate(acts)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    return results


def sentences(results: list[Any]) -> list[str]:
    """What the losers were told."""
    return [str(result) for result in results if isinstance(result, Exception)]


@pytest.fixture(autouse=True)
def every_promise_holds_afterwards():
    """After each race, the checker finds nothing."""
    yield
    assert broken() == {}


def test_the_alarm_rings_when_somebody_reads_then_writes(pipeline, sam, sue):
    """A claim as a careless programmer would write it: without a lock, both would have the record."""
    lead = make_lead(pipeline=pipeline)
    both_have_read = threading.Barrier(2)

    def careless_claim(who: Seat) -> None:
        item = Lead.objects.get(pk=lead.pk)
        both_have_read.wait(10)
        with transaction.atomic():
            item.give(who, now=MONDAY)
            keep(item, cause=Cause.CLAIMED, by=who.user, now=MONDAY)

    results = at_once(*(lambda who=who: careless_claim(who) for who in (sam, sue)))

    (caught,) = sentences(results)
    assert "a_move_counts_one_version" in caught
    assert Movement.objects.filter(stage="lead", record_id=lead.pk).count() == 2


def test_two_claim_one_record(pipeline, sam, sue):
    lead = make_lead(pipeline=pipeline)

    results = at_once(*(lambda who=who: belt.claim(Lead, lead.pk, by=who.user, now=MONDAY) for who in (sam, sue)))

    winner = Lead.objects.get(pk=lead.pk).seat
    assert winner in (sam, sue)
    assert sentences(results) == [f"{winner.user.name} has just taken this client."]
    assert Movement.objects.filter(stage="lead", record_id=lead.pk).count() == 2


def test_ten_claimers_and_ten_records_never_the_same_one(pipeline):
    from tests.cast import make_person, seat_at

    seats = [seat_at(pipeline, "lead", make_person(f"scout{n}")) for n in range(10)]
    leads = [make_lead(pipeline=pipeline) for _ in range(10)]

    at_once(*(lambda who=who: belt.take_next(Lead, who.tier, by=who.user, now=MONDAY) for who in seats))

    assert sorted(Lead.objects.values_list("seat", flat=True)) == [seat.pk for seat in seats]
    assert Movement.objects.filter(cause="claimed").count() == len(leads)


def test_a_task_done_while_another_is_set(pipeline, sam):
    """Past the lock of the acts, straight into the table: the record still knows when the next is due."""
    lead = make_lead(sam)
    told = {"stage": "lead", "record_id": lead.pk, "client_id": lead.client_id, "pipeline_id": lead.pipeline_id}
    told |= {"title": "Call", "due_at": MONDAY, "created_at": MONDAY}
    for _round in range(10):
        first = Task.objects.create(**told)
        at_once(
            lambda first=first: Task.objects.filter(pk=first.pk).update(done_at=MONDAY),
            lambda: Task.objects.create(**told),
        )

        assert Lead.objects.get(pk=lead.pk).next_task_at == MONDAY
        Task.objects.update(done_at=MONDAY)

    assert Lead.objects.get(pk=lead.pk).next_task_at is None


def test_a_last_free_place_is_taken_once(pipeline, sam):
    Seat.objects.filter(pk=sam.pk).update(capacity=1)
    for _ in range(2):
        make_lead(pipeline=pipeline)

    results = at_once(*(lambda: belt.take_next(Lead, sam.tier, by=sam.user, now=MONDAY) for _ in range(2)))

    assert Lead.objects.filter(seat=sam).count() == 1
    assert len(sentences(results)) == 1
    assert "Your hands are full" in sentences(results)[0]


def test_two_accept_one_offer_from_the_pool(pipeline, sam, hal, hana):
    Tier.objects.filter(pk=hal.tier_id).update(strategy="pool")
    deal = make_offer(sam)

    results = at_once(*(lambda who=who: belt.claim(Deal, deal.pk, by=who.user, now=MONDAY) for who in (hal, hana)))

    winner = Deal.objects.get(pk=deal.pk).seat
    assert sentences(results) == [f"{winner.user.name} has just taken this client."]
    assert list(HandOff.objects.values_list("state", "receiver")) == [("accepted", winner.pk)]


def test_accept_and_return_at_once_give_one_answer(pipeline, sam, hal):
    from tests.cast import reason

    deal = make_offer(sam)
    why = reason(pipeline, "return_deal")

    results = at_once(
        lambda: handoff.accept(Deal, deal.pk, by=hal.user, now=MONDAY, seen=deal.version),
        lambda: hunting.return_to_scout(deal.pk, reason=why, comment="", by=hal.user, now=MONDAY, seen=deal.version),
    )

    assert len([r for r in results if isinstance(r, Refused | Http404)]) == 1
    assert HandOff.objects.get().state in ("accepted", "returned")
    assert Movement.objects.filter(stage="deal").count() == 2


def test_accept_and_sweep_at_once(sam, hal, hana):
    deal = make_offer(sam)
    Rung.objects.all().delete()
    receiver = deal.seat

    accepted, swept = at_once(
        lambda: handoff.accept(Deal, deal.pk, by=receiver.user, now=deal.due_at, seen=deal.version),
        lambda: sweep(now=deal.due_at),
    )

    after = Deal.objects.get(pk=deal.pk)
    if isinstance(accepted, Exception):
        assert (after.state, swept) == ("offered", {"reassigned": 1})
        assert str(accepted) == "This client waited too long and has just been passed on."
    else:
        assert (after.state, after.seat) == ("open", receiver)
    assert Movement.objects.filter(stage="deal").count() == 2


def test_three_sweeps_at_once_move_each_lead_once(sam, sue):
    Rung.objects.all().delete()
    leads = [make_lead(sam) for _ in range(30)]

    at_once(*(lambda: sweep(now=MONDAY + timedelta(days=7)) for _ in range(3)))

    assert Lead.objects.filter(seat=sue).count() == len(leads)
    assert Movement.objects.filter(cause="stale").count() == len(leads)
    assert Notice.objects.filter(kind="taken_away").count() == len(leads)


def test_a_touch_and_a_sweep_at_once(sam, sue):
    Rung.objects.all().delete()
    lead = make_lead(sam)

    touched, _swept = at_once(
        lambda: scouting.log_touch(lead.pk, kind="call", outcome="no_answer", by=sam.user, now=lead.due_at),
        lambda: sweep(now=lead.due_at),
    )

    after = Lead.objects.get(pk=lead.pk)
    if isinstance(touched, Exception):
        assert (after.seat, str(touched)) == (sue, "This client waited too long and has just been passed on.")
    else:
        assert after.touched_at == lead.due_at


def test_two_qualify_one_lead(pipeline, sam, hal):
    lead = make_contacted(sam)

    results = at_once(
        *(lambda: hunting.offer_from_lead(lead.pk, brief=BRIEF, by=sam.user, now=MONDAY) for _ in range(2))
    )

    assert len(sentences(results)) == 1
    assert Deal.objects.count() == HandOff.objects.count() == 1


def test_one_phone_at_two_counters_is_one_client_and_one_lead(pipeline, sam, sue):
    def capture(who: Seat):
        home = Pipeline.objects.get(pk=pipeline.pk)
        return scouting.capture(home, make_enquiry(phone="+79161234567"), by=who.user, now=MONDAY, keep_for=who)

    results = at_once(*(lambda who=who: capture(who) for who in (sam, sue)))

    assert sorted(result.known for result in results) == [False, True]
    assert (Client.objects.count(), Lead.objects.count()) == (1, 1)


def test_hand_offs_and_sweeps_of_one_tier_never_deadlock(sam, sue, hal, hana):
    Rung.objects.all().delete()
    leads = [make_contacted(sam) for _ in range(8)]
    stale = [make_lead(sue) for _ in range(20)]

    def hand_on(part: list[Lead]) -> None:
        for lead in part:
            hunting.offer_from_lead(lead.pk, brief=BRIEF, by=sam.user, now=MONDAY)

    results = at_once(
        lambda: hand_on(leads[:4]),
        lambda: hand_on(leads[4:]),
        lambda: sweep(now=stale[0].due_at),
        lambda: sweep(now=stale[0].due_at),
    )

    assert sentences(results) == []
    assert Deal.objects.count() == len(leads)


def test_shares_are_given_while_their_ground_goes_and_nobody_waits_for_ever(pipeline, sam, sue, lena):
    """Leads are handed on and the borrower is dismissed, while the team lead goes on lending."""
    leads = [make_contacted(sam) for _ in range(8)]
    tomorrow = MONDAY + timedelta(days=1)

    def lend(part: list[Lead]) -> None:
        for lead in part:
            with suppress(Refused, Http404):
                lending.share(Lead, lead.pk, to=sue, until=tomorrow, by=lena.user, now=MONDAY)

    def hand_on(part: list[Lead]) -> None:
        for lead in part:
            hunting.offer_from_lead(lead.pk, brief=BRIEF, by=sam.user, now=MONDAY)

    lend(leads[:4])

    results = at_once(
        lambda: lend(leads),
        lambda: lend(leads[::-1]),
        lambda: hand_on(leads[:6]),
        lambda: User.objects.filter(pk=sue.user_id).update(is_active=False),
    )

    assert sentences(results) == []
    assert (Share.objects.filter(ended_at=None).count(), LeadGrant.objects.count()) == (0, 0)
    ended = Share.objects.count()
    assert Line.objects.filter(kind="shared").count() == Line.objects.filter(kind="share_ended").count() == ended


def test_the_last_contact_of_the_day_is_opened_once(pipeline, sam):
    Pipeline.objects.filter(pk=pipeline.pk).update(reveals_per_day=1)
    leads = [make_lead(sam) for _ in range(2)]

    results = at_once(
        *(lambda lead=lead: opening.reveal(Lead, lead.pk, by=sam.user, now=MONDAY) for lead in leads),
    )

    assert Entry.objects.filter(kind="revealed").count() == 1
    assert len(sentences(results)) == 1


def test_fifty_clicks_at_once_do_not_overspend_the_hour(pipeline, sam):
    Tier.objects.filter(pk=sam.tier_id).update(reveals_per_hour=7)
    leads = [make_lead(sam) for _ in range(10)]

    results = at_once(
        *(lambda lead=lead: opening.reveal(Lead, lead.pk, by=sam.user, now=MONDAY) for lead in leads * 5),
    )

    assert len(sentences(results)) == 43
    assert list(OpenedHour.objects.values_list("user", "count")) == [(sam.user_id, 7)]
    assert Entry.objects.filter(kind="revealed").count() == 7
    assert Line.objects.filter(kind="revealed", by=sam.user).count() == 7
