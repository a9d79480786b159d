"""What runs with the rights of the tables' owner is known by name, and cannot be led astray."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import DatabaseError, connection, transaction

from pipeline_crm.access.identity import acting_as
from tests.cast import make_lead

pytestmark = pytest.mark.django_db

# With the owner's rights, and why.
FUNCTIONS = {
    "crm_be",  # reads grants and seats, tells nothing
    "crm_keeps",  # whether the asker holds what came of a record that they hold
    "crm_erase",  # removes the words of a client whose erasure runs, and nothing otherwise
    "access_take_back",  # takes away the grant of a share that ends, and writes the journal
    "access_moved_on",  # ends the shares of what changes hands or closes
    "access_left",  # ends the shares of who leaves
    "audit_link",  # writes the journal's chain
    "pgtrigger_who_leaves_takes_no_file_along",  # empties the files of who is dismissed
}
VIEWS = {
    "conveyor_handedon",  # numbers for the giver
    "conveyor_cameback",  # numbers of clients that came back
    "deals_origin",  # numbers of the records before a deal
    "walls.place",  # where everybody's clients stand: for policies alone
    "walls.lead",  # who holds a lead: for policies alone
    "walls.deal",
    "walls.account",
    "walls.told",  # what an account tells of: for policies alone
}


def asked(sql: str) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(sql)
        return cursor.fetchall()


def test_few_functions_have_the_owners_rights_and_each_knows_where_it_looks() -> None:
    found = asked("""
        SELECT regexp_replace(proname, '_[0-9a-f]{5}$', ''), proconfig::text
        FROM pg_proc WHERE prosecdef AND pronamespace IN ('public'::regnamespace, 'walls'::regnamespace)
    """)

    assert {name for name, _config in found} == FUNCTIONS
    assert [name for name, config in found if "search_path=" not in str(config) or "pg_temp" not in str(config)] == []


def test_few_views_have_the_owners_rights() -> None:
    found = asked("""
        SELECT CASE WHEN relnamespace = 'walls'::regnamespace THEN 'walls.' ELSE '' END || relname FROM pg_class
        WHERE relkind IN ('v', 'm') AND relnamespace IN ('public'::regnamespace, 'walls'::regnamespace)
          AND coalesce(NOT 'security_invoker=true' = ANY (reloptions), true)
          AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.objid = pg_class.oid AND d.deptype = 'e')
    """)

    assert {name for (name,) in found} == VIEWS


def test_a_law_that_reads_clients_sees_all_of_them_whoever_breaks_it() -> None:
    """A trigger runs as whoever writes; on a table that pages write, it would look at nothing and find everything right."""
    found = asked("""
        SELECT c.relname, t.tgname FROM pg_trigger t
        JOIN pg_class c ON c.oid = t.tgrelid JOIN pg_proc p ON p.oid = t.tgfoid
        WHERE NOT t.tgisinternal AND NOT p.prosecdef AND NOT c.relrowsecurity AND EXISTS (
            SELECT FROM pg_class r WHERE r.relrowsecurity AND p.prosrc ~ ('\\m' || r.relname || '\\M')
        )
    """)

    assert found == []


def test_the_roles_of_the_site_own_nothing_and_pass_by_nothing() -> None:
    roles = asked("""
        SELECT rolname, rolsuper OR rolbypassrls OR rolcreaterole OR rolcreatedb OR rolcanlogin
            OR EXISTS (SELECT FROM pg_class c WHERE c.relowner = r.oid)
            OR EXISTS (SELECT FROM pg_auth_members m WHERE m.member = r.oid)
        FROM pg_roles r WHERE rolname LIKE 'crm\\_%' ORDER BY 1
    """)

    assert roles == [("crm_read", False), ("crm_system", False), ("crm_web", False)]


@pytest.mark.parametrize("view", ["walls.place", "walls.told"])
def test_nobody_goes_behind_the_policies(pipeline: Any, sam: Any, view: str) -> None:
    make_lead(sam)

    with acting_as(sam.user_id), pytest.raises(DatabaseError, match="schema walls"), transaction.atomic():
        asked(f"SELECT * FROM {view}")  # noqa: S608
