from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand

from pipeline_crm.demo.people import table


class Command(BaseCommand):
    help = "Prints who can sign in to the demo."

    def handle(self, *args: Any, **options: Any) -> None:
        """One line a person: sign-in name, password, and what they do."""
        for username, password, does in table():
            self.stdout.write(f"  {username:<8} {password:<9} {does}")
