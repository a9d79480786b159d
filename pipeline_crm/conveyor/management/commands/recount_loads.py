from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand

from pipeline_crm.conveyor import loads


class Command(BaseCommand):
    help = "Counts anew how many open records each seat holds, as after a restore; says what was wrong and mends it."

    def handle(self, **options: Any) -> None:
        """Prints a line for each seat whose load was wrong."""
        wrong = loads.recount()
        for seat_id, by in sorted(wrong.items()):
            self.stdout.write(f"seat {seat_id}: {by:+}")
        self.stdout.write(f"{len(wrong)} seats were wrong." if wrong else "Every load is right.")
