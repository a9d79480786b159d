"""Why this owner: the record tells its owner and whoever leads the tier, in a sentence."""

from __future__ import annotations

import re
from datetime import date

import pytest
from django.test import Client as Browser
from django.utils import timezone

from leads import actions as scouting
from leads.models import Lead
from pipeline_crm.conveyor.actions import claim, reassign
from pipeline_crm.conveyor.why import explain, why_this_owner
from pipeline_crm.tiers.models import Absence, Pipeline, Rule, Seat, Tier
from pipeline_crm.tiers.setup import setup
from pipeline_crm.timeline.models import Cause, Movement
from pipeline_crm.users.models import User
from tests.cast import MONDAY, make_enquiry, make_lead, make_person, seat_at
from tests.pages.reading import text_of

ALWAYS = (date(2026, 1, 1), date(2099, 1, 1))


def capture(pipeline, **fields) -> Lead:
    home = Pipeline.objects.get(pk=pipeline.pk)
    return Lead.objects.get(pk=scouting.capture(home, make_enquiry(**fields), by=None, now=MONDAY).item.pk)


def read(browser: Browser, lead: Lead) -> str:
    """The words of a record's page."""
    return " ".join(re.sub(r"<[^>]*>", " ", text_of(browser, f"/leads/{lead.pk}/")).split())


def send_away(seat: Seat) -> None:
    Absence.objects.create(seat=seat, first_day=ALWAYS[0], last_day=ALWAYS[1])


def write_rule(*seats: Seat, **fields) -> Rule:
    rule = Rule.objects.create(tier=seats[0].tier, name="Big orders", is_on=True, **fields)
    rule.seats.set(seats)
    return rule


def test_the_owner_reads_by_which_strategy_and_who_was_passed_over(browse, pipeline, sam, sue, lena):
    make_lead(seat_at(pipeline, "lead", make_person("vera", "Vera Vale"), capacity=1))
    send_away(seat_at(pipeline, "lead", make_person("pavel", "Pavel Petrov")))
    Tier.objects.filter(pk=sam.tier_id).update(strategy="round_robin")
    lead = capture(pipeline)

    told = read(browse(lead.seat), lead)

    assert "Why this owner In turn among 2 people. Passed over:" in told
    assert "Pavel P.: away" in told
    assert "Vera V.: no room" in told
    assert "Lena" not in told.split("Passed over:")[1].split("no room")[0]


def test_a_rule_is_named(browse, pipeline, sam, sue, lena):
    Tier.objects.filter(pk=sam.tier_id).update(strategy="round_robin")
    seat_at(pipeline, "lead", make_person("anna", "Anna Ash"))
    write_rule(sam, sue)
    lead = capture(pipeline)

    told = read(browse(lena), lead)

    assert "By the rule “Big orders”, in turn among 2 people." in told
    assert "Lena L., Anna A.: not in the rule" in told


def test_the_only_one_of_a_rule_and_a_rule_whose_people_are_away(browse, pipeline, sam, sue, olga):
    write_rule(sam)
    first = capture(pipeline)
    send_away(sam)
    second = capture(pipeline)

    assert "By the rule “Big orders”: nobody else could take the client." in read(browse(sam), first)
    told = read(browse(olga), second)
    assert "Nobody of the rule “Big orders” could take the client. Nobody else could take the client." in told


def test_who_chose_by_hand_and_who_took_from_the_pool_is_named(browse, pipeline, sam, sue, olga):
    chosen, taken = make_lead(sue), make_lead(pipeline=pipeline)
    reassign(Lead, chosen.pk, to=sam, by=olga, now=MONDAY)
    claim(Lead, taken.pk, by=sam.user, now=MONDAY)

    assert "Olga Orlova chose this person by hand." in read(browse(sam), chosen)
    assert "Sam Scout took the client from the pool." in read(browse(sam), taken)


