"""Everything the firm keeps about one person, for that person: as JSON for machines and as a page for people, in one ZIP.

Colleagues stand in it by what they are and not by name, for they are persons, too. Only the pipelines are told of that whoever
asked for the copy heads.
"""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Iterable, Mapping
from datetime import datetime
from html import escape
from typing import Any

from django.utils.translation import gettext as _

from deals.models import DealLine
from pipeline_crm.audit.models import Kind, Line
from pipeline_crm.clients.models import Client, ContactPoint
from pipeline_crm.conveyor.models import HandOff
from pipeline_crm.conveyor.records import BELT, ConveyorItem
from pipeline_crm.tiers.setup import SetUp, setup
from pipeline_crm.timeline.models import Entry, Movement, Task

from .marks import marked
from .models import Export, ImportedRow

MADE = (1980, 1, 1, 0, 0, 0)  # of the files in the ZIP, so that the same copy is the same file
OF_RECORD = (
    "state created_at touched_at amount currency source product campaign competitor comment reason expected_on closed_at until "
    "bought_total purchases last_purchase_at next_touch_on"
)
OF_BRIEF = "summary need budget timing decider next_step comment"

Told = dict[str, Any]


def roles_of(house: SetUp) -> Mapping[int, str]:
    """What each person is in the house; who reads an extract learns no colleague's name."""
    roles: dict[int, str] = {}
    for seat in house.seats.values():
        words = _("team lead of “%(tier)s”") if seat.role == "lead" else _("member of “%(tier)s”")
        roles[seat.user_id] = words % {"tier": house.tiers[seat.tier_id].name}
    return roles


def role_of(person: int | None, roles: Mapping[int, str]) -> str:
    """A person by what they are."""
    if person is None:
        return _("the system")
    return roles.get(person, _("head of sales or administrator"))


def told_of(client: Client, pipelines: Iterable[int]) -> Told:
    """Everything about a client, as far as these pipelines know them."""
    homes, roles = list(pipelines), roles_of(setup())
    here = {"client": client, "pipeline__in": homes}
    items = [item for model in BELT.values() for item in model.objects.filter(**here).order_by("pk")]
    numbers = {(item.stage.value, item.pk) for item in items}
    return {
        "person": _person(client),
        "contacts": [{"kind": point.kind, "value": point.opened()} for point in _points(client)],
        "consents": [_consent(row, roles) for row in client.agreements.all()],
        "records": [_record(item) for item in setup().attach(items)],
        "history": _history(here, roles),
        "tasks": [
            {"to_do": task.title, "due": task.due_at, "done": task.done_at, "set_by": role_of(task.by_id, roles)}
            for task in Task.objects.filter(**here).order_by("id")
        ],
        "hand_offs": [_handoff(row, roles) for row in HandOff.objects.filter(**here).order_by("id")],
        "files": _files(numbers),
        "seen": _seen(client, homes, roles),
    }


def _points(client: Client) -> list[ContactPoint]:
    return list(ContactPoint.objects.filter(client=client))


def _person(client: Client) -> Told:
    names = ("name", "company", "region", "city", "language", "consent", "no_contact", "created_at")
    return {"number": client.pk, **{name: getattr(client, name) for name in names}}


def _consent(row: Any, roles: Mapping[int, str]) -> Told:
    return {
        "channel": row.channel,
        "source": row.source,
        "given": row.given_at,
        "taken_back": row.withdrawn_at,
        "written_down_by": role_of(row.given_by_id or row.withdrawn_by_id, roles),
    }


def _record(item: ConveyorItem) -> Told:
    known = {name: getattr(item, name) for name in OF_RECORD.split() if hasattr(item, name)}
    lines = DealLine.objects.filter(deal=item.pk).select_related("product") if item.stage == "deal" else []
    return {
        "stage": item.stage.value,
        "number": item.pk,
        "pipeline": item.pipeline.name,
        "step": item.step.name,
        **{name: value if _is_plain(value) else str(value) for name, value in known.items()},
        "lines": [{"product": line.product.name, "quantity": line.quantity, "price": line.price} for line in lines],
    }


def _is_plain(value: Any) -> bool:
    return value is None or isinstance(value, (str, int, datetime))


