"""Search: by a part of a name or company, by a phone or an address; only among records that are open to the asker in full."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING, Any

from django.db import connection
from django.db.models import BooleanField, Case, F, Q, QuerySet, Value, When

from pipeline_crm.access.gate import visible
from pipeline_crm.access.identity import system_scope
from pipeline_crm.access.sight import Sight, sight_of
from pipeline_crm.clients.contacts import normalise_email, normalise_phone
from pipeline_crm.clients.models import DIGITS_OF_AN_END, Client, ContactPoint
from pipeline_crm.conveyor.cards import furnish, house_of, wanted_by
from pipeline_crm.conveyor.desks import DESKS
from pipeline_crm.conveyor.faces import ClockFace, clock_face
from pipeline_crm.conveyor.questions import IDS, Question, kept
from pipeline_crm.conveyor.records import ConveyorItem
from pipeline_crm.conveyor.standins import StandIn, stand_in
from pipeline_crm.tiers.stages import Stage

from .own_names import called_so, few_of

if TYPE_CHECKING:
    from pipeline_crm.users.models import User

LONGEST = 80
MOST = 20  # of a stage; whoever needs more writes more letters
FEW_LETTERS = 2  # up to here a word must begin with them
LONGEST_WORDS = 6
_BESIDE_DIGITS = re.compile(r"[\s()+./-]+")


@dataclass(frozen=True)
class Hit:
    """One record that answers to what was asked."""

    item: ConveyorItem
    is_own: bool
    wants: str
    face: ClockFace | None
    url: str


@dataclass(frozen=True)
class Found:
    """What was asked, and what of it was found at each stage."""

    asked: str
    stages: list[tuple[Stage, list[Hit]]] = field(default_factory=list)

    @property
    def count(self) -> int:
        """How many records are shown."""
        return sum(len(hits) for _stage, hits in self.stages)

    @property
    def is_cut(self) -> bool:
        """Whether some stage has more than is shown."""
        return any(len(hits) == MOST for _stage, hits in self.stages)


def search(user: User, words: str, *, now: datetime) -> Found:
    """Looks at the stages that a person works; up to three queries for each, and one more for what looks like a contact."""
    # PostgreSQL takes no NUL in a text, and nobody types one.
    asked = " ".join(words.replace("\x00", " ").split())[:LONGEST].strip()
    sight = sight_of(user)
    if not asked:
        return Found("")
    stages, meant = [stage for stage in Stage if sight.works(stage)], _meant(asked, sight)
    return Found(asked, [(stage, hits) for stage in stages if (hits := _hits(user, stage, meant, now))])


def _hits(user: User, stage: Stage, meant: Meant, now: datetime) -> list[Hit]:
    sight = sight_of(user)
    nobody = stand_in(sight)
    # Whose contact it is, is known already; and a number stands in so few names that they are found at once.
    by_name = not (sight.led or sight.headed or meant.shape.is_contact)
    rows = _among_few(nobody, stage, meant) if by_name else None
    if rows is None:
        # Written once for all who stand alike and ask alike, but planned anew: which index serves is told by the words.
        key = ("search", stage, nobody.shape, meant.shape)
        asking: Question[Any] = kept(key, lambda: Question([_rows(nobody, stage, meant.shape)]))
        # No index of names serves a policy, which must be asked first of every client of the firm.
        with system_scope("names are looked for in an index; what is found is read with the asker's own eyes"):
            found = asking.records({**nobody.numbers, **meant.words}, ids=meant.ids)
        rows = _with_own_eyes(stage, found)
    shown: list[ConveyorItem] = furnish(rows, house_of(sight))
    return [
        Hit(
            item=item,
            is_own=item.seat_id in sight.seat_ids,
            wants=wanted_by(item),
            face=clock_face(item.due_at, item.clock_since, now, item.clock, item.parked_until()),
            url=DESKS[stage].url("record", item.pk),
        )
        for item in shown
    ]


def _with_own_eyes(stage: Stage, found: list[ConveyorItem]) -> list[ConveyorItem]:
    """Of these records those that the database, too, shows to whoever asks."""
    if not found:
        return []
    seen = set(DESKS[stage].model.objects.filter(pk__in=[item.pk for item in found]).values_list("pk", flat=True))
    return [item for item in found if item.pk in seen]


def _among_few(nobody: StandIn, stage: Stage, meant: Meant) -> list[ConveyorItem] | None:
    """What a member finds who holds few records; None for those with many."""
    key = (stage, nobody.shape)
    near = Q(seat__in=nobody.sight.seat_ids) | Q(pk__in=nobody.sight.lent[stage])
    held = partial(DESKS[stage].model.objects.filter, near)
    own = few_of(held, key, nobody.numbers)
    if own is None:
        return None
    with system_scope(
        "which of one's own clients are called so is read from an index; the records with one's own eyes"
    ):
        clients = called_so(own, _said_of(meant.shape), meant.shape.long, meant.words) if own else []
    if not clients:
        return []
    # Only here are they told from what the member has handed on: what they hold is more than what is open to them.
    asking = kept(
        ("found", *key), lambda: Question([_best(_open_to(nobody, stage).filter(client__pk__among=IDS))], planned=True)
    )
    rows: list[ConveyorItem] = asking.records(nobody.numbers, ids=clients)
    return rows


def _rows(nobody: StandIn, stage: Stage, shape: Shape) -> QuerySet[Any, Any]:
    return _best(_open_to(nobody, stage).filter(client__in=_called(shape)))


def _open_to(nobody: StandIn, stage: Stage) -> QuerySet[Any, Any]:
    return visible(nobody.user, DESKS[stage].model.objects.filter(_in_full(nobody.sight, stage)))


def _best(rows: QuerySet[Any, Any]) -> QuerySet[Any, Any]:
    """Open records first, then the newest; no more than are shown."""
    model: Any = rows.model
    ordered = rows.annotate(is_live=_as_flag(Q(state__in=model.OPEN))).order_by(F("is_live").desc(), "-id")
    return ordered.select_related("client")[:MOST]


def _as_flag(condition: Q) -> Any:
    return Case(When(condition, then=Value(value=True)), default=Value(value=False), output_field=BooleanField())


def _in_full(sight: Sight, stage: Stage) -> Q:
    """Records whose client the asker may read in full: a search must not tell of the pool, nor of mere offers."""
    own = Q(seat__in=sight.seat_ids) & ~Q(state="offered") | Q(pk__in=sight.lent[stage])
    return own | Q(tier__in=sight.led_ids) | Q(pipeline__in=sight.headed_ids)


# What was asked, taken apart ---------------------------------------------------------------------------------------

# This stands for a word that was asked for while the question is written; nobody can type it, for a NUL is left out.
WORD = "\0word %d"


@dataclass(frozen=True)
class Shape:
    """All by which the SQL of two searches differs."""

    long: tuple[bool, ...]  # of each word, whether it may stand inside another
    is_contact: bool = False


@dataclass(frozen=True)
class Meant:
    """What was asked, which words of the question it takes the place of, and whose contact it is, if it is one."""

    shape: Shape
    words: dict[Any, Any]
    ids: Sequence[int] = ()


def _meant(asked: str, sight: Sight) -> Meant:
    said = asked.split()[:LONGEST_WORDS]
    words: dict[Any, Any] = {}
    for place, word in enumerate(said):
        safe = connection.ops.prep_for_like_query(word)
        words |= {around % (WORD % place): around % safe for around in ("%%%s%%", "%s%%", "%% %s%%")}
    long = tuple(len(word) > FEW_LETTERS for word in said)
    whose = _whose(asked, sight)
    return Meant(Shape(long, is_contact=whose is not None), words, whose or [])


def _whose(asked: str, sight: Sight) -> list[int] | None:
    """The clients, in sight or not, whose contact was asked for; None when what was asked does not look like one."""
    points = ContactPoint.objects.order_by()
    if "@" in asked:
        email = normalise_email(asked)
        return (
            list(points.saying(ContactPoint.Kind.EMAIL, [email]).values_list("client_id", flat=True)) if email else None
        )
    digits = _BESIDE_DIGITS.sub("", asked)
    if not (digits.isascii() and digits.isdigit() and len(digits) >= DIGITS_OF_AN_END):
        return None
    wholes = {normalise_phone(asked, country) for country in _countries(sight)}
    return sorted({point.client_id for point in points.meaning(digits, filter(None, wholes))})


def _called(shape: Shape) -> QuerySet[Any, Any]:
    """The clients of whom every word begins or is inside the name or the company; or of whom the whole is a contact."""
    clients = Client.objects.filter(_said_of(shape)).values_list("pk")
    return clients.union(Client.objects.filter(pk__among=IDS).values_list("pk")) if shape.is_contact else clients


def _said_of(shape: Shape) -> Q:
    called = Q()
    for place, is_long in enumerate(shape.long):
        called &= _said(WORD % place, "name", is_long=is_long) | _said(WORD % place, "company", is_long=is_long)
    return called


def _said(word: str, column: str, *, is_long: bool) -> Q:
    if is_long:
        return Q(**{f"{column}__icontains": word})
    return Q(**{f"{column}__istartswith": word}) | Q(**{f"{column}__icontains": f" {word}"})


def _countries(sight: Sight) -> set[str]:
    """The countries whose national numbers the asker may write without a code."""
    pipelines = [*(tier.pipeline for tier in sight.worked), *sight.headed]
    return {pipeline.country for pipeline in pipelines} or {"RU"}
