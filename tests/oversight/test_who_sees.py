"""Who can see a record and why: for everybody of the house the same answer as the gate's, and the reasons in words."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
import time_machine
from django.test import Client as Browser

from deals.models import Deal
from leads.models import Lead
from pipeline_crm.access.gate import visible
from pipeline_crm.access.identity import acting_as
from pipeline_crm.access.sight import read_sight, sights_of
from pipeline_crm.audit.models import Kind, Line
from pipeline_crm.conveyor import actions as belt
from pipeline_crm.conveyor.records import BELT
from pipeline_crm.oversight.seeing import who_sees
from pipeline_crm.tiers.models import Pipeline, Seat
from pipeline_crm.tiers.stages import Stage
from pipeline_crm.users.models import User
from tests.access.random_worlds import Chance
from tests.cast import MONDAY, break_open, make_deal, make_lead, make_offer, make_person, seat_at
from tests.counting import Questions
from tests.length import LONG

pytestmark = pytest.mark.django_db
Browse = Callable[[User | Seat], Browser]
WORLDS = 40 if LONG else 2
LATER = MONDAY + timedelta(hours=1)


def page(browser: Browser, record: Lead | Deal) -> dict[str, dict[str, list[str]]]:
    """Who is listed, with the reasons, in both parts of the page."""
    answer = browser.get(f"/oversight/sight/{record.stage}/{record.pk}/")
    assert answer.status_code == 200
    return {part: {one.name: one.whys for one in answer.context[part]} for part in ("seeing", "parted")}


# The same as the gate --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("seed", range(WORLDS))
def test_in_firms_drawn_by_chance_those_are_listed_who_see_it_and_nobody_else(seed: int) -> None:
    with time_machine.travel(Chance.now, tick=False) as clock:
        world = Chance.of(seed)
        clock.move_to(world.now)
        people = world.people
        gate = {
            (model.__name__, pk, user.username)
            for model in BELT.values()
            for user in people
            for pk in visible(user, model.objects.all()).values_list("pk", flat=True)
        }

        listed = {
            (model.__name__, item.pk, seer.person.username)
            for model in BELT.values()
            for item in model.objects.all()
            for seer in who_sees(item, people)
        }
        at_the_door = {
            (model.__name__, item.pk, seer.person.username)
            for home, chief in world.chiefs.items()
            for model in BELT.values()
            for item in model.objects.filter(pipeline=home)
            for seer in _asked_by(chief, item, people)
        }
        records = sum(model.objects.count() for model in BELT.values())

    assert listed == gate
    # Asked with the eyes of the head of the pipeline, behind the second wall, nobody is left out.
    assert at_the_door == gate
    assert len(gate) > records > 10


def _asked_by(chief: User, item, people):  # type: ignore[no-untyped-def]
    with acting_as(chief.pk):
        return who_sees(item, people)


@pytest.mark.parametrize("seed", range(WORLDS))
def test_the_sights_of_all_are_the_sight_of_each(seed: int) -> None:
    with time_machine.travel(Chance.now, tick=False) as clock:
        world = Chance.of(seed)
        clock.move_to(world.now)

        assert sights_of(world.people) == {one.pk: read_sight(one) for one in world.people if one.is_active}


def test_as_many_questions_for_a_thousand_people_as_for_one(
    browse: Browse, pipeline: Pipeline, sam: Seat, olga: User
) -> None:
    lead = make_lead(pipeline=pipeline)
    address = f"/oversight/sight/lead/{lead.pk}/"
    browser = browse(olga)
    browser.get(address)
    with Questions() as few:
        assert browser.get(address).status_code == 200
    for number in range(12):
        seat_at(pipeline, Stage.LEAD, make_person(f"another{number}"))
    browser.get(address)

    with Questions() as many:
        answer = browser.get(address)

    assert len(answer.context["seeing"]) == 14
    assert len(many) == len(few)


# In words --------------------------------------------------------------------------------------------------------


def test_each_relation_has_its_reason_and_what_it_reads(
    browse: Browse, pipeline: Pipeline, sam: Seat, sue: Seat, hal: Seat, lena: Seat, olga: User, root: User
) -> None:
    with time_machine.travel(MONDAY, tick=False):
        held, pooled, offered = make_lead(sam), make_lead(pipeline=pipeline), make_offer(sam)
        break_open(root, pipeline, now=MONDAY)
        browser = browse(olga)
        tier, desk = sam.tier.name, f"They lead the tier “{sam.tier.name}”."
        above = {
            olga.name: [f"They head the pipeline “{pipeline.name}”."],
            root.name: ["Emergency access, until today\xa011:00."],
        }
        in_pool = [f"They work at the tier “{tier}”, and it lies in its pool."]

        told = {name: page(browser, one) for name, one in (("held", held), ("pooled", pooled), ("offered", offered))}
        answer = browser.get(f"/oversight/sight/lead/{pooled.pk}/")

    lead = {lena.user.name: [desk]}
    assert told["held"]["seeing"] == {sam.user.name: ["They hold it since today\xa010:00."]} | lead | above
    assert (
        told["pooled"]["seeing"]
        == {sam.user.name: in_pool, sue.user.name: in_pool} | {lena.user.name: [*in_pool, desk]} | above
    )
    waits = ["It is offered to them since today\xa010:00 and waits for their answer."]
    assert told["offered"]["seeing"] == {hal.user.name: waits} | above
    reads = {one.name: (one.reads, one.hidden) for one in answer.context["seeing"]}
    assert reads[sam.user.name] == (
        "step and clock, source and product, amount",
        "name of the client, brief, contacts, history, notes, tasks",
    )
    assert reads[olga.name] == (
        "step and clock, source and product, amount, name of the client, brief, history, notes, tasks, contacts masked",
        "",
    )


def test_who_had_it_stands_there_with_the_moment_at_which_it_left_their_sight(
    browse: Browse, sam: Seat, sue: Seat, hal: Seat, lena: Seat, olga: User
) -> None:
    with time_machine.travel(MONDAY, tick=False) as clock:
        passed, handed = make_lead(sam), make_deal(sam, hal).lead
        clock.move_to(LATER)
        belt.reassign(Lead, passed.pk, to=sue, by=lena.user, now=LATER)
        browser = browse(olga)

        told = page(browser, passed), page(browser, handed)

    left = "It was with them since today\xa010:00 and left their sight today\xa0"
    assert told[0]["parted"] == {sam.user.name: [f"{left}11:00."]}
    assert told[1]["parted"] == {sam.user.name: [f"{left}10:00."]}


def test_who_put_it_into_the_pool_sees_it_there_until_somebody_takes_it(
    browse: Browse, sam: Seat, sue: Seat, lena: Seat, olga: User
) -> None:
    with time_machine.travel(MONDAY, tick=False) as clock:
        lead = make_lead(sam)
        clock.move_to(LATER)
        belt.release(Lead, lead.pk, by=sam.user, now=LATER)
        browser = browse(olga)
        in_pool = page(browser, lead)
        clock.move_to(taken := LATER + timedelta(hours=1))
        belt.reassign(Lead, lead.pk, to=sue, by=lena.user, now=taken)

        told = page(browser, lead)

    assert (list(in_pool["parted"]), sam.user.name in in_pool["seeing"]) == ([], True)
    words = "It was with them since today\xa010:00 and left their sight today\xa012:00."
    assert told["parted"] == {sam.user.name: [words]}


def test_who_does_not_work_here_any_more_is_never_listed_as_seeing(browse: Browse, sam: Seat, olga: User) -> None:
    with time_machine.travel(MONDAY, tick=False):
        lead = make_lead(sam)
        User.objects.filter(pk=sam.user_id).update(is_active=False)

        told = page(browse(olga), lead)

    assert list(told["seeing"]) == [olga.name]
    assert told["parted"] == {
        sam.user.name: ["It was with them since today\xa010:00.", "They do not work here any more."]
    }


# Whom it is for --------------------------------------------------------------------------------------------------


def test_it_is_for_the_appointed_head_alone_and_others_cannot_tell_it_from_nothing(
    browse: Browse, pipeline: Pipeline, sam: Seat, lena: Seat, hal: Seat, stan: Seat, olga: User, ada: User, root: User
) -> None:
    lead, foreign = make_lead(sam), make_lead(stan)
    break_open(root, pipeline)
    people = {"olga": olga, "sam": sam, "lena": lena, "hal": hal, "ada": ada, "root": root, "stan": stan}

    codes = {
        name: [
            browse(who).get(f"/oversight/sight/{place}/").status_code
            for place in (f"lead/{lead.pk}", f"lead/{foreign.pk}", f"lead/{2**62}", f"nothing/{lead.pk}")
        ]
        for name, who in people.items()
    }

    assert codes == {name: [200 if name == "olga" else 404, 404, 404, 404] for name in people}


def test_the_page_of_a_record_leads_there_for_the_head_alone(browse: Browse, sam: Seat, lena: Seat, olga: User) -> None:
    lead = make_lead(sam)
    address = f"/oversight/sight/lead/{lead.pk}/"

    shown = {name: address in browse(who).get(f"/leads/{lead.pk}/").content.decode() for name, who in
             (("sam", sam), ("lena", lena), ("olga", olga))}  # fmt: skip

    assert shown == {"sam": False, "lena": False, "olga": True}


def test_whoever_asks_stands_in_the_journal(browse: Browse, sam: Seat, olga: User) -> None:
    lead = make_lead(sam)

    browse(olga).get(f"/oversight/sight/lead/{lead.pk}/")

    rows = Line.objects.filter(by=olga, kind=Kind.VIEWED).values_list("stage", "record_id", "client_id", "detail")
    assert list(rows) == [("lead", lead.pk, lead.client_id, {"how": "full"})]
