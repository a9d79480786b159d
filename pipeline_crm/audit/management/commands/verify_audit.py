from __future__ import annotations

import time
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from pipeline_crm.audit.verifying import verify


class Command(BaseCommand):
    help = "Reads the whole journal and says whether a line of it was changed, deleted or cut off; exits 1 if so."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--told",
            type=Path,
            default=Path(settings.AUDIT_FILE),
            help="the file with the anchors that were told outside of the database; AUDIT_FILE unless told",
        )

    def handle(self, *args: Any, told: Path, **options: Any) -> None:
        began = time.monotonic()
        verdict = verify(told=told)
        for words in verdict.faults:
            self.stderr.write(words)
        read = f"{verdict.lines} lines in {verdict.chains} chains and {verdict.anchors} anchors"
        if verdict.found:
            raise CommandError(f"The journal is not as it was written: {verdict.found} faults in {read}.")
        self.stdout.write(f"The journal is whole: {read}, read in {time.monotonic() - began:.1f} s.")
