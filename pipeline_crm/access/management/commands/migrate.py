from __future__ import annotations

from typing import Any

from django.core.management.commands import migrate

from pipeline_crm.access.identity import as_owner


class Command(migrate.Command):
    """Django's own, as the owner of the tables: a connection is otherwise nobody."""

    def handle(self, *args: Any, **options: Any) -> None:
        """Migrates."""
        with as_owner():
            super().handle(*args, **options)
