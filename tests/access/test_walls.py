"""The second wall: PostgreSQL itself shows each identity its own rows, and without one none (docs/privacy.md)."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import Any

import psycopg2
import pytest
import time_machine
from django.core.exceptions import ObjectDoesNotExist
from django.db import DatabaseError, connection, transaction
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.test import Client as Browser
from django.urls import path

from leads.models import Lead
from pipeline_crm.access.identity import acting_as, eyes_of, system_scope
from pipeline_crm.access.middleware import SightMiddleware
from pipeline_crm.urls import urlpatterns as pages
from tests.access.random_worlds import PROTECTED, Chance, shown_to
from tests.access.world import World
from tests.cast import make_lead
from tests.length import LONG

WORLDS = 200 if LONG else 2
TABLES = [model._meta.db_table for model in PROTECTED]
FILES = ["exchange_export", "exchange_exportpart", "exchange_importedrow"]
EMPTY_IN_THE_FIRM = {"clients_agreement", "deals_dealline", *FILES}


def rows_of(table: str) -> set[int]:
    """The rows that the database itself shows now; nobody's `visible` takes part in it."""
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT id FROM {table}")  # noqa: S608
        return {row[0] for row in cursor.fetchall()}


def role() -> str:
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_user")
        return str(cursor.fetchone()[0])


# Wall against wall -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("seed", range(WORLDS))
def test_both_walls_show_the_same_rows_to_everybody(db: None, seed: int) -> None:
    with time_machine.travel(Chance.now, tick=False) as clock:
        world = Chance.of(seed)
        clock.move_to(world.now)
        first = {user.username: shown_to(user) for user in world.people}

        second = {}
        for user in world.people:
            with acting_as(user.pk):
                second[user.username] = {table: rows_of(table) for table in TABLES}

    assert second == first
    # Nothing would be proved of people who see nothing, nor of tables in which nothing lies.
    assert [table for table in TABLES[:10] if not any(seen[table] for seen in first.values())] == []


# Nobody ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("table", [*TABLES, *FILES])
def test_without_an_identity_there_are_no_rows(firm: World, table: str) -> None:
    there = rows_of(table)

    with acting_as(None):
        assert rows_of(table) == set()

    assert there or table in EMPTY_IN_THE_FIRM


@pytest.mark.parametrize("who", ["gone", "nobody"])
def test_who_has_left_and_who_never_was_see_nothing(firm: World, who: str) -> None:
    pk = firm.users[who].pk if who == "gone" else 2**40

    with acting_as(pk):
        assert {table: rows_of(table) for table in TABLES} == {table: set() for table in TABLES}


@pytest.mark.django_db(transaction=True)
def test_a_connection_without_a_word_of_who_asks_is_refused(pipeline: Any, sam: Any) -> None:
    make_lead(sam)

    for table in ("leads_lead", "clients_client", "clients_contactpoint", "timeline_movement"):
        with fresh() as cursor:
            cursor.execute("SELECT current_user")
            assert cursor.fetchone() == ("crm_web",)
            with pytest.raises(psycopg2.errors.InsufficientPrivilege, match="Nobody has said who asks"):
                cursor.execute(f"SELECT * FROM {table}")  # noqa: S608


@pytest.mark.django_db(transaction=True)
def test_who_is_told_to_be_nobody_sees_nothing(pipeline: Any, sam: Any) -> None:
    make_lead(sam)

    with fresh() as cursor:
        cursor.execute(
            "SELECT crm_be(0, now()), (SELECT count(*) FROM leads_lead), (SELECT count(*) FROM clients_client)"
        )
        assert cursor.fetchone() == (None, 0, 0)


@contextlib.contextmanager
def fresh(options: str = "") -> Iterator[Any]:
    """A connection as the site opens one: signed in as the tables' owner, and no option with it."""
    given = connection.get_connection_params()
    kept = {name: given[name] for name in ("dbname", "user", "password", "host", "port") if given.get(name)}
    with contextlib.closing(psycopg2.connect(**kept, options=options)) as one, one.cursor() as cursor:
        yield cursor


