"""Short ways to read an export in a test, and to import one."""

import io
from pathlib import Path

from django.core.management import call_command

from leads.models import Lead
from pipeline_crm.clients.models import Client, ContactPoint
from pipeline_crm.exchange.models import ImportedRow
from pipeline_crm.exchange.reading import LeadRow, Reading, Rejected, Row, read_leads
from pipeline_crm.exchange.sample import write_sample
from pipeline_crm.timeline.models import Entry, Movement

PHONE, SECOND_PHONE = "+79161234567", "+79261234567"


def read(text: str | bytes, encoding: str = "utf-8", *, told: str | None = None) -> Reading:
    content = text if isinstance(text, bytes) else text.encode(encoding)
    return read_leads(io.BytesIO(content), region="RU", encoding=told)


def leads(text: str | bytes, encoding: str = "utf-8", *, told: str | None = None) -> list[LeadRow]:
    rows = list(read(text, encoding, told=told))
    assert [row for row in rows if isinstance(row, Rejected)] == []
    return [row.lead for row in rows if isinstance(row, Row)]


def make_file(folder: Path, text: str, name: str = "leads.csv") -> Path:
    file = folder / name
    file.write_text(text, encoding="utf-8")
    return file


def make_sample(folder: Path, **options) -> Path:
    file = folder / "sample.csv"
    with file.open("wb") as stream:
        write_sample(stream, **options)
    return file


def import_file(file: Path, *options: str, pipeline: str = "Severny Park flats") -> list[str]:
    """What the command says, line by line."""
    out = io.StringIO()
    call_command("import_leads", str(file), "--pipeline", pipeline, *options, stdout=out, stderr=io.StringIO())
    return out.getvalue().splitlines()


def state_of_the_house() -> dict[str, object]:
    """Everything that an import may change, without the order in which it came."""
    return {
        "clients": sorted(Client.objects.values_list("name", "company", "city")),
        "points": sorted(
            (point.kind, point.opened(), point.client.name) for point in ContactPoint.objects.select_related("client")
        ),
        "leads": sorted(Lead.objects.values_list("client__name", "comment", "state", "version")),
        "rows": sorted(ImportedRow.objects.values_list("fingerprint", flat=True)),
        "movements": Movement.objects.count(),
        "entries": Entry.objects.count(),
    }
