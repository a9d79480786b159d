from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand

from pipeline_crm.access.identity import system_scope
from pipeline_crm.conveyor import plan
from pipeline_crm.conveyor import sweep as sweeping
from pipeline_crm.tiers.hours import hour


class Command(BaseCommand):
    help = "Does what is due for records that waited too long; with --dry-run it only says what would be done and why."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """One choice."""
        parser.add_argument("--dry-run", action="store_true", help="say what would be done, and write nothing")

    def handle(self, *, dry_run: bool, **options: Any) -> None:
        """Prints a line for each record, or how often each thing was done."""
        now = hour()
        if dry_run:
            with system_scope("what the sweep will do is foretold for every tier"):
                for deed in plan.foretell(now=now):
                    self.stdout.write(line(deed))
            return
        done = sweeping.sweep(now=now)
        self.stdout.write(", ".join(f"{act} {n}" for act, n in sorted(done.items())) or "Nothing is due.")


def line(deed: plan.Deed) -> str:
    """One deed as numbers and names of people, without a word about the client."""
    item = deed.item
    due = f"{item.due_at:%Y-%m-%d %H:%M}" if item.due_at else "-"
    owner = item.seat.user.name if item.seat else "pool"
    parts = [f"{item.stage} {item.pk}", item.tier.name, owner, f"{item.clock or '-'} {due}", deed.act]
    if deed.to is not None:
        parts.append(f"to {deed.to.user.name}")
    if skipped := deed.why.get("skipped"):
        parts.append("skipped " + ", ".join(f"{pk}: {why}" for pk, why in skipped.items()))
    return "\t".join(parts)
