"""How the tests take files out of the house: through the pages, as people do."""

from __future__ import annotations

import csv
import io
from datetime import timedelta
from typing import Any

import openpyxl
from django.test import Client as Browser
from django.urls import reverse
from django.utils import timezone
from django.utils.http import urlencode

from pipeline_crm.audit.models import Line
from pipeline_crm.conveyor.records import ConveyorItem
from pipeline_crm.exchange.making import make_all
from pipeline_crm.exchange.models import Export
from pipeline_crm.outbox.models import Notice
from pipeline_crm.tiers.models import Pipeline, Seat
from pipeline_crm.users.models import User
from tests.cast import MONDAY

WHY = "The quarterly report for the board."


def grant(seat: Seat, *, may_export: bool = True) -> Seat:
    """An administrator lets a seat's person export, or takes the right away."""
    Seat.objects.filter(pk=seat.pk).update(may_export=may_export)
    return seat


def ask(browser: Browser, stage: str = "lead", *, contacts: str = "none", kind: str = "csv", **question: Any) -> Export:
    """Asks for a list as a file by its page; the export that came of it."""
    address = f"{reverse('exchange:new', args=[stage])}?{urlencode(question)}"
    answer = browser.post(address, {"format": kind, "contacts": contacts, "reason": WHY})
    assert answer.status_code == 303, (answer.status_code, answer.content.decode()[:4000])
    return Export.objects.get(key=answer["Location"].strip("/").rpartition("/")[2])


def again(export: Export) -> Export:
    """The export as it is now."""
    return Export.objects.get(pk=export.pk)


def fetch(browser: Browser, export: Export) -> bytes:
    """Fetches the file of an export that is ready."""
    answer = browser.post(reverse("exchange:fetch", args=[export.key]))
    assert answer.status_code == 200, answer.status_code
    return b"".join(answer.streaming_content)


def export(browser: Browser, stage: str = "lead", **how: Any) -> bytes:
    """Asks, lets the worker come, and fetches."""
    asked = ask(browser, stage, **how)
    make_all(now=MONDAY)
    # The hour of the tests is long ago: the file would have run out by the clock on the wall.
    return fetch(browser, renewed(asked))


def renewed(export: Export) -> Export:
    """An export whose file can be fetched by the clock on the wall."""
    Export.objects.filter(pk=export.pk, state="ready").update(expires_at=timezone.now() + timedelta(hours=1))
    return again(export)


def rows_of_csv(content: bytes, delimiter: str = ",") -> list[list[str]]:
    """The rows of a file, its head first and its stamp last."""
    return list(csv.reader(io.StringIO(content.decode("utf-8-sig")), delimiter=delimiter))


def numbers_of(content: bytes) -> list[int]:
    """The numbers of the records in a CSV file."""
    return [int(row[0]) for row in rows_of_csv(content)[1:-1]]


def book_of(content: bytes) -> openpyxl.Workbook:
    """A workbook as a spreadsheet reads it."""
    return openpyxl.load_workbook(io.BytesIO(content))


def ids(items: list[ConveyorItem]) -> list[int]:
    """The numbers of records."""
    return sorted(item.pk for item in items)


def left(user: User) -> None:
    """Somebody does not work here any more."""
    user.is_active = False
    user.save(update_fields=["is_active"])


def kinds_of(person: User) -> list[str]:
    """What was written down of a person, in order."""
    lines = Line.objects.filter(by=person, kind__startswith="export") | Line.objects.filter(by=person, kind="denied")
    return list(lines.order_by("pk").values_list("kind", flat=True))


def told(person: User) -> list[str]:
    """What the bell told a person of exports, in order."""
    return list(
        Notice.objects.filter(user=person, kind__startswith="export").order_by("pk").values_list("kind", flat=True)
    )


def capped(pipeline: Pipeline, rows: int) -> None:
    """An administrator sets the rows of a day."""
    Pipeline.objects.filter(pk=pipeline.pk).update(export_rows=rows)


def made(browser: Any, **how: Any) -> Export:
    """A file that waits for its person."""
    asked = ask(browser, view="team", **how)
    make_all(now=timezone.now())
    return again(asked)


def refused_file(browser: Any, export: Export) -> int:
    """How somebody who comes for a file is answered."""
    return browser.post(reverse("exchange:fetch", args=[export.key])).status_code