def test_a_helping_tier_is_named(browse, pipeline, sam, hal, olga):
    Seat.objects.filter(pk=sam.pk).update(capacity=1)
    make_lead(sam)
    Tier.objects.filter(pk=sam.tier_id).update(when_full="widen")
    Tier.objects.filter(pk=hal.tier_id).update(helps=sam.tier_id)
    lead = capture(pipeline)

    told = read(browse(olga), lead)

    assert "Nobody had room here, so “Hunters” helped out. Nobody else could take the client." in told
    assert "Sam S.: no room" in told


def test_the_team_lead_reads_why_a_client_lies_in_the_pool_and_the_members_do_not(browse, pipeline, sam, lena):
    send_away(sam)
    lead = capture(pipeline)

    told = read(browse(lena), lead)

    assert "Why in the pool Nobody could take the client, so it went into the pool. Passed over:" in told
    assert "Sam S.: away" in told
    assert "Why in the pool" not in read(browse(sam), lead)


def test_steps_and_touches_do_not_hide_how_the_client_came(browse, pipeline, sam):
    lead = capture(pipeline)
    scouting.log_touch(lead.pk, kind="call", outcome="reached", text="Hello.", by=sam.user, now=timezone.now())

    assert "Nobody else could take the client." in read(browse(sam), lead)


def test_the_sentence_is_one_question_and_in_the_language_of_its_reader(
    browse, pipeline, sam, django_assert_num_queries
):
    lead, house = capture(pipeline), setup()

    with django_assert_num_queries(1):
        assert why_this_owner(lead, house) is not None
    User.objects.filter(pk=sam.user_id).update(language="ru")
    assert read(browse(sam), lead)


OLD = {"strategy": "weighted", "seat": 1, "candidates": [1, 2, 3], "skipped": {}}


@pytest.mark.parametrize(
    ("cause", "why", "sentence"),
    [
        (Cause.CAPTURED, OLD, "By weight among 3 people."),
        (Cause.CAPTURED, OLD | {"strategy": "least_loaded"}, "By least load among 3 people."),
        (Cause.CAPTURED, OLD | {"strategy": "expected_value"}, "By expected value among 3 people."),
        (Cause.CAPTURED, OLD | {"rule": 99, "rule_name": "Gone"}, "By the rule “Gone”, by weight among 3 people."),
        (Cause.CAPTURED, {"strategy": "own"}, "Olga Orlova wrote the client down and kept them."),
        (Cause.OFFERED, {"strategy": "earlier_owner"}, "The client came back to the person who had them before."),
        (Cause.PASSED, {"strategy": "same_person"}, "The client stayed with the same person: this tier works both stages."),
        (Cause.COVERED, {"strategy": "substitute"}, "Sue S. is away, and this is the substitute."),
        (Cause.CAME_BACK, {"strategy": "came_back"}, "The client came back to their owner."),
        (Cause.MOVED_BY_LEAD, {}, None),
        (Cause.CAPTURED, {"strategy": "a_strategy_of_tomorrow"}, None),
    ],
)  # fmt: skip
def test_every_assignment_ever_kept_is_told(sam, sue, olga, cause, why, sentence):
    move = Movement(cause=cause, why=why, to_seat=sam, from_seat=sue, to_tier=sam.tier, by=olga)

    told = explain(move, setup())

    assert (told.sentence if told else None) == sentence


def test_many_who_were_passed_over_are_counted_and_one_who_is_gone_is_left_out(pipeline, sam):
    seats = [seat_at(pipeline, "lead", make_person(f"p{n}", f"Person{n} Of Many")) for n in range(7)]
    skipped = {str(seat.pk): "full" for seat in seats} | {"999999": "absent"}
    move = Movement(cause=Cause.CAPTURED, why=OLD | {"skipped": skipped}, to_seat=sam, to_tier=sam.tier)

    names = ", ".join(seat.user.short_name for seat in seats[:5])
    assert explain(move, setup()).skipped == [("no room", f"{names} and 2 more")]
