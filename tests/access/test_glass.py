"""An administrator sees no client for being one: who must, breaks the glass, for a reason, in sight and for some hours."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.core.exceptions import PermissionDenied
from django.db import DatabaseError, connection, transaction
from django.urls import reverse
from django.utils import timezone
from guardian.shortcuts import assign_perm

from leads.models import Lead
from pipeline_crm.access.gate import visible
from pipeline_crm.access.glass import break_glass
from pipeline_crm.access.models import BreakGlass
from pipeline_crm.access.sight import read_sight
from pipeline_crm.audit.models import Line
from pipeline_crm.outbox.models import Notice
from pipeline_crm.users.models import User
from tests.access.test_pages import TABLE, asked, cell, read
from tests.access.world import NOTHING, World, known
from tests.cast import MONDAY, break_open, make_contacted, make_lead, make_person, seat_at

PAGE, CLOSE = "/me/glass/", "/me/glass/close/"
WHY = "Sam is ill, and his client asks for the contract."
HOUR = timedelta(hours=1)


@pytest.fixture
def told(pipeline):
    """The form as it is sent."""
    return {"pipeline": pipeline.pk, "hours": 2, "reason": WHY}


def seen(user: Any) -> list[int]:
    """The leads that a person sees at this moment."""
    return sorted(visible(User.objects.get(pk=user.pk), Lead.objects.all()).values_list("pk", flat=True))


# What it opens ---------------------------------------------------------------------------------------------------


def test_it_opens_one_pipeline_for_the_hours_that_were_asked_for(browse, pipeline, sam, stan, root, told):
    lead, _foreign = make_lead(sam, name="Zoe Client"), make_lead(stan)
    with time_machine.travel(MONDAY, tick=False) as clock:
        browser = browse(root)
        before = browser.get(f"/leads/{lead.pk}/").status_code

        opened = browser.post(PAGE, told, follow=True)

        assert (before, opened.redirect_chain) == (404, [("/", 303), (f"/reports/conveyor/{pipeline.pk}/", 302)])
        assert seen(root) == [lead.pk]
        page = browser.get(f"/leads/{lead.pk}/")
        assert (page.status_code, "Zoe Client" in page.content.decode()) == (200, True)
        clock.shift(2 * HOUR - timedelta(seconds=1))
        assert browser.get(f"/leads/{lead.pk}/").status_code == 200
        clock.shift(timedelta(seconds=1))
        assert (browser.get(f"/leads/{lead.pk}/").status_code, seen(root)) == (404, [])


def test_closed_it_is_closed_for_the_very_next_request_of_every_browser(browse, pipeline, sam, root, told):
    lead, one, other = make_lead(sam), browse(root), browse(root)
    one.post(PAGE, told)
    before = other.get(f"/leads/{lead.pk}/").status_code

    answer = other.post(CLOSE)

    assert (before, answer.status_code, answer.headers["Location"]) == (200, 303, PAGE)
    assert [browser.get(f"/leads/{lead.pk}/").status_code for browser in (one, other)] == [404, 404]
    assert BreakGlass.objects.get().closed_at is not None


def test_who_is_no_administrator_any_more_looks_through_no_glass(browse, pipeline, sam, root, told):
    lead, browser = make_lead(sam), browse(root)
    browser.post(PAGE, told)

    User.objects.filter(pk=root.pk).update(is_superuser=False)

    assert [browser.get(address).status_code for address in (f"/leads/{lead.pk}/", PAGE)] == [404, 404]


def test_behind_the_glass_one_stands_as_the_head_of_that_pipeline(firm: World, bare_pages: None) -> None:
    """Every page and every act of the table answers as it answers the head of sales, but for files, for the journal, and for
    what a client asks of the head: whoever is watched there neither reads it nor moves its wires."""
    break_open(firm.users["root"], firm.pipeline)
    table, browser, cells = read(TABLE), firm.browsers["root"], {}

    for row, (method, url, sent) in asked(firm).items():
        with transaction.atomic():
            cells[row] = cell(getattr(browser, method)(url, sent))
            transaction.set_rollback(True)

    own = {row for row in cells if "glass" in row or ":exchange:" in row or ":oversight:" in row or ":erasure:" in row}
    assert cells == {row: table[row, "root" if row in own else "olga"] for row in cells}


def test_the_administrator_s_own_column_is_empty(firm: World) -> None:
    assert {cell for (_record, who), cell in known().items() if who == "root"} == {NOTHING}
    assert seen(firm.users["root"]) == []


# Who hears of it -------------------------------------------------------------------------------------------------


def test_the_heads_of_the_pipeline_are_told_who_and_why_and_cannot_mute_it(browse, pipeline, stan, olga, ada, root):
    otto = make_person("otto")
    assign_perm("tiers.head_pipeline", otto, stan.tier.pipeline)
    browse(olga).post("/notices/choice/", {"rhythm": "never", "hour": 8})

    break_open(root, pipeline)

    notices = Notice.objects.values_list("user__username", "kind", "is_muted")
    assert list(notices) == [("olga", "glass", False)]
    words = browse(olga).get("/notices/").context["page"].words[0].sentence
    assert words.startswith("Root Admin opened the clients of “Severny Park flats” until")
    assert words.endswith("The reason: A client asks for their data, and nobody else is here.")


def test_where_nobody_heads_the_team_leads_are_told(pipeline, lena, sam, root):
    leo = seat_at(pipeline, "deal", make_person("leo"), role="lead", capacity=0)
    User.objects.filter(pk=leo.user_id).update(is_active=False)

    break_open(root, pipeline)

    assert list(Notice.objects.values_list("user__username", flat=True)) == ["lena"]


def test_who_heads_the_pipeline_no_more_does_not_read_the_reason(browse, pipeline, olga, root):
    break_open(root, pipeline)
    olga.pipelineuserobjectpermission_set.all().delete()

    words = browse(olga).get("/notices/").context["page"].words[0].sentence

    assert words == "An administrator opened the clients of a pipeline and said why; it was written down."


def test_a_banner_stands_on_every_page_while_it_is_open(browse, pipeline, sam, root, told):
    browser = browse(root)
    addresses = ["/", "/leads/", "/find/", "/notices/", "/auth/password/change/", "/me/glass/", "/no/such/page/"]
    before = [CLOSE in browser.get(address, follow=True).content.decode() for address in addresses]

    browser.post(PAGE, told)

    opened = [CLOSE in browser.get(address, follow=True).content.decode() for address in addresses]
    browser.post(CLOSE)
    after = [CLOSE in browser.get(address, follow=True).content.decode() for address in addresses]
    assert (before, opened, after) == ([False] * 7, [True] * 7, [False] * 7)


def test_what_could_not_be_told_is_not_opened(pipeline, olga, root):
    """The notice and the opening are one commit: without the one there is not the other."""
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE outbox_notice ADD CONSTRAINT nobody_is_told CHECK (kind <> 'glass') NOT VALID")

    with pytest.raises(DatabaseError), transaction.atomic():
        break_open(root, pipeline)

    assert BreakGlass.objects.count() == 0


def test_the_journal_knows_when_it_was_opened_used_and_closed(browse, pipeline, sam, root, told):
    lead, browser = make_lead(sam), browse(root)
    browser.post(PAGE, told)
    for _ in range(2):
        browser.get(f"/leads/{lead.pk}/")
    browser.post(CLOSE)

    glass = BreakGlass.objects.get()
    lines = Line.objects.filter(kind__startswith="glass").order_by("id")
    assert list(lines.values_list("kind", "by", "pipeline_id", "client_id", "record_id")) == [
        ("glass_broken", root.pk, pipeline.pk, None, None),
        ("glass_used", root.pk, pipeline.pk, lead.client_id, lead.pk),
        ("glass_closed", root.pk, pipeline.pk, None, None),
    ]
    assert [line.detail.get("glass") for line in lines] == [glass.pk, None, glass.pk]
    assert WHY not in str(list(lines.values()))


# What is refused -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "wrong",
    [
        {"reason": ""},
        {"reason": "because"},
        {"reason": " " * 40},
        {"reason": "x" * 501},
        {"reason": "A good reason with a \x00 in it."},
        {"hours": "5"},
        {"hours": "-1"},
        {"hours": "x"},
        {"pipeline": "0"},
        {"pipeline": "9" * 30},
        {"pipeline": ""},
    ],
)
def test_without_a_reason_a_pipeline_and_an_end_nothing_opens(browse, root, olga, told, wrong):
    answer = browse(root).post(PAGE, told | wrong)

    assert (answer.status_code, BreakGlass.objects.count(), Notice.objects.count()) == (422, 0, 0)


@pytest.mark.parametrize("who", ["sam", "lena", "olga", "ada", "cody"])
def test_nobody_else_meets_the_page(request, browse, pipeline, told, who):
    browser = browse(request.getfixturevalue(who))

    answers = [browser.get(PAGE), browser.post(PAGE, told), browser.post(CLOSE)]

    assert [answer.status_code for answer in answers] == [404] * 3
    assert BreakGlass.objects.count() == 0


def test_the_act_itself_opens_to_administrators_only(pipeline, cody, olga):
    for person in (cody, olga):
        with pytest.raises(PermissionDenied):
            break_open(person, pipeline)


def test_a_session_that_has_stood_open_says_its_password_again(browse, pipeline, root, told):
    root.set_password("Kettle-42-lamp")
    root.save()
    browser = browse(root)
    browser.get("/notices/")

    with time_machine.travel(timezone.now() + timedelta(minutes=20)):
        answers = [browser.get(PAGE), browser.post(PAGE, told)]

    assert [answer.status_code for answer in answers] == [302, 302]
    assert {answer.headers["Location"].partition("?")[0] for answer in answers} == {reverse("account_reauthenticate")}
    assert BreakGlass.objects.count() == 0


# What stays ------------------------------------------------------------------------------------------------------


def test_a_second_time_closes_the_first_and_has_a_reason_of_its_own(pipeline, olga, root):
    for minutes in (0, 10):
        break_open(root, pipeline, now=MONDAY + timedelta(minutes=minutes))

    rows = list(BreakGlass.objects.order_by("id").values_list("opened_at", "closed_at"))
    assert rows == [(MONDAY, MONDAY + timedelta(minutes=10)), (MONDAY + timedelta(minutes=10), None)]
    assert Notice.objects.filter(user=olga).count() == 2


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE access_breakglass SET reason = 'Nothing of the kind, I swear to you.'",
        "UPDATE access_breakglass SET until = until + interval '1 minute'",
        "UPDATE access_breakglass SET user_id = user_id + 1",
        "UPDATE access_breakglass SET closed_at = now(), reason = 'Nothing of the kind, I swear to you.'",
        "UPDATE access_breakglass SET closed_at = opened_at - interval '1 minute'",
        "DELETE FROM access_breakglass",
        "INSERT INTO access_breakglass (user_id, pipeline_id, reason, opened_at, until)"
        " SELECT user_id, pipeline_id, reason, opened_at, opened_at + interval '5 hours' FROM access_breakglass",
        "INSERT INTO access_breakglass (user_id, pipeline_id, reason, opened_at, until)"
        " SELECT user_id, pipeline_id, 'because', opened_at, until FROM access_breakglass",
    ],
)
def test_the_database_itself_keeps_what_was_written(pipeline, root, change):
    break_open(root, pipeline)

    with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(change)


def test_what_was_closed_is_not_opened_again(pipeline, root):
    break_open(root, pipeline, now=MONDAY)
    BreakGlass.objects.update(closed_at=MONDAY + HOUR)

    with pytest.raises(DatabaseError), transaction.atomic():
        BreakGlass.objects.update(closed_at=None)


def test_it_costs_one_question_and_only_an_administrator_pays_it(pipeline, olga, root, django_assert_num_queries):
    for person in (olga, root):
        read_sight(person)

    with django_assert_num_queries(1):
        read_sight(olga)
    with django_assert_num_queries(2):
        read_sight(root)


def test_the_act_that_is_under_way_when_it_closes_is_the_last_one(pipeline, sam, root):
    lead = make_contacted(sam)
    glass = break_glass(pipeline=pipeline, reason=WHY, span=HOUR, by=root, now=timezone.now())
    before = seen(root)

    BreakGlass.objects.filter(pk=glass.pk).update(closed_at=timezone.now())

    assert (before, seen(root)) == ([lead.pk], [])
