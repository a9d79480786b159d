"""History as people read it: facts of several records in one order, each with a sentence made now, in the reader's language."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, Literal, Self

from django.db.models import Q, QuerySet
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy

from pipeline_crm.clients.models import Agreement
from pipeline_crm.tiers.setup import SetUp, setup
from pipeline_crm.tiers.stages import Stage

from .models import TOUCHES, Cause, Entry, Movement

Trail = Mapping[Stage, list[int]]
Kind = Literal["all", "touches", "movements", "notes"]

PAGE = 50
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
SHOWN: dict[Kind, tuple[bool, tuple[str, ...] | None]] = {
    # Whether movements are read, and which kinds of entries: None is all of them.
    "all": (True, None),
    "touches": (False, (*TOUCHES, Entry.Kind.ENQUIRY)),
    "movements": (True, ()),
    "notes": (False, (Entry.Kind.NOTE,)),
}

BY_RULE = {
    "round_robin": gettext_lazy("in turn"),
    "least_loaded": gettext_lazy("by least load"),
    "weighted": gettext_lazy("by weight"),
    "expected_value": gettext_lazy("by expected value"),
    "earlier_owner": gettext_lazy("who had the client before"),
    "by_hand": gettext_lazy("chosen by hand"),
    "substitute": gettext_lazy("the substitute"),
    "came_back": gettext_lazy("who had the client before"),
}
SKIPPED = {
    "inactive": pgettext_lazy("why a person was passed over", "left"),
    "closed": pgettext_lazy("why a person was passed over", "takes nothing new"),
    "absent": pgettext_lazy("why a person was passed over", "away"),
    "paused": pgettext_lazy("why a person was passed over", "takes a pause"),
    "off_shift": pgettext_lazy("why a person was passed over", "off shift"),
    "rule": pgettext_lazy("why a person was passed over", "not in the rule"),
    "cool_down": pgettext_lazy("why a person was passed over", "let it lie before"),
    "cap": pgettext_lazy("why a person was passed over", "enough for today"),
    "full": pgettext_lazy("why a person was passed over", "no room"),
}
MOVED = {
    Cause.CAPTURED: gettext_lazy("New lead"),
    Cause.ASSIGNED: gettext_lazy("Assigned by rule"),
    Cause.CLAIMED: gettext_lazy("Taken from the pool"),
    Cause.RELEASED: gettext_lazy("Put back into the pool"),
    Cause.CONTACTED: gettext_lazy("Contacted"),
    Cause.PARKED: gettext_lazy("Parked"),
    Cause.WOKEN: gettext_lazy("Came back by itself: the day has come"),
    Cause.QUALIFIED: gettext_lazy("Qualified: there is a real need"),
    Cause.DISQUALIFIED: gettext_lazy("Disqualified"),
    Cause.REOPENED: gettext_lazy("Opened again"),
    Cause.RETURNED: gettext_lazy("Returned"),
    Cause.EXPIRED: gettext_lazy("Nobody answered in time: passed on"),
    Cause.WON: gettext_lazy("Won"),
    Cause.LOST: gettext_lazy("Lost"),
    Cause.REPEATED: gettext_lazy("Repeat deal opened"),
    Cause.AT_RISK: gettext_lazy("At risk"),
    Cause.CALMED: gettext_lazy("No longer at risk"),
    Cause.CHURNED: gettext_lazy("The client has left"),
    Cause.WON_BACK: gettext_lazy("The client came back"),
    Cause.MOVED_BY_LEAD: gettext_lazy("Moved by the team lead"),
    Cause.SEAT_CLOSED: gettext_lazy("Passed on: the seat was closed"),
    Cause.STALE: gettext_lazy("Lay too long: passed on"),
    Cause.UNDECIDED: gettext_lazy("Went round too often: the team lead decides"),
    Cause.COVERED: gettext_lazy("Looked after while its owner is away"),
    Cause.CAME_BACK: gettext_lazy("Came back to its owner"),
}
MOVE_SIGNS = {
    Cause.CAPTURED: "user-plus",
    Cause.CLAIMED: "hand-grab",
    Cause.RELEASED: "stack-2",
    Cause.STEPPED: "arrow-right",
    Cause.CONTACTED: "phone-call",
    Cause.PARKED: "player-pause",
    Cause.WOKEN: "player-play",
    Cause.QUALIFIED: "user-check",
    Cause.DISQUALIFIED: "circle-x",
    Cause.REOPENED: "refresh",
    Cause.EXPIRED: "hourglass",
    Cause.WON: "trophy",
    Cause.LOST: "circle-x",
    Cause.REPEATED: "refresh",
    Cause.AT_RISK: "alert-triangle",
    Cause.CALMED: "mood-smile",
    Cause.CHURNED: "user-off",
    Cause.WON_BACK: "heart-handshake",
    Cause.SEAT_CLOSED: "user-minus",
    Cause.STALE: "hourglass",
    Cause.UNDECIDED: "gavel",
    Cause.COVERED: "beach",
    Cause.CAME_BACK: "home",
}
GATES = {Cause.OFFERED: "waiting", Cause.ACCEPTED: "passed", Cause.PASSED: "passed", Cause.RETURNED: "returned"}
TOLD = {
    Entry.Kind.NOTE: gettext_lazy("Note"),
    Entry.Kind.CALL: gettext_lazy("Call"),
    Entry.Kind.MESSAGE: gettext_lazy("Message"),
    Entry.Kind.MEETING: gettext_lazy("Meeting"),
    Entry.Kind.ENQUIRY: gettext_lazy("The client wrote again"),
    Entry.Kind.EDITED: gettext_lazy("Details changed"),
    Entry.Kind.MARKED: gettext_lazy("Brief marked"),
    Entry.Kind.TASK_SET: gettext_lazy("Task set"),
    Entry.Kind.TASK_DONE: gettext_lazy("Done"),
    Entry.Kind.REVEALED: gettext_lazy("Contact opened in full"),
    Entry.Kind.INSPECTED: gettext_lazy("Opened by an administrator"),
    Entry.Kind.REMINDED: gettext_lazy("A clock ran out: the owner was reminded"),
    Entry.Kind.WARNED: gettext_lazy("A clock ran out: the team lead was warned"),
    Entry.Kind.CONSENT: gettext_lazy("Consent to be contacted"),
}
SAID = {
    "yes": gettext_lazy("The client agrees to be contacted"),
    "no": gettext_lazy("The client took the consent back"),
    "never": gettext_lazy("The client must not be contacted any more"),
}
ENTRY_SIGNS = {
    Entry.Kind.NOTE: "note",
    Entry.Kind.CALL: "phone",
    Entry.Kind.MESSAGE: "message-2",
    Entry.Kind.MEETING: "users",
    Entry.Kind.ENQUIRY: "phone-incoming",
    Entry.Kind.EDITED: "pencil",
    Entry.Kind.MARKED: "receipt",
    Entry.Kind.TASK_SET: "plus",
    Entry.Kind.TASK_DONE: "checkbox",
    Entry.Kind.REVEALED: "eye",
    Entry.Kind.INSPECTED: "eye-check",
    Entry.Kind.REMINDED: "bell",
    Entry.Kind.WARNED: "user-exclamation",
    Entry.Kind.CONSENT: "shield-check",
}


@dataclass(frozen=True)
class Line:
    """One line of the history: a round mark, or a joint's diamond where the client crossed a boundary."""

    title: str
    at: datetime
    by: str = ""
    text: str = ""
    sign: str = ""
    gate: str = ""


