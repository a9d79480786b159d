"""No lead lies: what waited too long goes to somebody else, and everybody concerned hears of it."""

from datetime import timedelta

import pytest
from django.db import connection

from accounts import actions as farming
from accounts.models import Account
from deals.models import Deal
from leads import actions as scouting
from leads.models import Lead
from pipeline_crm.conveyor import actions as belt
from pipeline_crm.conveyor.models import HandOff
from pipeline_crm.conveyor.sweep import sweep
from pipeline_crm.outbox.models import Notice
from pipeline_crm.tiers.models import Rung, Seat, Step, Tier
from pipeline_crm.timeline.models import Entry, Movement
from tests.cast import MONDAY, make_account, make_contacted, make_lead, make_offer, make_person, seat_at

WEEK = timedelta(days=7)


@pytest.fixture(autouse=True)
def plain_ladder(pipeline):
    """One rung: somebody else gets it at once."""
    Rung.objects.filter(tier__pipeline=pipeline).delete()


def owner(model, pk) -> Seat | None:
    return model.objects.get(pk=pk).seat


def told(seat: Seat) -> list[str]:
    return list(Notice.objects.filter(user=seat.user).order_by("id").values_list("kind", flat=True))


def test_a_lead_nobody_touched_moves_to_the_other_scout(sam, sue):
    lead = make_lead(sam)

    done = sweep(now=MONDAY + WEEK)

    assert done == {"reassigned": 1}
    assert owner(Lead, lead.pk) == sue
    assert told(sam) == ["taken_away"]
    assert told(sue) == ["assigned"]
    last = Movement.objects.get(stage="lead", record_id=lead.pk, version=2)
    assert (last.cause, last.from_seat, last.to_seat, last.by) == ("stale", sam, sue, None)


def test_never_back_to_the_one_who_let_it_lie(sam):
    lead = make_lead(sam)

    done = sweep(now=MONDAY + WEEK)

    assert done == {"pooled": 1}
    assert owner(Lead, lead.pk) is None
    assert Movement.objects.get(record_id=lead.pk, version=2).why["skipped"] == {str(sam.pk): "cool_down"}


def test_a_lead_in_time_stays(sam, sue):
    lead = make_lead(sam)

    done = sweep(now=lead.due_at - timedelta(seconds=1))

    assert done == {}
    assert owner(Lead, lead.pk) == sam


def test_a_clock_stands_still_outside_working_hours(sam, sue):
    friday_evening = MONDAY + timedelta(days=4, hours=7, minutes=30)
    lead = make_lead(sam, now=friday_evening)

    done = sweep(now=friday_evening + timedelta(days=2))

    assert done == {}
    assert lead.due_at > MONDAY + WEEK - timedelta(hours=1)


def test_a_sweep_twice_is_a_sweep_once(sam, sue):
    lead = make_lead(sam)

    sweep(now=MONDAY + WEEK)
    again = sweep(now=MONDAY + WEEK)

    assert again == {}
    assert Movement.objects.filter(record_id=lead.pk, stage="lead").count() == 2
    assert Notice.objects.count() == 2


def test_absent_full_and_closed_seats_are_skipped(pipeline, sam, sue, lena):
    from tests.cast import make_person, seat_at

    away = seat_at(pipeline, "lead", make_person("away"))
    away.absences.create(first_day=MONDAY.date(), last_day=(MONDAY + WEEK).date())
    closed = seat_at(pipeline, "lead", make_person("closed"), is_open=False)
    gone = seat_at(pipeline, "lead", make_person("gone", is_active=False))
    Seat.objects.filter(pk=sue.pk).update(capacity=0)
    lead = make_lead(sam)

    sweep(now=MONDAY + WEEK)

    assert owner(Lead, lead.pk) is None
    assert Movement.objects.get(record_id=lead.pk, version=2).why["skipped"] == {
        str(sam.pk): "cool_down",
        str(sue.pk): "full",
        str(lena.pk): "full",
        str(away.pk): "absent",
        str(closed.pk): "closed",
        str(gone.pk): "inactive",
    }


def test_an_offer_nobody_answers_goes_to_the_next_hunter_with_its_brief(sam, hal, hana):
    deal = make_offer(sam)
    first = deal.seat
    other = hana if first == hal else hal

    sweep(now=deal.due_at)

    assert owner(Deal, deal.pk) == other
    assert list(HandOff.objects.order_by("id").values_list("state", "receiver", "giver")) == [
        ("expired", first.pk, sam.pk),
        ("offered", other.pk, sam.pk),
    ]
    assert len(set(HandOff.objects.values_list("summary", flat=True))) == 1


def test_the_pool_is_emptied_when_somebody_has_room_again(pipeline, sam):
    lead = make_lead(pipeline=pipeline)

    done = sweep(now=lead.due_at)

    assert done == {"assigned": 1}
    assert owner(Lead, lead.pk) == sam


def test_a_pool_nobody_can_empty_is_told_to_the_team_lead_once(pipeline, lena):
    lead = make_lead(pipeline=pipeline)

    done = [sweep(now=lead.due_at), sweep(now=lead.due_at)]

    assert done == [{"stuck": 1}, {}]
    assert told(lena) == ["pool_stuck"]


def test_a_parked_lead_comes_back_by_itself(sam):
    lead = make_contacted(sam)
    until = MONDAY + timedelta(days=3)
    scouting.park(lead.pk, until=until, by=sam.user, now=MONDAY)

    early, late = sweep(now=until - timedelta(seconds=1)), sweep(now=until)

    assert (early, late) == ({}, {"woken": 1})
    lead = Lead.objects.get(pk=lead.pk)
    assert (lead.state, lead.seat, lead.until) == ("contacted", sam, None)
    assert told(sam) == ["woken"]


