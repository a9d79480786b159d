"""A line of the journal: written in one statement, chained at the commit, and never changed again."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import Error, connection, transaction
from django.test.utils import CaptureQueriesContext

from pipeline_crm.audit import actions
from pipeline_crm.audit.actions import Fact, note, note_look, note_many
from pipeline_crm.audit.models import Head, Kind, Line, Link, Trap
from tests.cast import MONDAY, make_person


@pytest.mark.django_db
def test_a_line_costs_one_statement() -> None:
    person = make_person("sam")

    with CaptureQueriesContext(connection) as asked:
        note(Kind.REVEALED, by=person, now=MONDAY, client=7, record=("lead", 3), detail={"points": [1, 2]})

    line = Line.objects.get()
    told = (line.at, line.kind, line.by_id, line.client_id, line.stage, line.record_id, line.traces, line.detail)
    assert told == (MONDAY, "revealed", person.pk, 7, "lead", 3, [], {"points": [1, 2]})
    assert len(asked) == 1


@pytest.mark.django_db
def test_many_lines_cost_one_statement() -> None:
    person = make_person("sam")
    facts = [Fact(Kind.EXPORT_FETCHED, person, client=number, traces=('a"b\\', "c")) for number in range(50)]

    with CaptureQueriesContext(connection) as asked:
        written = note_many(facts, now=MONDAY)

    assert (written, len(asked)) == (50, 1)
    assert set(Line.objects.values_list("client_id", flat=True)) == set(range(50))
    assert Line.objects.first().traces == ['a"b\\', "c"]


@pytest.mark.django_db
def test_a_card_opened_again_within_minutes_is_one_look() -> None:
    sam, sue = make_person("sam"), make_person("sue")
    look = {"pipeline": 1, "client": 7, "record": ("lead", 3), "how": "full"}

    for minutes, person in ((0, sam), (9, sam), (9, sue), (11, sam)):
        note_look(by=person, now=MONDAY + timedelta(minutes=minutes), **look)
    note_look(by=sam, now=MONDAY + timedelta(minutes=12), **look | {"record": ("lead", 4)})

    told = list(Line.objects.order_by("id").values_list("by_id", "record_id", "at"))
    assert told == [
        (sam.pk, 3, MONDAY),
        (sue.pk, 3, MONDAY + timedelta(minutes=9)),
        (sam.pk, 3, MONDAY + timedelta(minutes=11)),
        (sam.pk, 4, MONDAY + timedelta(minutes=12)),
    ]


@pytest.mark.django_db(transaction=True)
def test_each_person_has_a_chain_and_a_number_is_given_at_the_commit() -> None:
    sam, sue = make_person("sam"), make_person("sue")

    with transaction.atomic():
        note(Kind.VIEWED, by=sue, now=MONDAY)
        note(Kind.VIEWED, by=sam, now=MONDAY)
        assert not Link.objects.exists()
    note(Kind.VIEWED, by=sam, now=MONDAY)
    note(Kind.SIGN_IN_FAILED, by=None, now=MONDAY)
    with transaction.atomic():
        note(Kind.VIEWED, by=sam, now=MONDAY)
        transaction.set_rollback(True)

    chains = sorted(Link.objects.values_list("chain", "number"))
    assert chains == [(0, 1), *sorted([(sam.pk, 1), (sam.pk, 2), (sue.pk, 1)])]
    assert {head.chain: head.number for head in Head.objects.all()} == {0: 1, sam.pk: 2, sue.pk: 1}


@pytest.mark.django_db
@pytest.mark.parametrize(
    "sql",
    [
        "UPDATE audit_line SET kind = 'listed'",
        "DELETE FROM audit_line",
        "TRUNCATE audit_line",
        "UPDATE audit_link SET number = 5",
        "DELETE FROM audit_link",
        "TRUNCATE audit_link",
        "DELETE FROM audit_head",
        "TRUNCATE audit_head",
        "UPDATE audit_head SET number = number - 1",
        "UPDATE audit_head SET number = number + 2",
        "UPDATE audit_anchor SET seal = ''",
        "DELETE FROM audit_anchor",
        "TRUNCATE audit_anchored",
        "SET LOCAL pgtrigger.ignore = '{audit_line_is_kept,a_line_gets_its_place}'; DELETE FROM audit_line",
    ],
)
def test_nothing_in_the_journal_is_changed_or_deleted(sql: str) -> None:
    note(Kind.VIEWED, by=make_person("sam"), now=MONDAY)

    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        with pytest.raises(Error, match=r"append-only|moves on by one"), transaction.atomic():
            cursor.execute(sql)

    assert Line.objects.count() == 1


@pytest.mark.django_db
def test_who_touches_a_trip_wire_is_heard_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    sam, heard = make_person("sam"), list[tuple[int, int]]()
    Trap.objects.create(client_id=7, at=MONDAY)
    monkeypatch.setattr(actions, "_ears", [lambda lines, now: heard.extend((line, 0) for line in lines)])

    note(Kind.VIEWED, by=sam, now=MONDAY, client=6)
    note(Kind.VIEWED, by=sam, now=MONDAY, client=7)
    note(Kind.SEARCHED, by=sam, now=MONDAY, detail={"clients": [5, 7]})
    note(Kind.SEARCHED, by=sam, now=MONDAY, detail={"clients": [5, 77]})

    assert heard == [(line.pk, 0) for line in Line.objects.order_by("id")[1:3]]
