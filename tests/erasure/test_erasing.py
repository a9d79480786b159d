"""A client who asks to be erased is gone from every table, and the firm's figures are what they were."""

from __future__ import annotations

import logging
from datetime import timedelta
from difflib import unified_diff
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command
from django.db import DatabaseError, connection, transaction
from guardian.shortcuts import assign_perm

from accounts.models import Account
from leads import actions as scouting
from pipeline_crm.audit.models import Line, Trap
from pipeline_crm.audit.verifying import verify
from pipeline_crm.clients.models import Client
from pipeline_crm.erasure import actions
from pipeline_crm.erasure.models import Erasure
from pipeline_crm.exchange.actions import Intake
from pipeline_crm.exchange.models import Export, ImportedRow
from pipeline_crm.exchange.reading import LeadRow, Rejected, Row
from pipeline_crm.tiers.models import Pipeline, Seat
from pipeline_crm.timeline.models import Entry
from pipeline_crm.users.models import User
from tests.cast import MONDAY, make_enquiry, make_lead, make_person
from tests.erasure.conftest import (
    EMAIL,
    LATER,
    PHONE,
    TOKENS,
    WISH,
    Browse,
    ask,
    dump,
    figures,
    found_in,
    sums_told,
)

# Everywhere ------------------------------------------------------------------------------------------------------


def test_no_word_of_theirs_is_left_and_the_figures_are_kept(
    browse: Browse, olga: User, account: Account, caplog: Any, tmp_path: Path
) -> None:
    # Nobody is late with whom nobody may get in touch with: the clock is the one figure that an erasure stops.
    browse(olga).post(f"/accounts/{account.pk}/consent/", {"says": "never", "source": "call"})
    before, reports = dump(), sums_told(browse(olga), account)
    assert found_in(before) >= {
        "clients_client",
        "clients_contactpoint opened",
        "timeline_entry",
        "timeline_task",
        "conveyor_handoff",
        "leads_lead",
        "deals_deal",
        "accounts_account",
        "access_breakglass",
        "django_admin_log",
        "django_session opened",
        "exchange_export",
        "exchange_export opened",
    }
    assert ImportedRow.objects.count() == 1
    counted = figures()

    with caplog.at_level(logging.DEBUG):
        erasure = ask(browse(olga), account)
        done = actions.run_due(now=LATER)

    assert done == 1
    assert found_in(dump()) == set()
    assert figures() == counted
    assert TOKENS.findall(caplog.text) == []
    assert (ImportedRow.objects.count(), Trap.objects.count()) == (0, 0)
    assert [file for file in tmp_path.rglob("*") if TOKENS.search(file.read_text())] == []
    export = Export.objects.get()
    assert (export.state, export.why, export.parts.count()) == ("over", "erased", 0)
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")  # the journal's chain is linked at the commit
    verdict = verify()
    assert (verdict.found, verdict.faults) == (0, [])
    told = sums_told(browse(olga), account)
    assert list(unified_diff("\n".join(reports).split("\n"), "\n".join(told).split("\n"), n=0)) == []
    erasure = Erasure.objects.get(pk=erasure.pk)
    assert erasure.removed == {
        "access_breakglass": 1,
        "accounts_account": 1,
        "clients_client": 1,
        "clients_contactpoint": 2,
        "conveyor_handoff": 3,
        "deals_deal": 2,
        "django_admin_log": 1,
        "django_session": erasure.removed["django_session"],
        "exchange_export": 2,
        "exchange_exportpart": 1,
        "exchange_importedrow": 1,
        "leads_lead": 1,
        "timeline_entry": erasure.removed["timeline_entry"],
        "timeline_task": 2,
    }


def test_those_who_had_them_read_that_they_are_erased(browse: Browse, olga: User, fay: Seat, account: Account) -> None:
    ask(browse(olga), account)
    actions.run_due(now=LATER)

    page = browse(fay).get(f"/accounts/{account.pk}/")
    words = page.content.decode()
    answers = {
        act: browse(fay).post(f"/accounts/{account.pk}/{act}/", sent).status_code
        for act, sent in {
            "reveal": {},
            "note": {"text": "I remember them."},
            "edit": {"name": "zqnameqz", "cadence_days": 20},
            "task": {"title": "Find them", "due_at": "2026-11-20T12:00"},
            "touch": {"kind": "meeting", "text": "Met them."},
        }.items()
    }

    assert (page.status_code, "The data of this client were erased" in words, f"№ {account.client_id}" in words) == (
        200,
        True,
        True,
    )
    assert answers == dict.fromkeys(answers, 422)
    assert found_in(dump()) == set()


# Who, and when ---------------------------------------------------------------------------------------------------


