"""A head of sales looks with somebody else's eyes: exactly what those would see, nothing done, everything written down."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.db import connection
from django.test import Client as Browser
from django.urls import reverse
from guardian.shortcuts import remove_perm

from pipeline_crm.access.gate import visible
from pipeline_crm.access.sight import read_sight
from pipeline_crm.access.viewing import Viewing, seen_with
from pipeline_crm.audit.models import Kind, Line
from pipeline_crm.conveyor.records import BELT, ConveyorItem
from pipeline_crm.tiers.models import Pipeline, Seat
from pipeline_crm.tiers.stages import Stage
from pipeline_crm.users.models import User
from tests.access.random_worlds import Chance
from tests.access.test_doors import ACTS, addresses
from tests.cast import MONDAY, make_account, make_contacted, make_deal, make_lead, make_offer, make_person, seat_at
from tests.marks import mark_of

pytestmark = pytest.mark.django_db
Browse = Callable[[User | Seat], Browser]
PAGE, STOP = "/oversight/view-as/", "/oversight/view-as/stop/"
BESIDE = ("django_session", "usersessions_usersession", "audit_", "oversight_", "users_counted")


@pytest.fixture(autouse=True)
def clock() -> Iterator[Any]:
    """It is Monday, until somebody moves on."""
    with time_machine.travel(MONDAY, tick=False) as clock:
        yield clock


@pytest.fixture
def records(sam: Seat, sue: Seat, hal: Seat, fay: Seat, lena: Seat) -> list[ConveyorItem]:
    """One in each relation to a scout."""
    account = make_account(sam, hal, fay)
    deal, offer = make_deal(sam, hal), make_offer(sam)
    leads = [make_contacted(sam), make_contacted(sue), make_lead(pipeline=sam.tier.pipeline), deal.lead, offer.lead]
    return [*leads, deal, offer, account.deal, account]


def look(browser: Browser, person: User | Seat | None, rights: str = "now", **more: Any) -> Any:
    """Begins to look with somebody's eyes."""
    pk = getattr(person, "user_id", None) or getattr(person, "pk", "new")
    return browser.post(PAGE, {"person": pk, "rights": rights, **more})


def met(browser: Browser, records: list[ConveyorItem]) -> list[int]:
    """How the page of each record answers."""
    return [browser.get(f"/{item.stage}s/{item.pk}/").status_code for item in records]


def listed(browser: Browser) -> list[list[str]]:
    """The records that each list and board of the belt links to."""
    pages = [f"/{stage}s/{page}" for stage in Stage for page in ("", "?view=pool", "?view=closed", "board/")]
    return [links(browser, page) for page in [*pages, "/", "/find/?q=a"]]


def links(browser: Browser, page: str) -> list[str]:
    answer = browser.get(page)
    text = answer.content.decode() if answer.status_code == 200 else ""
    return [str(answer.status_code), *sorted(set(re.findall(r'href="(/(?:lead|deal|account)s/\d+/)"', text)))]


# What is seen ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("who", ["sam", "sue", "hal", "fay", "lena"])
def test_each_page_shows_what_it_shows_to_the_person(
    records: list[ConveyorItem], olga: User, browse: Browse, request: pytest.FixtureRequest, who: str
) -> None:
    person, head = request.getfixturevalue(who), browse(olga)
    assert met(head, records) == [200] * len(records)

    assert look(head, person).status_code == 303

    own = browse(person)
    assert met(head, records) == met(own, records)
    assert listed(head) == listed(own)
    team = f"/reports/team/{person.tier_id}/"
    assert head.get(team).status_code == own.get(team).status_code


def test_in_a_firm_drawn_by_chance_the_eyes_see_what_the_person_sees_of_the_pipeline(clock: Any) -> None:
    world = Chance.of(3)
    clock.move_to(world.now)
    for home in world.pipelines:
        own = read_sight(world.chiefs[home.pk])
        for person in world.people:
            seen = seen_with(Viewing(home.pk, person.pk, "now", world.now + timedelta(minutes=5)), own)
            assert seen is not None
            looker = User.objects.get(pk=world.chiefs[home.pk].pk)
            looker.__dict__["sight"] = seen
            for model in BELT.values():
                here = model.objects.filter(pipeline=home)
                theirs = visible(User.objects.get(pk=person.pk), here)
                if person.username == "glass":
                    theirs = here.none()
                assert set(visible(looker, here).values_list("pk", flat=True)) == set(
                    theirs.values_list("pk", flat=True)
                )


def test_rights_are_tried_on_before_they_are_given(
    records: list[ConveyorItem], sam: Seat, hal: Seat, olga: User, pipeline: Pipeline, browse: Browse
) -> None:
    head = browse(olga)
    look(head, sam, f"lead:{sam.tier_id}")
    as_lead = met(head, records)
    look(head, sam, f"member:{hal.tier_id}", instead="on")
    as_hunter = met(head, records)
    look(head, None, "head")
    as_head = met(head, records)
    look(head, None, f"member:{sam.tier_id}")
    as_new = met(head, records)

    tim = seat_at(pipeline, Stage.LEAD, make_person("tim"))
    dora = seat_at(pipeline, Stage.LEAD, make_person("dora"), role=Seat.Role.LEAD)
    hank = seat_at(pipeline, Stage.DEAL, make_person("hank"))
    assert as_lead == met(browse(dora), records)
    assert as_hunter == met(browse(hank), records)
    assert as_head == [200] * len(records)
    assert as_new == met(browse(tim), records)
    assert (sam.refresh_from_db(), sam.role, sam.tier.works("lead")) == (None, "member", True)