@dataclass(frozen=True)
class Knowledge:
    """What the floors above know of the records: where each came from, what was said at a return, words for fields."""

    came_from: Mapping[tuple[str, int], str] = field(default_factory=dict)
    remarks: Mapping[tuple[str, int, datetime], str] = field(default_factory=dict)
    word_for: Callable[[str, str], str] = lambda _stage, name: name


@dataclass(frozen=True, order=True)
class Mark:
    """A place in the history; at one moment a movement stands after the entry that caused it."""

    at: datetime
    rank: int
    pk: int

    def __str__(self) -> str:
        return f"{(self.at - EPOCH) // timedelta(microseconds=1)}-{self.rank}-{self.pk}"

    @classmethod
    def parse(cls, text: str) -> Self | None:
        """Reads a place out of an address; None for what is none."""
        try:
            micros, rank, pk = (int(part) for part in text.split("-"))
            place = cls(EPOCH + timedelta(microseconds=micros), rank, pk)
        except (ValueError, OverflowError):
            return None
        return place if 0 <= pk < 2**63 and place.at.year < 9999 else None


@dataclass(frozen=True)
class Page:
    """The newest lines first, and the place from which to read on; empty when nothing is earlier."""

    lines: list[Line]
    earlier: str


def read(
    trail: Trail,
    *,
    show: Kind = "all",
    before: Mark | None = None,
    known: Knowledge | None = None,
    house: SetUp | None = None,
) -> Page:
    """The history of the records that came here with the client, at most fifty lines at a time."""
    with_movements, kinds = SHOWN[show]
    moves: list[Movement] = []
    entries: list[Entry] = []
    if with_movements:
        moves = _latest(Movement.objects.select_related("by"), trail, rank=1, before=before)
    if kinds != ():
        rows: QuerySet[Any] = Entry.objects.select_related("by")
        entries = _latest(rows.filter(kind__in=kinds) if kinds else rows, trail, rank=0, before=before)
    return told(moves, entries, known=known, house=house or setup())


