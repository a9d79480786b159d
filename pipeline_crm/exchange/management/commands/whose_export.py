"""Tells from a file that was found somewhere who asked for it."""

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from pipeline_crm.exchange.found import Unreadable, cells_of_file, whose


class Command(BaseCommand):
    """whose_export FILE"""

    help = (
        "Tells whose export a file is: XLSX or CSV, sorted, cut or saved again in another form. "
        "Reads the invisible mark in its texts, and compares the whole file with those that were made."
    )
    requires_system_checks = ()

    def add_arguments(self, parser: CommandParser) -> None:
        """Declares the words of the command line."""
        parser.add_argument("file", type=Path, help="The file that was found.")

    def handle(self, *, file: Path, **options: Any) -> None:
        """Names the export and its person, or says that the file tells nothing."""
        try:
            content = file.read_bytes()
            found = whose(content, cells_of_file(content))
        except OSError as error:
            raise CommandError(f"{file}: {error.strerror}.") from error
        except Unreadable as why:
            raise CommandError(str(why)) from why
        if found is None:
            raise CommandError(
                "This file tells of no export of ours: it has too few texts, or its spaces were rewritten."
            )
        export, agreeing, spaces = found
        person = export.asker
        proof = f"{agreeing} of {spaces} marks agree" if spaces else "it is the very file that was made"
        self.stdout.write(
            f"Export {export.pk}: {person.name} ({person.username}) asked on {export.asked_at:%Y-%m-%d %H:%M} UTC "
            f"for {export.rows} rows of “{export.pipeline.name}”; {proof}."
        )
        self.stdout.write(f"What for, in their words: {export.reason}")
