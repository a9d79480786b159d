"""Alarms and journal as their readers see them: each of their own pipelines, and no client for a security officer."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.test import Client as Browser

from pipeline_crm.audit.actions import Fact, note, note_many
from pipeline_crm.audit.models import Kind, Line, Trap
from pipeline_crm.tiers.actions import appoint
from pipeline_crm.tiers.models import Pipeline, Seat
from pipeline_crm.users.models import User
from tests.cast import MONDAY, make_lead, make_person
from tests.counting import Questions

pytestmark = pytest.mark.django_db
Browse = Callable[[User | Seat], Browser]


@pytest.fixture
def oscar(pipeline: Pipeline) -> User:
    """A security officer."""
    person = make_person("oscar", "Oscar Officer")
    appoint(pipeline, "audit_pipeline", [person])
    return person


def lines_of(browser: Browser, **asked: object) -> list[str]:
    answer = browser.get("/oversight/journal/", asked)
    assert answer.status_code == 200
    return [line.words for line in answer.context["page"].lines if "journal" not in line.kind]


def test_a_head_and_an_officer_read_the_journal_and_nobody_else(
    browse: Browse, olga: User, oscar: User, sam: Seat, lena: Seat, ada: User, cody: User, root: User
) -> None:
    for page in ("alarms", "journal"):
        codes = [
            browse(who).get(f"/oversight/{page}/").status_code for who in (olga, oscar, sam, lena, ada, cody, root)
        ]
        assert codes == [200, 200, 404, 404, 404, 404, 404]


def test_an_officer_reads_who_did_what_and_meets_no_client(browse: Browse, oscar: User, sam: Seat) -> None:
    lead = make_lead(sam, name="Nobody Else", phone="+79161112233")
    browse(sam).get(f"/leads/{lead.pk}/")
    browser = browse(oscar)

    page = browser.get("/oversight/journal/?kind=viewed").content.decode()

    assert f"Lead no. {lead.pk}" in page
    assert ("Sam Scout" in page, "Nobody" in page, "1112233" in page, f"/leads/{lead.pk}/" in page) == (
        True,
        False,
        False,
        False,
    )
    assert browser.get(f"/leads/{lead.pk}/").status_code == 404
    assert browser.get("/leads/").status_code == 404


def test_a_head_reads_of_their_own_pipelines_only(browse: Browse, olga: User, sam: Seat, stan: Seat) -> None:
    for who in (sam, stan):
        note(Kind.VIEWED, by=who.user, now=MONDAY, pipeline=who.tier.pipeline_id, client=1, record=("lead", 1))

    answer = browse(olga).get("/oversight/journal/", {"kind": "viewed"})

    assert [line.who for line in answer.context["page"].lines] == ["Sam Scout"]


def test_the_journal_is_sifted(browse: Browse, olga: User, oscar: User, sam: Seat, sue: Seat) -> None:
    lead, home = make_lead(sam, phone="+79161112233"), sam.tier.pipeline_id
    note(Kind.REVEALED, by=sam.user, now=MONDAY, pipeline=home, client=lead.client_id, record=("lead", lead.pk))
    note(Kind.VIEWED, by=sue.user, now=MONDAY + timedelta(days=1), pipeline=home, client=7, record=("lead", 7))
    browser = browse(olga)
    shown, seen = (
        f"contact shown in full · Lead no. {lead.pk} · client no. {lead.client_id}",
        "card opened · Lead no. 7 · client no. 7",
    )

    assert lines_of(browser, kind="revealed") == [shown]
    assert lines_of(browser, person=sue.user_id, kind="viewed") == [seen]
    assert lines_of(browser, client=lead.client_id) == [shown]
    assert lines_of(browser, contact="8 916 111-22-33") == [shown]
    assert lines_of(browser, contact="+7 916 000-00-00") == []
    assert lines_of(browse(oscar), contact="+7 916 111-22-33") == [shown]
    assert lines_of(browser, since="2026-11-17", until="2026-11-17") == [seen]


def test_a_search_is_noted_without_what_was_typed(browse: Browse, olga: User, sam: Seat) -> None:
    lead = make_lead(sam, name="Rare Bird", phone="+79161112233")
    browser = browse(sam)

    for typed in ("Rare", "8 916 111-22-33", "+7 916 999-99-99", ""):
        browser.get("/find/", {"q": typed})

    told = list(Line.objects.filter(kind="searched").order_by("id").values_list("detail", "traces"))
    assert [detail for detail, _traces in told] == [
        {"clients": [lead.client_id]},
        {"clients": [lead.client_id]},
        {"clients": []},
    ]
    assert [len(traces) for _detail, traces in told] == [0, 1, 1]
    assert lines_of(browse(olga), contact="+7 916 999-99-99") == ["searched · 0 clients found"]


@pytest.mark.parametrize(
    "asked", ["client=0", "client=99999999999999999999", "person=x", "kind=x", "since=2026-13-01", "person=99999999"]
)
def test_what_cannot_be_asked_gets_a_sentence(browse: Browse, olga: User, sam: Seat, asked: str) -> None:
    assert browse(olga).get(f"/oversight/journal/?{asked}").status_code == 422


@pytest.mark.parametrize(
    "before", ["x", "2026-11-16~1", "2026-99-16T10:00:00+00:00~1", "2026-11-16T10:00:00+00:00~" + "9" * 30]
)
def test_a_broken_place_in_the_journal_is_its_beginning(browse: Browse, olga: User, before: str) -> None:
    assert browse(olga).get("/oversight/journal/", {"before": before}).status_code == 200


def test_the_journal_is_read_page_by_page_without_a_gap(browse: Browse, olga: User, sam: Seat) -> None:
    home = sam.tier.pipeline_id
    note_many(
        [Fact(Kind.VIEWED, sam.user, pipeline=home, client=n, record=("lead", n)) for n in range(120)], now=MONDAY
    )
    browser, address, read = browse(olga), "/oversight/journal/?kind=viewed", []

    while address:
        answer = browser.get(address)
        read += [line.words for line in answer.context["page"].lines]
        address = f"/oversight/journal/{answer.context['more']}" if answer.context["more"] else ""

    assert len(read) == len(set(read)) == 120


def test_the_pages_ask_few_questions_however_much_there_is(browse: Browse, olga: User, sam: Seat) -> None:
    browser, home, asked = browse(olga), sam.tier.pipeline_id, list[tuple[int, int]]()
    for _go in range(2):
        counts = []
        for page in ("journal", "alarms"):
            browser.get(f"/oversight/{page}/")
            with Questions() as queries:
                browser.get(f"/oversight/{page}/")
            counts.append(len(queries))
        asked.append((counts[0], counts[1]))
        facts = [Fact(Kind.VIEWED, sam.user, pipeline=home, client=n, record=("lead", n)) for n in range(60)]
        note_many(facts, now=MONDAY)

    assert asked[0] == asked[1]
    assert max(asked[0]) <= 8


def test_a_trip_wire_is_laid_and_taken_up_on_the_page(browse: Browse, olga: User, sam: Seat, stan: Seat) -> None:
    lead, foreign, browser = make_lead(sam), make_lead(stan), browse(olga)

    answers = [
        browser.post("/oversight/traps/", {"stage": "lead", "number": n}).status_code for n in (lead.pk, foreign.pk, 0)
    ]
    laid = list(Trap.objects.values_list("client_id", flat=True))
    sams = browse(sam).post("/oversight/traps/", {"stage": "lead", "number": lead.pk}).status_code
    ended = [browser.post(f"/oversight/traps/{lead.client_id}/take-up/").status_code for _twice in range(2)]

    assert (answers, laid, sams, ended) == ([303, 422, 422], [lead.client_id], 404, [303, 404])
    assert list(Line.objects.filter(kind__startswith="trap_").values_list("kind", flat=True)) == [
        "trap_laid",
        "trap_taken",
    ]
