"""A question that is planned once gives the same answer as one that is not, and outlives what happens to its connection."""

import pytest
from django.db import NotSupportedError, connection, transaction

from pipeline_crm.conveyor.questions import Question
from tests.cast import make_lead
from tests.pages.reading import listed, text_of


def asked(sql):
    """A question in plain words."""
    question = Question([], planned=True)
    question.say(sql)
    return question


def told(sql):
    """The first value of a query."""
    with connection.cursor() as cursor:
        cursor.execute(sql)
        return cursor.fetchone()[0]


@pytest.fixture
def shelf(transactional_db):
    """A question about a table of the connection's own; its column becomes another before it is asked again."""
    told("CREATE TEMP TABLE shelf AS SELECT 1 AS place; SELECT 1")
    question = asked("SELECT * FROM shelf")
    assert question.tuples() == [(1,)]
    told("ALTER TABLE shelf ALTER place TYPE text; SELECT 1")
    yield question
    connection.close()


def test_a_question_is_asked_again_when_a_migration_has_changed_what_it_reads(shelf):
    assert shelf.tuples() == [("1",)]


def test_inside_a_transaction_only_the_one_act_fails(shelf):
    with pytest.raises(NotSupportedError), transaction.atomic():
        shelf.tuples()

    assert shelf.tuples() == [("1",)]


def test_a_rollback_takes_no_plan_away(transactional_db):
    connection.close()
    question = asked("SELECT 7")

    with transaction.atomic():
        question.tuples()
        transaction.set_rollback(True)

    assert question.tuples() == [(7,)]


def test_behind_a_pooler_no_plan_is_left_on_a_connection(sam, sue, browse, monkeypatch, transactional_db):
    make_lead(sam, name="Anna of Sam")
    make_lead(sue, name="Boris of Sue")
    browser, pages = browse(sam), (("lead", ""), ("lead", "view=pool"), ("lead", "view=closed"))
    planned = [listed(browser, *page) for page in pages]
    connection.close()
    monkeypatch.setitem(connection.settings_dict, "DISABLE_SERVER_SIDE_CURSORS", True)  # noqa: FBT003

    lent = [listed(browser, *page) for page in pages]

    assert (planned, lent) == ([["Anna of Sam"], [], []], planned)
    assert "Anna of Sam" in text_of(browser, "/leads/board/")
    assert told("SELECT count(*) FROM pg_prepared_statements") == 0
