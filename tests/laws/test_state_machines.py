"""Every state × every state, in code and below it: the database allows exactly the moves that the domain names."""

import itertools

import pytest
from django.db import DatabaseError, connection, transaction

from accounts.models import MOVES as ACCOUNT_MOVES
from accounts.models import Account
from accounts.models import State as AccountState
from deals.models import MOVES as DEAL_MOVES
from deals.models import Deal
from deals.models import State as DealState
from leads.models import MOVES as LEAD_MOVES
from leads.models import Lead
from leads.models import State as LeadState

# The domain page, §4, written out once more and by hand: what the code says must be this and nothing else.
LEAD_TABLE = """
                new  contacted  parked  qualified  disqualified
  new            -       yes      yes      no          yes
  contacted      no       -       yes      yes         yes
  parked         no      yes       -       no          yes
  qualified      no      yes       no       -          no
  disqualified   yes      no       no      no           -
"""
DEAL_TABLE = """
                offered  open  won  lost  returned
  offered          -     yes   no    no     yes
  open             no     -    yes   yes    yes
  won              no    no     -    no     no
  lost             no    yes   no     -     no
  returned         no    no    no    no      -
"""
ACCOUNT_TABLE = """
                offered  active  at_risk  churned  returned
  offered          -      yes      no       no       yes
  active           no      -       yes      no       no
  at_risk          no     yes       -       yes      no
  churned          no     yes      no        -       no
  returned         yes    no       no       no        -
"""


def allowed_by(table: str) -> set[tuple[str, str]]:
    """The pairs that a table says yes to."""
    head, *rows = [line.split() for line in table.strip().splitlines()]
    return {(row[0], to) for row in rows for to, cell in zip(head, row[1:], strict=True) if cell == "yes"}


TABLES = [
    pytest.param(Lead, LeadState, LEAD_MOVES, LEAD_TABLE, id="lead"),
    pytest.param(Deal, DealState, DEAL_MOVES, DEAL_TABLE, id="deal"),
    pytest.param(Account, AccountState, ACCOUNT_MOVES, ACCOUNT_TABLE, id="account"),
]


@pytest.mark.parametrize(("model", "states", "moves", "table"), TABLES)
def test_the_moves_in_code_are_those_of_the_domain(model, states, moves, table):
    in_code = {(str(source), str(target)) for source, target in moves}

    assert in_code == allowed_by(table)


@pytest.mark.parametrize(("model", "states", "moves", "table"), TABLES)
def test_the_transition_methods_are_those_of_the_domain(model, states, moves, table):
    by_method = set()
    for field in model._meta.fields:
        if field.name == "state":
            for move in field.get_all_transitions(model):
                by_method.add((str(move.source), str(move.target)))

    assert by_method == allowed_by(table)


@pytest.mark.parametrize(("model", "states", "moves", "table"), TABLES)
def test_the_database_refuses_every_other_move(db, model, states, moves, table):
    """The trigger's own table, asked cell by cell: update(state=…) goes past the code and meets the database."""
    verdicts = {}
    for source, target in itertools.permutations(states.values, 2):
        verdicts[source, target] = database_allows(model, source, target)

    assert {pair for pair, allowed in verdicts.items() if allowed} == allowed_by(table)


def database_allows(model, source, target) -> bool:
    """Runs the state machine's trigger alone on a bare copy of the table, where no other law is in the way."""
    trigger = next(t for t in model._meta.triggers if t.name.endswith("moves_by_its_rules"))
    name = trigger.get_pgid(model)
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_get_functiondef(oid) FROM pg_proc WHERE proname = %s", [name])
            (function,) = cursor.fetchone()
            cursor.execute("CREATE TEMP TABLE bare (id int, state text) ON COMMIT DROP")
            cursor.execute(f"CREATE TRIGGER machine BEFORE UPDATE ON bare FOR EACH ROW EXECUTE FUNCTION {name}()")
            cursor.execute("INSERT INTO bare VALUES (1, %s)", [source])
            try:
                with transaction.atomic():
                    cursor.execute("UPDATE bare SET state = %s", [target])
                allowed = True
            except DatabaseError:
                allowed = False
        transaction.set_rollback(True)
    assert function
    return allowed
