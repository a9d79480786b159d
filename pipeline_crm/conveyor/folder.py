"""Everything that the database keeps about one client's way, asked at once: hand-offs, history, contacts, tasks."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any, NamedTuple

from django.db import DEFAULT_DB_ALIAS
from django.db.models import (
    BigIntegerField,
    BooleanField,
    CharField,
    DateTimeField,
    F,
    ForeignKey,
    IntegerField,
    JSONField,
    Model,
    Q,
    QuerySet,
    TextField,
)

from pipeline_crm.access.models import Share
from pipeline_crm.clients.models import ContactPoint
from pipeline_crm.tiers.setup import SetUp
from pipeline_crm.tiers.stages import Stage
from pipeline_crm.timeline import reading
from pipeline_crm.timeline.models import Entry, Movement, Task
from pipeline_crm.users.models import User

from .hands import Step, walk, walked
from .models import HandOff
from .questions import Blank, Figures, kept
from .records import ConveyorItem
from .standins import PERSON

DONE_TASKS, MOST_TASKS, MOST_HANDOFFS = 3, 50, 100
MOST_FACTS = reading.PAGE + 1
RECORD, CLIENT = Blank("record", BigIntegerField()), Blank("client", BigIntegerField())
MIDNIGHT = Blank("midnight", DateTimeField())
# What JSON spells as a record has it; no money and no days, which would come back as something else.
SAME_IN_JSON = (BooleanField, CharField, ForeignKey, IntegerField, JSONField, TextField)
OF_STAGE = {stage: Blank(f"{stage}_ids", IntegerField()) for stage in Stage}
NAMES = ("id", "username", "first_name", "last_name")  # in the order in which a person has them
WHO = tuple(f"by__{name}" for name in NAMES)
SHARED_WITH = tuple(f"user__{name}" for name in NAMES)


@dataclass(frozen=True)
class Ask:
    """What one stage alone asks of a record, and how the answer is read: its rows as JSON, and the set-up."""

    rows: Callable[[], QuerySet[Any, Any]]
    read: Callable[[list[dict[str, Any]], SetUp], list[Any]]


Own = Mapping[str, Ask]


class Shared(NamedTuple):
    """That the record is shared: the number of the share, with whom, until when."""

    pk: int
    name: str
    until: datetime

    @classmethod
    def read(cls, row: Mapping[str, Any]) -> Shared:
        """Out of its row as JSON."""
        person = User.from_db(DEFAULT_DB_ALIAS, NAMES, [row[f"user__{name}"] for name in NAMES])
        return cls(row["id"], person.name, datetime.fromisoformat(row["until"]))


@dataclass(frozen=True)
class Folder:
    """What was found; of movements and entries only the latest of each."""

    trail: reading.Trail
    handoffs: list[HandOff]
    moves: list[Movement]
    entries: list[Entry]
    points: list[tuple[str, str]]  # kind and mask
    revealed: int
    tasks: list[Task]
    ticked: list[Task]
    shares: list[Shared]  # those that hold still
    own: Mapping[str, list[Any]]  # what one stage alone asks

    @property
    def whole(self) -> bool:
        """Whether no movement is missing."""
        return len(self.moves) < MOST_FACTS

    def steps(self, house: SetUp) -> list[Step]:
        """All movements as steps from hand to hand, in the order in which each record moved."""
        return walked(self.moves, house) if self.whole else walk(self.trail, house)


def open_folder(item: ConveyorItem, *, user_id: int, house: SetUp, now: datetime, own: Own | None = None) -> Folder:
    """All of one record's client, for somebody who may read it in full; one question."""
    trail, own = item.trail(), own or {}
    question = kept(
        ("folder", item.stage, tuple(trail), tuple(own)),
        lambda: Figures(_parts(item.stage, trail, own), planned=True),
    )
    handoffs, moves, entries, points, revealed, tasks, ticked, shares, *rest = question.row(
        {PERSON: user_id},
        record=item.pk,
        client=item.client_id,
        midnight=item.pipeline.midnight(now),
        **{f"{stage}_ids": ids for stage, ids in trail.items()},
    )
    return Folder(
        trail=trail,
        handoffs=furnished(_revived(HandOff, handoffs), house),
        moves=_with_people(_revived(Movement, moves), moves, house),
        entries=_with_people(_revived(Entry, entries), entries, house),
        points=[(point["kind"], point["masked"]) for point in points],
        revealed=len(revealed),
        tasks=_revived(Task, tasks),
        ticked=_revived(Task, ticked),
        shares=[Shared.read(row) for row in shares if datetime.fromisoformat(row["until"]) > now],
        own={name: ask.read(rows, house) for (name, ask), rows in zip(own.items(), rest, strict=True)},
    )


