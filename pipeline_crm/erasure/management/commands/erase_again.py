from __future__ import annotations

from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandParser
from django.utils import timezone

from pipeline_crm.erasure import actions
from pipeline_crm.erasure.outside import told_before


class Command(BaseCommand):
    """erase_again [FILE]"""

    help = (
        "After a backup was restored: erases anew whoever was erased since it was made. Reads the numbers from ERASED_FILE, "
        "which lies outside of the database. May be killed and begun again."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        """Declares the words of the command line."""
        parser.add_argument("file", type=Path, nargs="?", default=None, help="Instead of ERASED_FILE.")

    def handle(self, *, file: Path | None, **options: Any) -> None:
        """Erases one after the other and tells how many there were."""
        told, done = told_before(file or Path(settings.ERASED_FILE)), 0
        for one in told:
            now = timezone.now()
            erasure = actions.again(one.client_id, known_since=one.known_since, now=now)
            if erasure is not None:
                done += actions.run(erasure.pk, now=timezone.now())
        self.stdout.write(f"{len(told)} clients were erased before; {done} had come back and are erased again.")