# An identity lasts as long as its transaction --------------------------------------------------------------------


@pytest.mark.django_db(transaction=True)
def test_nothing_of_an_identity_outlives_its_transaction(pipeline: Any, sam: Any) -> None:
    make_lead(sam)

    with acting_as(sam.user_id):
        inside = role(), len(rows_of("leads_lead"))

    assert inside == ("crm_web", 1)
    assert (role(), left()) == ("postgres", ["", "", ""])


def left() -> list[str]:
    """What a connection still holds of the last identity."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT coalesce(current_setting('crm.' || name, true), '') FROM unnest(ARRAY['person','seats','led']) name"
        )
        return [row[0] for row in cursor.fetchall()]


@pytest.mark.django_db(transaction=True)
def test_an_identity_put_on_for_the_session_is_caught(pipeline: Any, sam: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """A careless build: the same functions, with `false` where `true` keeps it to the transaction."""
    careless = "CREATE OR REPLACE FUNCTION crm_be(who bigint, moment timestamptz) RETURNS uuid LANGUAGE sql AS $$ SELECT set_config('crm.person', who::text, false); SELECT NULL::uuid $$"
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_get_functiondef('crm_be(bigint, timestamptz)'::regprocedure)")
        careful = cursor.fetchone()[0]
        cursor.execute(careless)
    try:
        with acting_as(sam.user_id):
            pass

        assert left()[0] == str(sam.user_id)
    finally:
        with connection.cursor() as cursor:
            cursor.execute(careful)
            cursor.execute("RESET ALL")


def test_scopes_come_off_in_the_order_in_which_they_were_put_on(pipeline: Any, sam: Any, sue: Any) -> None:
    make_lead(sam)
    seen = []

    with acting_as(sam.user_id):
        with system_scope("a test"):
            seen.append((role(), len(rows_of("leads_lead"))))
            with eyes_of(sue.user_id):
                seen.append((role(), len(rows_of("leads_lead"))))
            seen.append((role(), len(rows_of("leads_lead"))))
        seen.append((role(), len(rows_of("leads_lead"))))

    assert seen == [("crm_system", 1), ("crm_web", 0), ("crm_system", 1), ("crm_web", 1)]
    assert role() == "postgres"


@pytest.mark.parametrize("failure", [DatabaseError, ObjectDoesNotExist])
def test_what_breaks_inside_a_scope_leaves_nothing_behind(pipeline: Any, sam: Any, failure: type[Exception]) -> None:
    with acting_as(sam.user_id):
        with pytest.raises(failure), system_scope("a test"):
            raise failure
        after = role()

    assert after == "crm_web"


def test_a_statement_that_fails_inside_a_scope_leaves_nothing_behind(pipeline: Any, sam: Any) -> None:
    with acting_as(sam.user_id):
        with pytest.raises(DatabaseError), transaction.atomic(), system_scope("a test"), connection.cursor() as cursor:
            cursor.execute("SELECT 1 / 0")
        after = role()

    assert after == "crm_web"


def test_a_system_scope_says_why() -> None:
    with pytest.raises(ValueError, match="why"), system_scope(""):
        pass


# What each role may ----------------------------------------------------------------------------------------------

WRITES = ("UPDATE leads_lead SET comment = 'x'", "UPDATE leads_lead SET id = id", "DELETE FROM leads_lead")


@pytest.mark.parametrize("sql", [*WRITES, "INSERT INTO clients_client (name) VALUES ('x')", "TRUNCATE timeline_entry"])
def test_a_page_writes_no_client_past_the_acts(pipeline: Any, sam: Any, sql: str) -> None:
    make_lead(sam)

    with acting_as(sam.user_id), pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(sql)


@pytest.mark.parametrize(
    "sql",
    [
        "UPDATE tiers_tier SET name = 'x'",
        "DELETE FROM leads_lead",
        "SELECT * FROM users_user",
        "SELECT * FROM django_session",
    ],
)
def test_the_role_for_reading_reads_and_no_passwords(pipeline: Any, sam: Any, sql: str) -> None:
    make_lead(sam)

    with acting_as(sam.user_id), connection.cursor() as cursor:
        cursor.execute("SET LOCAL ROLE crm_read")
        assert len(rows_of("leads_lead")) == 1
        with pytest.raises(DatabaseError, match="permission denied"), transaction.atomic():
            cursor.execute(sql)


def test_every_table_that_names_a_client_is_behind_the_wall(db: None) -> None:
    """A new table with a client's number in it is either protected, or stands here with its reason."""
    numbers_alone = {
        "audit_line",
        "audit_trap",
        "clients_openedhour",
        "conveyor_cameback",
        "deals_origin",
        "erasure_erasure",
        "oversight_alarm",
    }
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT c.relname FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid WHERE a.attname = 'client_id'"
            " AND c.relkind IN ('r', 'v') AND c.relnamespace = 'public'::regnamespace AND NOT c.relrowsecurity"
        )
        assert {row[0] for row in cursor.fetchall()} <= numbers_alone
        cursor.execute("SELECT relname FROM pg_class WHERE relrowsecurity")
        assert sorted(row[0] for row in cursor.fetchall()) == sorted([*TABLES, *FILES])