def handoffs_of(item: ConveyorItem, trail: reading.Trail, house: SetUp) -> list[HandOff]:
    """The crossings by which the client came here, and those by which this record was handed on; the newest first."""
    here = Q(from_stage=item.stage, from_id=item.pk)
    for stage, ids in trail.items():
        here |= Q(to_stage=stage, to_id__in=ids)
    return furnished(HandOff.objects.filter(here).order_by("-id")[:MOST_HANDOFFS], house)


def furnished(handoffs: Iterable[HandOff], house: SetUp) -> list[HandOff]:
    """Hand-offs with their people, tier and reason out of memory."""
    handoffs = list(handoffs)
    for each in handoffs:
        given: dict[str, Any] = {
            "giver": house.seats.get(each.giver_id or 0),
            "receiver": house.seats.get(each.receiver_id or 0),
        }
        given |= {"reason": house.reasons.get(each.reason_id or 0), "from_tier": house.tiers.get(each.from_tier_id)}
        each._state.fields_cache.update({name: found for name, found in given.items() if found is not None})
    return handoffs


# The question ----------------------------------------------------------------------------------------------------


def _parts(stage: Stage, trail: reading.Trail, own: Own) -> list[QuerySet[Any, Any]]:
    came, here = Q(from_stage=stage, from_id=RECORD), Q(pk__in=[])
    for each in trail:
        came |= Q(to_stage=each, to_id__among=OF_STAGE[each])
        here |= Q(stage=each, record_id__among=OF_STAGE[each])
    tasks = Task.objects.filter(stage=stage, record_id=RECORD).values(*_columns(Task))
    return [
        HandOff.objects.filter(came).order_by("-id").values(*_columns(HandOff))[:MOST_HANDOFFS],
        _latest(Movement.objects.filter(here)),
        _latest(Entry.objects.filter(here)),
        ContactPoint.objects.filter(client=CLIENT).order_by("kind", "id").values("kind", "masked"),
        reading.clients_revealed(PERSON, MIDNIGHT),
        tasks.filter(done_at=None).order_by("due_at", "id")[: MOST_TASKS + 1],
        tasks.filter(done_at__isnull=False).order_by(F("done_at").desc(), "-id")[:DONE_TASKS],
        Share.objects.filter(stage=stage, record_id=RECORD, ended_at=None).values("id", "until", *SHARED_WITH),
        *(ask.rows() for ask in own.values()),
    ]


def _latest(rows: QuerySet[Any, Any]) -> QuerySet[Any, Any]:
    model: type[Model] = rows.model
    return rows.order_by("-at", "-id").values(*_columns(model), *WHO)[:MOST_FACTS]


@cache
def _columns(model: type[Model]) -> tuple[str, ...]:
    return tuple(field.attname for field in model._meta.concrete_fields)


# The answer ------------------------------------------------------------------------------------------------------


def _revived[Row: Model](model: type[Row], rows: Sequence[Mapping[str, Any]]) -> list[Row]:
    """Records out of JSON, in which only moments are written otherwise than a record has them."""
    columns, moments, found = _columns(model), _moments(model), []
    for row in rows:
        values = [row[name] for name in columns]
        for place in moments:
            if values[place] is not None:
                values[place] = datetime.fromisoformat(values[place])
        found.append(model.from_db(DEFAULT_DB_ALIAS, columns, values))
    return found


@cache
def _moments(model: type[Model]) -> tuple[int, ...]:
    """Where the moments stand among the columns; refuses a model of which JSON would spell something otherwise."""
    fields = model._meta.concrete_fields
    strange = [field.name for field in fields if not isinstance(field, (DateTimeField, *SAME_IN_JSON))]
    if strange:
        raise TypeError(f"{model.__name__} cannot be read out of JSON as it is: {', '.join(strange)}")
    return tuple(place for place, field in enumerate(fields) if isinstance(field, DateTimeField))


def _with_people[Row: Model](found: list[Row], rows: Sequence[Mapping[str, Any]], house: SetUp) -> list[Row]:
    """Facts with whoever did them; of people only what makes up a name is known."""
    people: dict[int, User] = {}
    for fact, row in zip(found, rows, strict=True):
        pk = row["by__id"]
        if pk is None:
            continue
        if pk not in people:
            people[pk] = User.from_db(DEFAULT_DB_ALIAS, NAMES, [row[name] for name in WHO])
        fact._state.fields_cache["by"] = people[pk]
    return found
