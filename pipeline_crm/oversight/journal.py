"""The journal as people read it: lines of the pipelines they answer for, newest first, each a sentence made when it is read."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any

from django.db.models import Q, QuerySet
from django.urls import reverse
from django.utils.dateparse import parse_datetime
from django.utils.translation import gettext as _

from pipeline_crm.access.identity import system_scope
from pipeline_crm.access.sight import Sight
from pipeline_crm.audit.models import Kind, Line
from pipeline_crm.clients.actions import points_of
from pipeline_crm.clients.models import ContactPoint
from pipeline_crm.conveyor.desks import DESKS
from pipeline_crm.sealing import marks
from pipeline_crm.tiers.models import Pipeline
from pipeline_crm.tiers.stages import Stage
from pipeline_crm.users.models import User

from .sentences import sentence

LINES = 50


@dataclass(frozen=True, slots=True)
class Asked:
    """What of the journal is asked for."""

    person: int | None = None
    kind: str = ""
    client: int | None = None
    contact: str = ""
    since: date | None = None
    until: date | None = None
    before: tuple[datetime, int] | None = None


@dataclass(frozen=True, slots=True)
class Told:
    """One line in words."""

    at: datetime
    who: str
    words: str
    kind: str
    url: str = ""


@dataclass(frozen=True, slots=True)
class Page:
    """Some lines, and from where the next ones read."""

    lines: list[Told]
    after: str = ""


def in_charge(sight: Sight) -> list[Pipeline]:
    """The pipelines whose journal somebody reads: those they head, and those whose security officer they are."""
    return list({pipeline.pk: pipeline for pipeline in (*sight.answered_for, *sight.audited)}.values())


def read(sight: Sight, asked: Asked) -> Page:
    """One page of the journal; of people who are in no pipeline a security officer reads, too."""
    pipelines = in_charge(sight)
    mine = Q(pipeline_id__in=[pipeline.pk for pipeline in pipelines])
    rows = Line.objects.filter(mine | Q(pipeline_id=None) if sight.audited else mine)
    rows = _sifted(rows, asked, pipelines)
    if asked.before:
        at, pk = asked.before
        rows = rows.filter(at__lte=at).exclude(at=at, pk__gte=pk)
    found = list(rows.order_by("-at", "-id")[: LINES + 1])
    page = found[:LINES]
    names = _names(page)
    last = page[-1] if len(found) > LINES else None
    headed = {pipeline.pk for pipeline in sight.answered_for}
    return Page(
        [_told(line, names, opens=line.pipeline_id in headed) for line in page],
        f"{last.at.isoformat()}~{last.pk}" if last else "",
    )


def mark_of(text: str) -> tuple[datetime, int] | None:
    """Where the last page ended, out of an address; None for what is none."""
    at, _tilde, pk = text.partition("~")
    try:
        moment = parse_datetime(at)
    except ValueError:
        return None
    ok = moment is not None and moment.tzinfo is not None and pk.isascii() and pk.isdigit() and len(pk) < 19
    return (moment, int(pk)) if ok and moment is not None else None


def _sifted(rows: QuerySet[Line], asked: Asked, pipelines: Sequence[Pipeline]) -> QuerySet[Line]:
    if asked.person is not None:
        rows = rows.filter(Q(by=asked.person) | Q(about=asked.person))
    if asked.kind:
        rows = rows.filter(kind=asked.kind)
    if asked.client is not None:
        rows = rows.filter(client_id=asked.client)
    if asked.contact:
        rows = rows.filter(_of_contact(asked.contact, pipelines))
    zone = pipelines[0].zone if pipelines else None
    if asked.since:
        rows = rows.filter(at__gte=datetime.combine(asked.since, time(), tzinfo=zone))
    if asked.until:
        rows = rows.filter(at__lt=datetime.combine(asked.until + timedelta(days=1), time(), tzinfo=zone))
    return rows


def _of_contact(contact: str, pipelines: Sequence[Pipeline]) -> Q:
    """Lines about whoever has this phone or address now, and those that keep its hash from when it was theirs."""
    points = {point for home in pipelines for point in points_of([contact], [contact], country=home.country)}
    whose = Q(pk__in=[])
    for kind, value in points:
        whose |= Q(kind=kind, mark__in=marks(kind, value))
    traces = [str(each) for kind, value in points for each in marks(kind, value)]
    with system_scope("a security officer asks by a contact whose client they must not see"):
        clients = list(ContactPoint.objects.filter(whose).values_list("client_id", flat=True)) if points else []
    kept = Q(traces__overlap=traces) & ~Q(traces=[]) if traces else Q(pk__in=[])
    return kept | Q(client_id__in=clients, client_id__isnull=False)


def _names(lines: Iterable[Line]) -> dict[int, str]:
    people = {who for line in lines for who in (line.by_id, line.about_id) if who is not None}
    return {
        person.pk: person.name
        for person in User.objects.filter(pk__in=people).only("username", "first_name", "last_name")
    }


def _told(line: Line, names: dict[int, str], *, opens: bool) -> Told:
    who = names.get(line.by_id, f"№ {line.by_id}") if line.by_id else ""
    about = names.get(line.about_id, f"№ {line.about_id}") if line.about_id else ""
    return Told(
        line.at, who or _("the system"), sentence(line, about), str(Kind(line.kind).label), _url(line) if opens else ""
    )


def _url(line: Line) -> Any:
    if line.record_id is None or line.stage not in Stage.values:
        return ""
    return reverse(f"{DESKS[Stage(line.stage)].namespace}:record", args=[line.record_id])