def test_it_is_the_head_of_sales_who_answers_and_nobody_else(
    browse: Browse, account: Account, olga: User, fay: Seat, hal: Seat, lena: Seat, ada: User, cody: User, root: User
) -> None:
    people = {"olga": olga, "fay": fay, "hal": hal, "lena": lena, "ada": ada, "cody": cody, "root": root}

    pages = {who: browse(person).get(f"/requests/account/{account.pk}/").status_code for who, person in people.items()}
    lists = {who: browse(person).get("/requests/").status_code for who, person in people.items()}
    tried = {
        who: browse(person).post(f"/requests/account/{account.pk}/erase/", WISH).status_code
        for who, person in people.items()
    }

    assert pages == {**dict.fromkeys(people, 404), "olga": 200}
    assert lists == {**dict.fromkeys(people, 404), "olga": 200}
    assert tried == {**dict.fromkeys(people, 404), "olga": 303}


def test_open_work_asks_for_a_word_and_a_second_wish_is_none(browse: Browse, olga: User, account: Account) -> None:
    browser, address = browse(olga), f"/requests/account/{account.pk}/erase/"

    hasty = browser.post(address, {"basis": "asked"})
    ask(browser, account)
    twice = browser.post(address, WISH)

    assert (hasty.status_code, "open still" in hasty.content.decode()) == (422, True)
    assert (twice.status_code, Erasure.objects.count()) == (422, 1)


def test_it_waits_a_day_and_the_heads_are_told(browse: Browse, olga: User, account: Account, monday: Any) -> None:
    erasure = ask(browse(olga), account)

    assert actions.run_due(now=LATER - timedelta(seconds=1)) == 0
    assert "zqnameqz" in Client.objects.get(pk=account.client_id).name
    assert erasure.runs_at == LATER
    told = browse(olga).get("/notices/").content.decode()
    assert "will be erased. Until then a head of sales can stop it." in told


def test_until_then_a_head_stops_it(browse: Browse, olga: User, account: Account) -> None:
    erasure = ask(browse(olga), account)

    answer = browse(olga).post(f"/requests/{erasure.key}/stop/")
    late = browse(olga).post(f"/requests/{erasure.key}/stop/")

    assert (answer.status_code, late.status_code) == (303, 422)
    assert actions.run_due(now=LATER) == 0
    assert Client.objects.get(pk=account.client_id).erased_at is None
    assert list(Line.objects.filter(kind="erased").order_by("id").values_list("detail__act", flat=True)) == [
        "asked",
        "stopped",
    ]


def test_the_head_of_another_pipeline_that_knows_them_stops_it(
    browse: Browse, olga: User, account: Account, stan: Seat
) -> None:
    other = Pipeline.objects.get(pk=stan.tier.pipeline_id)
    chief = make_person("chief2", "Carla Chief")
    assign_perm("tiers.head_pipeline", chief, other)
    scouting.capture(other, make_enquiry(phone=PHONE), by=stan.user, now=MONDAY, keep_for=stan)
    erasure = ask(browse(olga), account)

    act = browse(chief).get(f"/requests/{erasure.key}/")

    assert (act.status_code, "zq" in act.content.decode()) == (200, False)
    assert browse(chief).post(f"/requests/{erasure.key}/stop/").status_code == 303


# Whatever happens ------------------------------------------------------------------------------------------------


def test_a_doubled_ring_erases_once(browse: Browse, olga: User, account: Account) -> None:
    erasure = ask(browse(olga), account)

    assert [actions.run(erasure.pk, now=LATER) for _ring in range(3)] == [True, False, False]
    assert Line.objects.filter(kind="erased", detail__act="done").count() == 1


@pytest.mark.parametrize("place", range(6))
def test_killed_between_any_two_of_its_steps_it_begins_anew(
    browse: Browse, olga: User, account: Account, monkeypatch: Any, place: int
) -> None:
    """A worker that dies takes its transaction with it; what dies here is each step in turn, after it was done."""
    erasure, before = ask(browse(olga), account), None
    names = ("_bar", "remove_exports", "remove_flashes", "_removed", "_note", "_tell_heads")
    step = getattr(actions, names[place])

    def dies(*args: Any, **kwargs: Any) -> Any:
        step(*args, **kwargs)
        raise SystemExit

    before = dump()
    with monkeypatch.context() as patch:
        patch.setattr(actions, names[place], dies)
        with pytest.raises(SystemExit):
            actions.run(erasure.pk, now=LATER)

    assert dump() == before
    assert actions.run(erasure.pk, now=LATER)
    assert found_in(dump()) == set()


