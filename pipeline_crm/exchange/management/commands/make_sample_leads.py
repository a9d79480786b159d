"""Writes a lead export to try the import with."""

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from pipeline_crm.exchange.sample import DIALECTS, count_flaws, write_sample
from pipeline_crm.exchange.texts import ENCODINGS

DELIMITERS = {"comma": ",", "semicolon": ";", "tab": "\t"}


class Command(BaseCommand):
    """make_sample_leads FILE [--rows 500] [--as amocrm] [--encoding …] [--delimiter …]"""

    help = "Writes a believable lead export, with some rows spoilt on purpose, to try import_leads with."
    requires_system_checks = ()

    def add_arguments(self, parser: CommandParser) -> None:
        """Declares the words of the command line."""
        parser.add_argument("file", type=Path)
        parser.add_argument("--rows", type=int, default=500, help="How many leads (500).")
        parser.add_argument("--as", dest="dialect", choices=DIALECTS, default="amocrm", help="Whose export (amocrm).")
        parser.add_argument("--encoding", choices=(*ENCODINGS, "utf-8-sig"), help="Instead of what that system uses.")
        parser.add_argument("--delimiter", choices=DELIMITERS, help="Instead of what that system uses.")
        parser.add_argument("--seed", type=int, default=2026, help="Another number makes other people (2026).")

    def handle(self, *, file: Path, rows: int, dialect: str, **options: Any) -> None:
        """Writes the file and says what is in it."""
        if rows < 0:
            raise CommandError("The number of rows cannot be below zero.")
        delimiter = DELIMITERS.get(options["delimiter"])
        try:
            with file.open("wb") as stream:
                write_sample(
                    stream,
                    rows=rows,
                    dialect=dialect,
                    encoding=options["encoding"],
                    delimiter=delimiter,
                    seed=options["seed"],
                )
        except OSError as error:
            raise CommandError(f"{file} cannot be written: {error.strerror}.") from error
        self.stdout.write(
            f"{file}: {rows} leads as {dialect} writes them, {count_flaws(rows)} of them spoilt on purpose."
        )