# Requests --------------------------------------------------------------------------------------------------------


def everything(request: HttpRequest) -> HttpResponse:
    """A view that has forgotten the rule."""
    return HttpResponse(str(Lead.objects.count()))


def streamed(request: HttpRequest) -> StreamingHttpResponse:
    return StreamingHttpResponse(f"{Lead.objects.count()} {role()} " for _piece in range(3))


def breaks(request: HttpRequest) -> HttpResponse:
    request.user.first_name = "Half-written"
    request.user.save(update_fields=["first_name"])
    return HttpResponse(status=503)


urlpatterns = [
    *pages,
    path("forgotten/", everything),
    path("streamed/", streamed),
    path("breaks/", breaks),
]


@pytest.mark.urls(__name__)
def test_a_view_that_forgets_the_rule_shows_each_their_own_all_the_same(
    pipeline: Any, sam: Any, sue: Any, hal: Any, browse: Any
) -> None:
    make_lead(sam)
    make_lead(sam)
    make_lead(sue)

    told = {who: browse(seat).get("/forgotten/").content for who, seat in (("sam", sam), ("sue", sue), ("hal", hal))}

    assert told == {"sam": b"2", "sue": b"1", "hal": b"0"}
    assert Browser().get("/forgotten/").content == b"0"


@pytest.mark.urls(__name__)
@pytest.mark.django_db(transaction=True)
def test_a_streamed_answer_keeps_its_identity_to_the_last_piece(pipeline: Any, sam: Any, sue: Any, browse: Any) -> None:
    make_lead(sam)
    make_lead(sue)

    answer = browse(sam).get("/streamed/")

    assert b"".join(answer.streaming_content) == b"1 crm_web " * 3
    assert (role(), left()) == ("postgres", ["", "", ""])


@pytest.mark.urls(__name__)
@pytest.mark.django_db(transaction=True)
def test_an_answer_that_broke_has_written_nothing(pipeline: Any, sam: Any, browse: Any) -> None:
    assert browse(sam).get("/breaks/").status_code == 503

    sam.user.refresh_from_db()
    assert sam.user.first_name == "Sam"


@pytest.mark.urls(__name__)
def test_the_alarm_rings_when_requests_have_no_identity(
    pipeline: Any, sam: Any, hal: Any, monkeypatch: pytest.MonkeyPatch, browse: Any
) -> None:
    """A careless build: a middleware that puts none on. The test above would find what the hunter sees then."""
    make_lead(sam)
    monkeypatch.setattr(SightMiddleware, "__call__", lambda self, request: self.get_response(request))

    assert browse(hal).get("/forgotten/").content == b"1"