def test_nobody_else_changes_what_is_past(browse: Browse, olga: User, account: Account) -> None:
    erasure = ask(browse(olga), account)
    tries = [
        "UPDATE timeline_entry SET text = ''",
        "DELETE FROM timeline_entry",
        "UPDATE timeline_movement SET why = '{}'",
        f"SELECT crm_erase({erasure.pk}, '{{}}')",
        "UPDATE erasure_erasure SET state = 'done', done_at = now()",
        "UPDATE erasure_erasure SET runs_at = now() - interval '1 day'",
        "DELETE FROM erasure_erasure",
    ]

    for sql in tries:
        for role in ("crm_web", "crm_system"):
            assert is_refused(role, sql), (role, sql)
    assert Entry.objects.filter(text="zqnoteqz").count() == 1


def is_refused(role: str, sql: str) -> bool:
    """Whether PostgreSQL refuses a statement to a role of the site, even where its triggers are told to look away."""
    looks_away = "{pgtrigger_entries_are_append_only_320e5,pgtrigger_movements_are_append_only_4b4b5}"
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(
                "SELECT set_config('role', %s, true), set_config('pgtrigger.ignore', %s, true)", [role, looks_away]
            )
            cursor.execute(sql)
    except DatabaseError:
        return True
    return False


# Afterwards ------------------------------------------------------------------------------------------------------


def test_who_comes_again_is_new(browse: Browse, olga: User, pipeline: Pipeline, sam: Seat, account: Account) -> None:
    ask(browse(olga), account)
    actions.run_due(now=LATER)

    came = scouting.capture(pipeline, make_enquiry(phone=PHONE), by=sam.user, now=LATER, keep_for=sam)

    assert (came.known, came.item.client_id != account.client_id, came.item.barred) == (False, True, False)


def test_who_asked_for_silence_too_is_not_taken_in_from_a_list(
    browse: Browse, olga: User, pipeline: Pipeline, sam: Seat, lena: Seat, account: Account
) -> None:
    ask(browse(olga), account, no_contact="on")
    actions.run_due(now=LATER)
    assert found_in(dump()) == set()

    bought = Intake(pipeline).take(Row(1, LeadRow(name="Irina", phones=(PHONE,)), ()), now=LATER)
    call_command("rotate_keys")
    still = Intake(pipeline).take(Row(1, LeadRow(name="Irina", emails=(EMAIL,)), ()), now=LATER)
    came = scouting.capture(pipeline, make_enquiry(phone=PHONE), by=sam.user, now=LATER, keep_for=sam)

    assert (isinstance(bought, Rejected), isinstance(still, Rejected)) == (True, True)
    assert (came.item.barred, came.item.awaits_lead, came.item.seat) == (True, True, None)


def test_what_a_backup_brings_back_is_erased_again(
    browse: Browse, olga: User, account: Account, sam: Seat, settings: Any
) -> None:
    """The list outside tells whom; somebody who was given the number since the backup is left alone."""
    kept = Path(settings.ERASED_FILE)
    client = Client.objects.get(pk=account.client_id)
    other = make_lead(sam, name="Somebody Else")
    kept.write_text(f"{client.pk} {client.created_at.isoformat()}\n{other.client_id} {LATER.isoformat()}\ntorn li")

    call_command("erase_again")
    call_command("erase_again")

    assert found_in(dump()) == set()
    assert Client.objects.get(pk=other.client_id).name == "Somebody Else"
    [erasure] = Erasure.objects.all()
    assert (erasure.basis, erasure.state, erasure.by) == ("again", "done", None)


def test_whom_was_erased_is_told_outside_of_the_database(
    browse: Browse, olga: User, account: Account, settings: Any, django_capture_on_commit_callbacks: Any
) -> None:
    ask(browse(olga), account)
    actions.run_due(now=LATER)
    actions.run_due(now=LATER)

    client = Client.objects.get(pk=account.client_id)
    assert Path(settings.ERASED_FILE).read_text().splitlines() == [f"{client.pk} {client.created_at.isoformat()}"]


def test_the_act_tells_everything_but_the_person(browse: Browse, olga: User, account: Account) -> None:
    erasure = ask(browse(olga), account)
    actions.run_due(now=LATER)

    words = browse(olga).get(f"/requests/{erasure.key}/").content.decode()

    assert TOKENS.findall(words) == []
    for told in (
        "Act of erasure no.",
        f"client no. {account.client_id}",
        str(erasure.mark),
        "Olga Orlova",
        "GDPR art. 17",
    ):
        assert told in words, told
    for table, n in Erasure.objects.get().removed.items():
        assert f"{table}</span></dt><dd>{n}</dd>" in words
    numbers = Line.objects.filter(client_id=account.client_id, at__lte=LATER).values_list("pk", flat=True)
    assert [pk for pk in numbers if f"№ {pk}</span>" not in words] == []
