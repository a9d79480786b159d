"""How the file of an export is made: in one transaction that sees one moment, by one worker, wholly or not at all.

A worker that is killed leaves nothing behind but an export that is still to be made; whoever comes next begins anew, and
makes the same file. An advisory lock keeps two from making it at once, and is gone with the connection that held it.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import OperationalError, connection, transaction
from django.utils import timezone, translation
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from pipeline_crm.access.exporting import approvers, heads
from pipeline_crm.access.identity import eyes_of, system_scope
from pipeline_crm.access.sight import read_sight
from pipeline_crm.audit.actions import note
from pipeline_crm.audit.models import Kind
from pipeline_crm.clients.models import Client
from pipeline_crm.conveyor.cards import FURNISHED
from pipeline_crm.conveyor.desks import DESKS
from pipeline_crm.conveyor.records import ConveyorItem, Openness
from pipeline_crm.outbox.actions import tell
from pipeline_crm.outbox.models import Notice
from pipeline_crm.sealing import unseal

from . import vault
from .columns_out import Column, Reader, cells_of, columns_of
from .marks import marked
from .models import Export
from .orders import MOST_ROWS, Misunderstood, NotTheirs, Order, order_of
from .own_copy import told_of, zipped
from .sheets import Csv, Sheet, Stamp, Xlsx
from .vault import Vault

LOCK = 0x45585054  # among the advisory locks of the house, those of exports
AT_ONCE = 500  # records that are in memory together
KEPT = timedelta(hours=24)  # how long a file waits for its person
FOLDER = settings.VAR_DIR / "exports"


def make_all(*, now: datetime) -> int:
    """Makes every file that is waited for; returns how many. May run twice, at once, or be killed."""
    with system_scope("whoever waits for a file is served"):
        waiting = list(Export.objects.to_make().values_list("pk", flat=True))
    return sum(make(pk, now=now) for pk in waiting)


def make(pk: int, *, now: datetime) -> bool:
    """Makes the file of one export; False when there is nothing to do, or somebody else is at it."""
    try:
        with _one_moment():
            return _locked(pk) and _make(pk, now=now)
    except OperationalError as error:
        # The person has left or has withdrawn it meanwhile, or PostgreSQL went away: the next ring will see.
        if getattr(error.__cause__, "pgcode", None) != "40001":
            raise
        return False


@contextmanager
def _one_moment() -> Iterator[None]:
    """A transaction in which all questions are answered as of the same moment."""
    is_outermost = not connection.in_atomic_block
    with transaction.atomic():
        if is_outermost:
            with connection.cursor() as cursor:
                cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
        with system_scope("a file is made for somebody who is not at this machine"):
            yield


def _locked(pk: int) -> bool:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_xact_lock(%s, %s)", [LOCK, pk % 2**31])
        return bool(cursor.fetchone()[0])


def _make(pk: int, *, now: datetime) -> bool:
    export = Export.objects.select_related("asker", "pipeline").filter(pk=pk, state=Export.State.QUEUED).first()
    if export is None or not export.asker.is_active:
        return False
    if export.format == Export.Format.COPY:
        return _make_copy(export, now=now)
    try:
        order = order_of(export, user=export.asker, now=now)
    except (NotTheirs, Misunderstood) as why:
        return _fail(export, Export.Why.RIGHT if isinstance(why, NotTheirs) else Export.Why.FILTER, now=now)
    with eyes_of(export.asker_id):
        numbers = order.numbers()
    if not numbers or len(numbers) > MOST_ROWS:
        return _fail(export, Export.Why.TOO_MANY if numbers else Export.Why.EMPTY, now=now)
    export.rows, export.records = len(numbers), numbers
    if len(numbers) > export.may_have:
        return _ask_again(export, now=now)
    vault.empty(export)
    with translation.override(export.language):
        clients = _write(export, order, numbers)
    return _finish(export, clients, now=now)


def _make_copy(export: Export, *, now: datetime) -> bool:
    """Everything about one person, out of the pipelines that whoever asked heads."""
    told, sight = json.loads(unseal(export.question)), read_sight(export.asker)
    homes = [pk for pk in sight.headed_ids if heads(sight, pk)]
    if export.pipeline_id not in homes:
        return _fail(export, Export.Why.RIGHT, now=now)
    client = Client.objects.filter(pk=told["client"], erased_at=None).first()
    if client is None:
        return _fail(export, Export.Why.EMPTY, now=now)
    export.records = export.named = [told["record"]]
    vault.empty(export)
    with translation.override(export.language):
        out, stamp = Vault(export), " · ".join(stamp_lines(export))
        out.write(zipped(told_of(client, homes), stamp=stamp, mark=export.mark))
        out.close()
    return _finish(export, [client.pk], now=now)


def _write(export: Export, order: Order, numbers: Sequence[int]) -> list[int]:
    """Writes the rows into the vault; returns the numbers of the clients in them."""
    columns, clients = columns_of(export), set()
    export.named = []
    reader = Reader(order.scope.sight, export.contacts, export.mark)
    with _folder(export) as folder:
        out = Vault(export)
        sheet = _sheet(export, order, out, folder)
        sheet.head([marked(str(column.word), export.mark) for column in columns])
        for item in _items(order, numbers, columns):
            sheet.row(cells_of(item, columns, reader))
            clients.add(item.client_id)
            if item.openness(reader.sight) >= Openness.NAMED:
                export.named.append(item.pk)
        sheet.close()
        out.close()
    return sorted(clients)


def _items(order: Order, numbers: Sequence[int], columns: Sequence[Column]) -> Iterator[ConveyorItem]:
    """The records in their order, so many at a time that memory does not grow with the file."""
    model = order.scope.desk.model
    has = {field.name for field in model._meta.get_fields()}
    joined = [
        "client",
        "step",
        "tier__pipeline",
        "pipeline",
        "seat__user",
        *(name for name in FURNISHED if name in has),
    ]
    rows = order.records.select_related(*joined)
    if any(column.contacts != tuple(Export.Contacts.values) for column in columns):
        rows = rows.prefetch_related("client__contact_points")
    for first in range(0, len(numbers), AT_ONCE):
        lot = numbers[first : first + AT_ONCE]
        with eyes_of(order.scope.user.pk):
            found = {item.pk: item for item in rows.filter(pk__in=lot)}
        yield from (found[pk] for pk in lot)


def _sheet(export: Export, order: Order, out: Vault, folder: Path) -> Sheet:
    stamp = stamp_of(export, order)
    if export.format == Export.Format.CSV:
        return Csv(out, stamp, language=export.language)
    return Xlsx(
        out, stamp, folder=folder, words=(str(DESKS[order.stage].model._meta.verbose_name_plural), _("Whose it is"))
    )


def stamp_of(export: Export, order: Order) -> Stamp:
    """What the file says of itself, in the language of the file."""
    at = export.asked_at.astimezone(export.pipeline.zone)
    return Stamp(title=order.title, lines=tuple(stamp_lines(export)), by=_who(export), at=at, mark=export.mark)


def _who(export: Export) -> str:
    return _("%(name)s (%(username)s)") % {"name": export.asker.name, "username": export.asker.username}


def stamp_lines(export: Export) -> list[str]:
    """The same line by line."""
    # The hour of asking, so that a file that is made a second time is the same file.
    hour = date_format(timezone.localtime(export.asked_at, export.pipeline.zone), "DATETIME_FORMAT")
    who = _who(export)
    lines = [
        _("Export %(number)d of “%(pipeline)s”") % {"number": export.pk, "pipeline": export.pipeline.name},
        _("asked for by %(who)s on %(hour)s") % {"who": who, "hour": hour},
    ]
    if export.approver is not None:
        lines.append(_("approved by %(name)s") % {"name": export.approver.name})
    lines.append(_("for this person alone; every copy of it can be told"))
    return lines


@contextmanager
def _folder(export: Export) -> Iterator[Path]:
    """A folder that only we can read, for what a workbook needs beside itself; empty before, gone after."""
    FOLDER.mkdir(mode=0o700, parents=True, exist_ok=True)
    folder = FOLDER / str(export.pk)
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(mode=0o700)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def clear_folders() -> None:
    """Throws away what a worker left beside the vault that was killed, once its file is made or wanted no more."""
    found = {int(folder.name): folder for folder in FOLDER.glob("*") if folder.name.isdigit()}
    with system_scope("a folder is wanted by whoever waits for its file"):
        wanted = set(Export.objects.to_make().filter(pk__in=found).values_list("pk", flat=True))
    for pk in found.keys() - wanted:
        shutil.rmtree(found[pk], ignore_errors=True)


def _finish(export: Export, clients: Sequence[int], *, now: datetime) -> bool:
    export.made_at, export.expires_at = now, now + KEPT
    export.finish()
    export.save()
    detail: dict[str, Any] = {
        "export": export.pk,
        "rows": export.rows,
        "contacts": export.contacts,
        "format": export.format,
        "bytes": export.size,
        "clients": clients,
    }
    note(Kind.EXPORT_MADE, by=export.asker, pipeline=export.pipeline_id, now=now, detail=detail)
    return _tell_asker(export, Notice.Kind.EXPORT_READY, now=now)


def _fail(export: Export, why: str, *, now: datetime) -> bool:
    export.fail(why)
    export.save()
    if why == Export.Why.RIGHT:
        detail = {"export": export.pk, "why": why}
        note(Kind.DENIED, by=export.asker, pipeline=export.pipeline_id, now=now, detail=detail)
    return _tell_asker(export, Notice.Kind.EXPORT_CLOSED, now=now)


def _ask_again(export: Export, *, now: datetime) -> bool:
    """It has become more than may go without a second person, or than they approved."""
    export.records = []
    export.approver = export.answered_at = export.approved_rows = None
    export.answer = ""
    export.asked_at = now
    export.ask_again()
    export.save()
    ask_approvers(export, now=now)
    return False


def ask_approvers(export: Export, *, now: datetime) -> None:
    """Tells those who can answer that somebody waits for them."""
    event = f"export:{export.pk}:asked:{now.isoformat(timespec='seconds')}"
    people = approvers(export.pipeline, other_than=export.asker_id)
    tell(people, kind=Notice.Kind.EXPORT_ASKED, stage="", record_id=None, event=event, now=now)


def _tell_asker(export: Export, kind: Notice.Kind, *, now: datetime) -> bool:
    event = f"export:{export.pk}:{export.state}:{now.isoformat(timespec='seconds')}"
    tell([export.asker_id], kind=kind, stage="", record_id=None, event=event, now=now)
    return True