def test_the_page_says_in_numbers_what_would_change(
    records: list[ConveyorItem], sam: Seat, olga: User, browse: Browse
) -> None:
    head = browse(olga)
    look(head, sam, f"lead:{sam.tier_id}")

    answer = head.get(PAGE)

    leads = answer.context["changes"][0]
    assert (leads.named, leads.pooled) == ((1, 3), (1, 1))
    assert f"{sam.user.name}: team lead of “{sam.tier.name}”" in answer.content.decode()


def test_of_another_pipeline_nothing_is_seen(stan: Seat, sam: Seat, olga: User, browse: Browse) -> None:
    seat_at(stan.tier.pipeline, Stage.LEAD, sam.user)
    theirs = make_contacted(Seat.objects.get(user=sam.user, tier=stan.tier))
    assert browse(sam).get(f"/leads/{theirs.pk}/").status_code == 200

    head = browse(olga)
    answers = [look(head, stan).status_code, look(head, sam, f"member:{stan.tier_id}").status_code]
    look(head, sam)

    assert (answers, head.get(f"/leads/{theirs.pk}/").status_code) == ([422, 422], 404)


# Nothing is done -------------------------------------------------------------------------------------------------


def test_nothing_can_be_done_meanwhile(records: list[ConveyorItem], sam: Seat, olga: User, browse: Browse) -> None:
    head = browse(olga)
    look(head, sam)
    tables = _tables()
    before = mark_of(tables)
    comforts = {"workbench:language", "workbench:theme", "workbench:pipeline", "oversight:stop-viewing"}
    acts = [one for one in addresses() if one.is_ours and one.name not in comforts and one.door != "public"]

    done = {one.name: head.post("/" + one.example.replace("/1/", f"/{records[0].pk}/")).status_code for one in acts}

    assert {name: code for name, code in done.items() if code != 403} == {"oversight:view-as": 422}
    assert set(ACTS) - set(done) == comforts
    assert mark_of(tables) == before


def _tables() -> list[str]:
    return [name for name in sorted(connection.introspection.table_names()) if not name.startswith(BESIDE)]


@pytest.mark.parametrize(
    "page",
    [
        "oversight:journal",
        "oversight:alarms",
        "exchange:exports",
        "erasure:requests",
        "workbench:notices",
        "mfa_index",
        "admin:index",
    ],
)
def test_only_the_belt_is_shown_meanwhile(sam: Seat, olga: User, browse: Browse, page: str) -> None:
    head = browse(olga)
    look(head, sam)

    answer = head.get(reverse(page))

    assert answer.status_code == 403
    assert "only the belt is shown" in answer.content.decode()
    assert list(Line.objects.filter(kind=Kind.DENIED).values_list("by", "detail__page")) == [(olga.pk, page)]


def test_what_was_just_opened_is_shut(records: list[ConveyorItem], sam: Seat, olga: User, browse: Browse) -> None:
    lead, head = records[0], browse(olga)
    phone = "+7 916"
    head.post(f"/leads/{lead.pk}/reveal/")

    look(head, sam)

    page = head.get(f"/leads/{lead.pk}/").content.decode()
    assert (phone in page, 'href="tel:' in page) == (True, False)


# It ends, and is written down ------------------------------------------------------------------------------------


def test_beginning_and_end_stand_in_the_journal(sam: Seat, olga: User, browse: Browse) -> None:
    head = browse(olga)
    look(head, sam, f"lead:{sam.tier_id}")
    assert "You look with somebody else’s eyes until" in head.get("/leads/").content.decode()

    assert head.post(STOP).status_code == 303

    lines = Line.objects.filter(kind__in=[Kind.VIEW_AS_BEGAN, Kind.VIEW_AS_ENDED]).order_by("id")
    detail = {"rights": f"lead:{sam.tier_id}", "instead": False}
    assert list(lines.values_list("kind", "by", "about", "pipeline_id", "detail")) == [
        (kind, olga.pk, sam.user_id, sam.tier.pipeline_id, detail) for kind in (Kind.VIEW_AS_BEGAN, Kind.VIEW_AS_ENDED)
    ]
    assert "You look with somebody else’s eyes" not in head.get("/leads/").content.decode()
    assert f"as team lead of tier no. {sam.tier_id}" in head.get("/oversight/journal/").content.decode()


def test_it_ends_after_half_an_hour(sam: Seat, hal: Seat, olga: User, browse: Browse, clock: Any) -> None:
    deal, head = make_deal(sam, hal), browse(olga)
    look(head, sam)
    assert head.get(f"/deals/{deal.pk}/").status_code == 404

    clock.move_to(MONDAY + timedelta(minutes=30))

    assert head.get(f"/deals/{deal.pk}/").status_code == 200
    assert Line.objects.filter(kind=Kind.VIEW_AS_ENDED).count() == 1


def test_who_heads_no_more_looks_no_more(sam: Seat, olga: User, browse: Browse) -> None:
    lead, head = make_contacted(sam), browse(olga)
    look(head, sam)
    assert head.get(f"/leads/{lead.pk}/").status_code == 200

    remove_perm("tiers.head_pipeline", olga, sam.tier.pipeline)

    assert head.get(f"/leads/{lead.pk}/").status_code == 404


def test_another_browser_of_the_same_head_sees_as_ever(sam: Seat, hal: Seat, olga: User, browse: Browse) -> None:
    deal = make_deal(sam, hal)
    look(browse(olga), sam)

    assert browse(olga).get(f"/deals/{deal.pk}/").status_code == 200


def test_somebody_new_needs_rights(olga: User, browse: Browse) -> None:
    answer = look(browse(olga), None)

    assert answer.status_code == 422
    assert "choose which ones they would have" in answer.content.decode()