def told(moves: Sequence[Movement], entries: Sequence[Entry], *, known: Knowledge | None, house: SetUp) -> Page:
    """A page of these facts, of which at most fifty and one of each kind are needed."""
    _place(moves, house)
    facts: list[tuple[Mark, Movement | Entry]] = [(Mark(move.at, 1, move.pk), move) for move in moves]
    facts += [(Mark(entry.at, 0, entry.pk), entry) for entry in entries]
    facts.sort(key=lambda fact: (fact[0].at, fact[0].rank, fact[0].pk), reverse=True)
    page = facts[:PAGE]
    names = _names((fact for _mark, fact in page), house)
    known = known or Knowledge()
    lines = [_moved(fact, names, known) if isinstance(fact, Movement) else _told(fact, known) for _mark, fact in page]
    return Page(lines, earlier=str(page[-1][0]) if len(facts) > PAGE else "")


def of_trail(trail: Trail) -> Q:
    """The facts of these records."""
    here = Q(pk__in=[])
    for stage, ids in trail.items():
        here |= Q(stage=stage, record_id__in=ids)
    return here


def clients_revealed(user_id: int, since: Any) -> QuerySet[Entry, Any]:
    """Whose contacts a person has opened in full since a moment, each client once."""
    opened = Entry.objects.filter(by=user_id, kind=Entry.Kind.REVEALED, at__gte=since)
    return opened.order_by().values("client_id").distinct()


def _latest(rows: QuerySet[Any], trail: Trail, *, rank: int, before: Mark | None) -> list[Any]:
    rows = rows.filter(of_trail(trail))
    if before is not None:
        same_moment = Q(at=before.at, pk__lt=before.pk) if before.rank == rank else Q(at=before.at)
        rows = rows.filter(Q(at__lt=before.at) | (same_moment if before.rank >= rank else Q(pk__in=[])))
    return list(rows.order_by("-at", "-id")[: PAGE + 1])


def _place(moves: Iterable[Movement], house: SetUp) -> None:
    """Gives movements their steps and seats out of memory instead of four joins."""
    for move in moves:
        found: dict[str, Any] = {
            "from_step": house.steps.get(move.from_step_id or 0),
            "to_step": house.steps.get(move.to_step_id or 0),
            "from_seat": house.seats.get(move.from_seat_id or 0),
            "to_seat": house.seats.get(move.to_seat_id or 0),
        }
        move._state.fields_cache.update({name: row for name, row in found.items() if row is not None})


def _names(facts: Any, house: SetUp) -> dict[int, str]:
    """Names of the people who were passed over."""
    skipped = {int(seat) for fact in facts if isinstance(fact, Movement) for seat in fact.why.get("skipped", {})}
    return {pk: house.seats[pk].user.short_name for pk in skipped if pk in house.seats}


# Movements -------------------------------------------------------------------------------------------------------


def _moved(move: Movement, names: Mapping[int, str], known: Knowledge) -> Line:
    remark = known.remarks.get((move.stage, move.record_id, move.at), "") if move.cause == Cause.RETURNED else ""
    return Line(
        title=_move_title(move, known),
        at=move.at,
        by=_mover(move),
        text=" ".join(part for part in (_handed(move, names), remark) if part),
        sign=MOVE_SIGNS.get(Cause(move.cause), "transfer"),
        gate=GATES.get(Cause(move.cause), ""),
    )


