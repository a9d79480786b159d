"""What the roles of the site may do to the journal, before any trigger is asked."""

from __future__ import annotations

import pytest
from django.db import ProgrammingError, connection, transaction

from pipeline_crm.audit.actions import note
from pipeline_crm.audit.models import Anchor, Kind, Line, Link
from pipeline_crm.oversight.tasks import anchor
from tests.cast import MONDAY, make_person

CHAIN = ("audit_link", "audit_head", "audit_anchor", "audit_anchored")


@pytest.mark.django_db
@pytest.mark.parametrize("role", ["crm_web", "crm_system"])
def test_the_roles_of_the_site_add_lines_and_read_and_no_more(role: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT c.relname, p.name FROM pg_class c, unnest(ARRAY['SELECT', 'INSERT', 'UPDATE', 'DELETE', 'TRUNCATE', "
            "'REFERENCES', 'TRIGGER']) AS p (name) WHERE c.relname IN ('audit_line', 'audit_link', 'audit_head', "
            "'audit_anchor', 'audit_anchored') AND has_table_privilege(%s, c.oid, p.name)",
            [role],
        )
        rights = set(cursor.fetchall())

    anchors = {("audit_anchor", "INSERT"), ("audit_anchored", "INSERT")} if role == "crm_system" else set()
    assert (
        rights == {("audit_line", "INSERT"), ("audit_line", "SELECT")} | {(each, "SELECT") for each in CHAIN} | anchors
    )


@pytest.mark.django_db(transaction=True)
def test_a_line_of_the_web_is_linked_by_the_tables_owner() -> None:
    person = make_person("sam")
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET LOCAL ROLE crm_web")
        note(Kind.VIEWED, by=person, now=MONDAY)

    assert Link.objects.filter(chain=person.pk).count() == 1
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET LOCAL ROLE crm_web")
        with pytest.raises(ProgrammingError, match="permission denied"), transaction.atomic():
            cursor.execute("DELETE FROM audit_line")
    assert Line.objects.filter(by=person).count() == 1


@pytest.mark.django_db(transaction=True)
def test_the_house_anchors_by_itself() -> None:
    note(Kind.VIEWED, by=make_person("sam"), now=MONDAY)

    anchor()

    assert Anchor.objects.count() == 1