def test_rungs_are_rows(sam, sue, lena):
    for act, delay in [("remind", 0), ("warn", 30), ("reassign", 60)]:
        Rung.objects.create(tier=sam.tier, act=act, delay_minutes=delay)
    lead = make_lead(sam)
    due = lead.due_at

    done = [sweep(now=due + timedelta(minutes=minutes)) for minutes in (0, 29, 30, 59, 60)]

    assert done == [{"reminded": 1}, {}, {"warned": 1}, {}, {"reassigned": 1}]
    assert told(sam) == ["reminded", "taken_away"]
    assert told(lena) == ["warned"]
    assert owner(Lead, lead.pk) == sue


def test_a_late_sweep_leaves_the_owner_the_time_between_two_rungs(sam, sue, lena):
    for act, delay in [("remind", 0), ("reassign", 60)]:
        Rung.objects.create(tier=sam.tier, act=act, delay_minutes=delay)
    lead = make_lead(sam)
    late = MONDAY + timedelta(days=1)

    done = [sweep(now=late + timedelta(minutes=minutes)) for minutes in (0, 59, 60)]

    assert done == [{"reminded": 1}, {}, {"reassigned": 1}]
    assert owner(Lead, lead.pk) == sue


def test_an_account_past_its_date_goes_to_another_farmer_once(pipeline, sam, hal, fay):
    other = seat_at(pipeline, "account", make_person("finn"))
    account = make_account(sam, hal, fay)
    farming.log_touch(account.pk, kind="call", outcome="reached", by=fay.user, now=MONDAY)
    Tier.objects.filter(pk=fay.tier_id).update(first_touch_minutes=None)
    Step.objects.filter(pipeline=pipeline).update(limit_minutes=None)
    late = MONDAY + timedelta(days=60)

    done = [sweep(now=late), sweep(now=late)]

    assert done == [{"reassigned": 1}, {}]
    after = Account.objects.get(pk=account.pk)
    assert (after.seat, after.next_touch_on < late.date()) == (other, True)
    assert after.due_at > late


def test_a_touch_turns_the_clock_back_and_the_ladder_to_its_foot(sam, sue):
    Rung.objects.create(tier=sam.tier, act="remind", delay_minutes=0)
    Rung.objects.create(tier=sam.tier, act="reassign", delay_minutes=60)
    lead = make_lead(sam)
    sweep(now=lead.due_at)

    scouting.log_touch(lead.pk, kind="call", outcome="no_answer", by=sam.user, now=lead.due_at)

    after = Lead.objects.get(pk=lead.pk)
    assert after.rung == 0
    assert after.due_at > lead.due_at
    assert sweep(now=lead.due_at + timedelta(minutes=30)) == {}


def test_an_edit_and_a_note_turn_no_clock(sam):
    lead = make_lead(sam)

    belt.edit(Lead, lead.pk, changes={"comment": "Likes oak."}, by=sam.user, now=MONDAY + timedelta(hours=1))
    belt.note(Lead, lead.pk, text="Likes oak.", by=sam.user, now=MONDAY + timedelta(hours=1))

    assert Lead.objects.get(pk=lead.pk).due_at == lead.due_at


def test_a_steps_time_is_not_turned_back_by_touches(sam):
    Tier.objects.filter(pk=sam.tier_id).update(silence_minutes=None, first_touch_minutes=None)
    lead = make_lead(sam)
    lead.step.limit_minutes = 60
    lead.step.save()
    lead = make_lead(sam)

    scouting.log_touch(lead.pk, kind="call", outcome="no_answer", by=sam.user, now=MONDAY + timedelta(minutes=30))

    assert Lead.objects.get(pk=lead.pk).due_at == MONDAY + timedelta(minutes=60)


def test_records_of_somebody_who_left_move_in_the_next_sweep(sam, sue):
    lead = make_lead(sam)
    sam.user.is_active = False
    sam.user.save()

    sweep(now=MONDAY)

    assert owner(Lead, lead.pk) == sue


def test_one_record_that_cannot_be_helped_does_not_hold_up_the_others(sam, sue, stan, caplog):
    broken, sound = make_lead(stan), make_lead(sam)
    Tier.objects.filter(pk=stan.tier_id).update(strategy="no such strategy")
    Rung.objects.filter(tier=stan.tier).delete()

    done = sweep(now=MONDAY + WEEK)

    assert done == {"failed": 1, "reassigned": 1}
    assert (owner(Lead, broken.pk), owner(Lead, sound.pk)) == (stan, sue)
    assert "could not act on lead" in caplog.text


def test_a_stage_that_cannot_be_read_does_not_hold_up_the_others(sam, sue, caplog):
    lead = make_lead(sam)
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE; SET CONSTRAINTS ALL DEFERRED")
        cursor.execute("ALTER TABLE accounts_account RENAME COLUMN stale_at TO lost")

    done = sweep(now=MONDAY + WEEK)

    assert (done, owner(Lead, lead.pk)) == ({"reassigned": 1}, sue)
    assert {line.levelname for line in caplog.records} == {"ERROR"}
    assert "could not ask where anything is due" in caplog.text


def test_a_reminder_is_a_line_of_the_history(sam):
    Rung.objects.create(tier=sam.tier, act="remind", delay_minutes=0)
    lead = make_lead(sam)

    sweep(now=lead.due_at)

    assert list(Entry.objects.values_list("kind", "record_id")) == [("reminded", lead.pk)]
