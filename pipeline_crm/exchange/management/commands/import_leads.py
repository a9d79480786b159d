"""Reads a lead export of another system into a pipeline."""

from collections import Counter
from pathlib import Path
from typing import Any, BinaryIO

from django.core.management.base import BaseCommand, CommandError, CommandParser, OutputWrapper
from django.db import OperationalError
from django.utils import timezone

from pipeline_crm.access.sight import sight_of
from pipeline_crm.exchange.actions import Intake
from pipeline_crm.exchange.reading import Reading, Rejected, Unreadable, read_leads
from pipeline_crm.exchange.rejects import RejectsFile
from pipeline_crm.exchange.texts import ENCODINGS
from pipeline_crm.tiers.models import Pipeline
from pipeline_crm.tiers.stages import Stage
from pipeline_crm.users.models import User

DELIMITER_NAMES = {",": "comma", ";": "semicolon", "\t": "tab", "|": "bar"}
INTERRUPTED = 130


class Command(BaseCommand):
    """import_leads FILE.csv --pipeline NAME [--by USERNAME] [--rejected FILE] [--encoding …] [--dry-run]"""

    help = (
        "Reads a lead export of amoCRM, Bitrix24, HubSpot or a plain spreadsheet (CSV) into a pipeline. "
        "Can be run again with the same file: what is in already is not doubled."
    )
    requires_system_checks = ()

    def add_arguments(self, parser: CommandParser) -> None:
        """Declares the words of the command line."""
        parser.add_argument("file", type=Path, help="The export, as CSV.")
        parser.add_argument("--pipeline", required=True, help="The name of the pipeline that receives the leads.")
        parser.add_argument("--by", metavar="USERNAME", help="In whose name; without it the conveyor itself acts.")
        parser.add_argument("--rejected", type=Path, metavar="FILE", help="Instead of FILE.rejected.csv.")
        parser.add_argument("--encoding", help=f"Instead of finding it out: {', '.join(ENCODINGS)}.")
        parser.add_argument("--dry-run", action="store_true", help="Only tells what would happen.")

    def handle(self, *, file: Path, pipeline: str, by: str | None, **options: Any) -> None:
        """Takes every row in and tells how many were accepted and rejected."""
        refuse_missing(file)
        target = find_pipeline(pipeline)
        intake = Intake(target, by=find_person(by, target) if by else None, trial=options["dry_run"])
        rejects = options["rejected"] or file.with_suffix(".rejected.csv")
        if rejects.resolve() == file.resolve():
            raise CommandError("The rejected rows would overwrite the file that is read. Choose another --rejected.")
        try:
            with file.open("rb") as stream:
                reading = read_leads(stream, region=target.country, encoding=options["encoding"])
                self._describe(file, reading)
                progress = Progress(self.stderr, stream, file.stat().st_size)
                self._take_all(reading, intake, progress, rejects)
        except Unreadable as why:
            raise CommandError(str(why)) from why
        except OSError as error:
            raise CommandError(f"{error.filename or file}: {error.strerror}.") from error

    def _describe(self, file: Path, reading: Reading) -> None:
        self.stdout.write(f"{file}: {reading.encoding}, {DELIMITER_NAMES[reading.delimiter]}")
        if reading.ignored:
            self.stdout.write(f"Columns that are not used: {', '.join(reading.ignored)}")
        if reading.ruled:
            self.stdout.write(f"Columns that the pipeline's rules decide instead: {', '.join(reading.ruled)}")

    def _take_all(self, reading: Reading, intake: Intake, progress: "Progress", path: Path) -> None:
        with RejectsFile(path, reading.header, reading.delimiter) as rejects:
            try:
                for row in reading:
                    answer = intake.take(row, now=timezone.now())
                    if isinstance(answer, Rejected):
                        rejects.write(answer)
                    progress.count("rejected" if isinstance(answer, Rejected) else answer.how)
            except KeyboardInterrupt:
                raise CommandError(f"Stopped: {progress}. {GO_ON}", returncode=INTERRUPTED) from None
            except OperationalError as error:
                raise CommandError(f"The database went away: {progress}. {GO_ON}") from error
            finally:
                progress.end()
        self._sum_up(progress, path, trial=intake.trial)

    def _sum_up(self, progress: "Progress", path: Path, *, trial: bool) -> None:
        counts = progress.counts
        self.stdout.write(str(progress))
        self.stdout.write(
            f"accepted: {counts['new']} new, {counts['known']} told to whoever has the client, "
            f"{counts['repeated']} in already from an earlier run"
        )
        if progress.rejected:
            self.stdout.write(f"The rejected rows and their reasons: {path}")
        if trial:
            self.stdout.write("This was a trial: nothing was kept.")


GO_ON = "Run the same command again to go on; nothing will be doubled."


class Progress:
    """Counts the answers and shows them while they come: one living line on a terminal, else now and then a line."""

    def __init__(self, out: OutputWrapper, stream: BinaryIO, size: int) -> None:
        self.counts: Counter[str] = Counter()
        self._out = out
        self._stream = stream
        self._size = size

    def __str__(self) -> str:
        return f"read {self.counts.total()} = accepted {self.counts.total() - self.rejected} + rejected {self.rejected}"

    @property
    def rejected(self) -> int:
        """Rows that could not come in."""
        return self.counts["rejected"]

    def count(self, answer: str) -> None:
        """One more row was answered."""
        self.counts[answer] += 1
        if self.counts.total() % self._step == 0:
            self._show()

    def end(self) -> None:
        """Leaves the living line."""
        if self._out.isatty():
            self._out.write("\r\033[K", style_func=str, ending="")

    @property
    def _step(self) -> int:
        return 20 if self._out.isatty() else 100 if self.counts.total() < 1000 else 1000

    def _show(self) -> None:
        share = 100 * self._stream.tell() // max(self._size, 1)
        line = f"{share:3} % {self}"
        if self._out.isatty():
            self._out.write(f"\r\033[K{line}", style_func=str, ending="")
            self._out.flush()
        else:
            self._out.write(line, style_func=str)


def refuse_missing(file: Path) -> None:
    """Says so before the work begins when there is no file to read."""
    if file.is_dir():
        raise CommandError(f"{file} is a folder.")
    if not file.is_file():
        raise CommandError(f"There is no file {file}.")


def find_pipeline(name: str) -> Pipeline:
    """The pipeline of this name, in whatever case it is written."""
    rows = Pipeline.objects.filter(is_active=True)
    found = rows.filter(name=name).first() or rows.filter(name__iexact=name.strip()).first()
    if found is None:
        names = ", ".join(f"“{row.name}”" for row in rows) or "none yet"
        raise CommandError(f"There is no pipeline “{name}”. There are: {names}.")
    return found


def find_person(username: str, pipeline: Pipeline) -> User:
    """The person in whose name the leads come, who must have a say at the tier that works leads."""
    person = User.objects.filter(username=username, is_active=True).first()
    if person is None:
        raise CommandError(f"Nobody who may sign in is called “{username}”.")
    tier, sight = pipeline.tier_for(Stage.LEAD), sight_of(person)
    if tier.pk not in sight.worked_ids and not sight.supervises(tier):
        raise CommandError(f"{person.name} does not work leads in “{pipeline.name}”.")
    return person
