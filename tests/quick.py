"""What libraries do again and again at a cost, done once or not at all: nothing here is ours, and no promise rests on it."""

from __future__ import annotations

from functools import cache
from typing import Any

import pytest
from django.db import connections
from django.db.backends.postgresql.operations import DatabaseOperations
from django.http import HttpResponse
from django.template.base import Template
from django.template.response import SimpleTemplateResponse
from django.test import Client as Browser
from django.test.signals import template_rendered
from simple_history.manager import HistoryManager


def empty_by_rows(patch: pytest.MonkeyPatch) -> None:
    """Tables are emptied row by row, for between two tests they hold few: TRUNCATE makes new files for all of them.

    Nobody empties the journal but the tests, between two of them, as only who owns the whole server can.
    """

    def emptied(_self: DatabaseOperations, statements: list[str]) -> None:
        with connections["default"].cursor() as cursor:
            cursor.execute("SET session_replication_role = replica")
            try:
                for statement in statements:
                    tables = statement.removeprefix("TRUNCATE ").removesuffix(";")
                    assert tables != statement, statement
                    cursor.execute(";".join(f"DELETE FROM {table}" for table in tables.split(", ")))  # noqa: S608
            finally:
                cursor.execute("SET session_replication_role = DEFAULT")

    patch.setattr(DatabaseOperations, "execute_sql_flush", emptied)


def keep_history_managers(patch: pytest.MonkeyPatch) -> None:
    """The class of the managers of histories is made once, not at every look at one."""
    made = cache(HistoryManager.from_queryset.__func__)
    patch.setattr(HistoryManager, "from_queryset", classmethod(made))


def tell_of_pages_only(patch: pytest.MonkeyPatch) -> None:
    """A test client is told of the context of the page, not of every piece and field drawn inside it."""

    def drawn(self: Template, context: Any) -> Any:
        if context.template is self and not (self.name or "").startswith("django/forms/"):
            template_rendered.send(sender=self, template=self, context=context)
        return self.nodelist.render(context)

    patch.setattr(Template, "_render", drawn)


def undrawn(browser: Browser, address: str) -> HttpResponse:
    """A page with all that is told to its template, but not drawn."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(SimpleTemplateResponse, "rendered_content", "")
        return browser.get(address)