def _move_title(move: Movement, known: Knowledge) -> str:
    if move.cause == Cause.STEPPED:
        return f"{move.from_step} → {move.to_step}"
    if move.cause in (Cause.OFFERED, Cause.ACCEPTED, Cause.PASSED):
        return _crossing(move, known)
    return str(MOVED[Cause(move.cause)])


def _crossing(move: Movement, known: Knowledge) -> str:
    here = Stage(move.stage)
    before = list(Stage)[max(here.rank - 1, 0)]
    way = {"from": Stage(known.came_from.get((move.stage, move.record_id), before)).label, "to": here.label}
    if move.cause == Cause.ACCEPTED:
        return _("Hand-off accepted: %(from)s → %(to)s") % way
    if move.cause == Cause.PASSED:
        return _("Goes on with the same person: %(from)s → %(to)s") % way
    return _("Offered: %(from)s → %(to)s") % way


def _mover(move: Movement) -> str:
    """Who did it; at a return the next desk is not named to those behind it."""
    if move.by is None:
        return ""
    if move.cause == Cause.RETURNED and (move.from_seat is None or move.from_seat.user_id != move.by_id):
        return ""
    return str(move.by.name)


def _handed(move: Movement, names: Mapping[int, str]) -> str:
    """From whom to whom, by which rule, and who was passed over."""
    if move.to_seat_id == move.from_seat_id and move.from_state:
        return ""
    if move.cause == Cause.CLAIMED or (move.to_seat is None and move.cause == Cause.RELEASED):
        return ""
    if move.to_seat is None and not move.why:
        return ""
    to = move.to_seat.user.name if move.to_seat else _("the pool")
    if move.from_seat and move.from_seat_id != move.to_seat_id:
        way = _("%(from)s to %(to)s") % {"from": move.from_seat.user.name, "to": to}
    else:
        way = _("To %(to)s") % {"to": to}
    rule = str(BY_RULE.get(move.why.get("strategy", ""), "")) if move.to_seat else ""
    passed = ", ".join(
        f"{names[int(seat)]} ({SKIPPED.get(why, why)})"
        for seat, why in move.why.get("skipped", {}).items()
        if int(seat) in names
    )
    told = f"{way}, {rule}" if rule else way
    return (_("%(told)s; skipped: %(names)s.") % {"told": told, "names": passed}) if passed else f"{told}."


# Entries ---------------------------------------------------------------------------------------------------------


def _told(entry: Entry, known: Knowledge) -> Line:
    kind = Entry.Kind(entry.kind)
    return Line(
        title=_entry_title(entry),
        at=entry.at,
        by=entry.by.name if entry.by else "",
        text=_entry_text(entry, known),
        sign="phone-off" if entry.outcome and entry.outcome != Entry.Outcome.REACHED else ENTRY_SIGNS[kind],
    )


def _entry_title(entry: Entry) -> str:
    title = str(TOLD[Entry.Kind(entry.kind)])
    if entry.kind == Entry.Kind.CALL:
        return f"{title}: {entry.get_outcome_display()}"
    if entry.kind == Entry.Kind.TASK_DONE:
        return f"{title}: {entry.text}"
    if entry.kind == Entry.Kind.CONSENT:
        return str(SAID.get(entry.details.get("says", ""), title))
    if entry.kind == Entry.Kind.MARKED:
        return _("Brief marked: %(mark)s of 5") % {"mark": entry.details.get("mark", "")}
    return title


def _entry_text(entry: Entry, known: Knowledge) -> str:
    if entry.kind == Entry.Kind.TASK_DONE:
        return ""
    if entry.kind == Entry.Kind.CONSENT:
        named = [Agreement.Channel(each).label for each in entry.details.get("channels", [])]
        return capfirst(", ".join(map(str, named)))
    if entry.kind == Entry.Kind.EDITED:
        return capfirst(", ".join(known.word_for(entry.stage, name) for name in entry.details.get("fields", [])))
    if entry.kind == Entry.Kind.ENQUIRY:
        # The contact they wrote from stays masked with the rest, so it is left out here.
        said = [entry.details.get("source"), entry.details.get("product"), entry.text]
        return " · ".join(part for part in said if part)
    return entry.text