def _history(here: Told, roles: Mapping[int, str]) -> list[Told]:
    """What happened, the first first: movements and entries in one line of time."""
    moves = [
        {"at": row.at, "what": row.cause, "state": row.to_state, "by": role_of(row.by_id, roles)}
        for row in Movement.objects.filter(**here)
    ]
    entries = [
        {"at": row.at, "what": row.kind, "outcome": row.outcome, "text": row.text, "by": role_of(row.by_id, roles)}
        for row in Entry.objects.filter(**here)
    ]
    return sorted([*moves, *entries], key=lambda row: row["at"])


def _handoff(row: HandOff, roles: Mapping[int, str]) -> Told:
    return {
        "from": row.from_stage,
        "to": row.to_stage,
        "offered": row.offered_at,
        "answered": row.answered_at,
        "answer": row.state,
        "answered_by": role_of(row.answered_by_id, roles),
        **{name: getattr(row, name) for name in OF_BRIEF.split()},
    }


def _files(numbers: set[tuple[str, int]]) -> list[Told]:
    """The files that the person was in: what came in, and what was made of it; by number, for no content is kept."""
    records = {stage: [pk for each, pk in numbers if each == stage] for stage, _pk in numbers}
    files = []
    for stage, pks in records.items():
        out = Export.objects.filter(stage=stage, records__overlap=pks).exclude(made_at=None).order_by("pk")
        files += [{"file": f"{one.stage}s-{one.pk}.{one.format}", "made": one.made_at} for one in out]
        came = ImportedRow.objects.filter(stage=stage, record_id__in=pks).order_by("id")
        files += [{"imported": row.at} for row in came]
    return files


def _seen(client: Client, homes: list[int], roles: Mapping[int, str]) -> list[Told]:
    """Who opened the card or the contacts, and when, out of the journal."""
    kinds = [Kind.VIEWED, Kind.REVEALED, Kind.DIALLED, Kind.GLASS_USED, Kind.HANDED_OUT]
    rows = Line.objects.filter(client_id=client.pk, pipeline_id__in=homes, kind__in=kinds).order_by("at", "id")
    return [{"at": row.at, "what": str(Kind(row.kind).label), "by": role_of(row.by_id, roles)} for row in rows]


# The files -------------------------------------------------------------------------------------------------------


def zipped(told: Told, *, stamp: str, mark: str) -> bytes:
    """The two files in one; every text bears the mark of whoever asked for it."""
    signed = _signed({"stamp": stamp, **told}, mark)
    whole = io.BytesIO()
    with zipfile.ZipFile(whole, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in (("data.json", _as_json(signed)), ("data.html", _as_page(signed))):
            archive.writestr(zipfile.ZipInfo(name, MADE), text.encode())
    return whole.getvalue()


def _signed(value: Any, mark: str) -> Any:
    if isinstance(value, dict):
        return {name: _signed(each, mark) for name, each in value.items()}
    if isinstance(value, list):
        return [_signed(each, mark) for each in value]
    return marked(value, mark) if isinstance(value, str) else value


def _as_json(told: Told) -> str:
    return json.dumps(told, ensure_ascii=False, indent=2, default=_plain)


def _plain(value: Any) -> str:
    return value.isoformat() if isinstance(value, datetime) else str(value)


def _as_page(told: Told) -> str:
    """A page without script or style of strangers, to be read and printed as it is."""
    heads = {
        "person": _("Who you are"),
        "contacts": _("How to reach you"),
        "consents": _("What you agreed to"),
        "records": _("What you asked for and bought"),
        "history": _("What happened"),
        "tasks": _("What was to be done"),
        "hand_offs": _("What colleagues told each other"),
        "files": _("Files that you were in"),
        "seen": _("Who saw your data"),
    }
    title = escape(_("Everything that we keep about you"))
    parts = [f"<h2>{escape(head)}</h2>{_table(told[name])}" for name, head in heads.items()]
    look = "<style>body{font:15px/1.4 sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem}dt{font-weight:600}</style>"
    return (
        f'<!doctype html><html><head><meta charset="utf-8"><title>{title}</title>{look}</head>'
        f"<body><h1>{title}</h1><p>{escape(told['stamp'])}</p>{''.join(parts)}</body></html>"
    )


def _table(rows: Any) -> str:
    if isinstance(rows, dict):
        rows = [rows]
    return "".join(f"<dl>{_facts(row)}</dl><hr>" for row in rows) or f"<p>{escape(_('Nothing.'))}</p>"


def _facts(row: Told) -> str:
    return "".join(
        f"<dt>{escape(name)}</dt><dd>{_table(value) if isinstance(value, list) else escape(_plain(value))}</dd>"
        for name, value in row.items()
        if value not in (None, "", [])
    )
