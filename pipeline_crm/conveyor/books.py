"""A whole book in other hands: somebody left, is away or has too much; looked at beforehand, and brought back."""

from __future__ import annotations

import logging
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from django.db import connection
from django.http import Http404
from django.utils.translation import gettext as _

from pipeline_crm.access.identity import act
from pipeline_crm.access.sight import sight_of
from pipeline_crm.outbox.actions import tell
from pipeline_crm.outbox.models import Notice
from pipeline_crm.tiers.models import Absence, Seat
from pipeline_crm.tiers.setup import setup
from pipeline_crm.timeline.models import Cause, Movement

from .assignment import ADVISORY_SPACE, Dealer, lock_choice, tiers_of_choice
from .errors import Refused, Taken
from .handoff import hand_over
from .models import BookMove, BookMoveItem
from .records import BELT, ConveyorItem
from .rota import held_seat, seat_in_charge, today_of
from .sharing import Hands, rows_of_book, urgent_first

if TYPE_CHECKING:
    from pipeline_crm.users.models import User

log = logging.getLogger(__name__)

CAUSES = {
    BookMove.Cause.LEFT: Cause.SEAT_CLOSED,
    BookMove.Cause.ABSENT: Cause.COVERED,
    BookMove.Cause.RELIEVED: Cause.MOVED_BY_LEAD,
}
DAY = timedelta(days=1)
A_YEAR = 366


@dataclass(frozen=True)
class Returned:
    """What became of a redistribution that was brought back: back, moved on since, or without a place."""

    back: int = 0
    moved_on: int = 0
    no_room: int = 0


# The act ---------------------------------------------------------------------------------------------------------


@act
def redistribute(
    seat_id: int,
    *,
    cause: BookMove.Cause,
    by: User,
    now: datetime,
    to: Seat | None = None,
) -> BookMove:
    """Gives the whole open book of a seat to one person as far as they have room, and by the tier's rule; all or nothing."""
    seat = seat_in_charge(seat_id, by=by)
    if to is not None:
        _refuse_as_receiver(seat, to, now=now)
    return _move(seat, cause=cause, to=to, by=by, now=now)


def _refuse_as_receiver(seat: Seat, to: Seat, *, now: datetime) -> None:
    if to.pk == seat.pk:
        raise Refused(_("Choose two different people: these records lie with this one already."))
    if to.tier_id != seat.tier_id or not to.holds:
        raise Refused(_("This seat cannot receive the records: it is closed, or it is at another tier."))
    today = today_of(seat, now)
    if to.absences.filter(first_day__lte=today, last_day__gte=today).exists():
        raise Refused(_("%(name)s is away today: choose somebody who is at work.") % {"name": to.user.name})


@act
def close_seat(seat_id: int, *, by: User, now: datetime) -> BookMove:
    """Closes a seat and gives its book to the others by rule; what nobody can take goes into the pool."""
    seat = seat_in_charge(seat_id, by=by)
    sight = sight_of(by)
    if seat.user_id == by.pk and seat.tier.pipeline_id not in sight.headed_ids:
        # With the seat goes the sight of the tier: nobody could undo it from here.
        raise Refused(_("You cannot close your own seat. Ask your head of sales."))
    return _move(seat, cause=BookMove.Cause.LEFT, to=None, by=by, now=now, closes=True)


def _move(
    seat: Seat,
    *,
    cause: BookMove.Cause,
    to: Seat | None,
    by: User | None,
    now: datetime,
    absence: Absence | None = None,
    closes: bool = False,
) -> BookMove:
    """Locks every record of the book, then the tier, then the set-up: the order that everybody keeps."""
    for model in BELT.values():
        _lock(model.objects.open().held_by(seat))
    if closes:
        _close(seat, tiers_of_choice(seat.tier, setup()))
    else:
        lock_choice(seat.tier)
    # What was given to this seat until a moment ago is in the book too; what somebody is just taking from it is not.
    book = urgent_first(item for model in BELT.values() for item in _locked_rows(model, seat))
    if cause != BookMove.Cause.LEFT:
        # Nobody gets in touch with them meanwhile, so they need nobody in their owner's place.
        book = [item for item in book if not item.barred]
    move = BookMove.objects.create(seat=seat, cause=cause, absence=absence, by=by, at=now)
    strategy = "substitute" if cause == BookMove.Cause.ABSENT else "by_hand"
    hands = Hands(setup().seats[seat.pk], to, now=now, strategy=strategy)
    moved = list(hands.deal(book))
    for item, given in moved:
        hand_over(item, given.seat, cause=CAUSES[cause], by=by, now=now, why=given.why, quietly=True)
    hands.dealer.write()
    BookMoveItem.objects.bulk_create(
        BookMoveItem(move=move, stage=item.stage, record_id=item.pk, to_seat=given.seat) for item, given in moved
    )
    _follow(move, seat, [(item, given.seat) for item, given in moved])
    kind = Notice.Kind.COVER_BEGAN if absence is not None else Notice.Kind.BOOK_MOVED
    _tell_of_book(kind, {given.seat.user_id for _item, given in moved if given.seat}, move, "moved", by=by, now=now)
    return move


def _lock(rows: Any) -> list[int]:
    return list(rows.order_by("pk").select_for_update(of=("self",)).values_list("pk", flat=True))


def _close(seat: Seat, tiers: Iterable[int]) -> None:
    """Changes the set-up itself, so it must not share it before, as those do who only give records out."""
    with connection.cursor() as cursor:
        for tier_id in tiers:
            cursor.execute("SELECT pg_advisory_xact_lock(%s, %s)", [ADVISORY_SPACE, tier_id])
    seat.is_open = False
    seat.save(update_fields=["is_open"])


def _locked_rows(model: type[ConveyorItem], seat: Seat) -> list[ConveyorItem]:
    rows = rows_of_book(model, seat).order_by("pk").select_for_update(of=("self",), skip_locked=True)
    return setup().attach(rows)


def _follow(move: BookMove, giver: Seat, moved: Iterable[tuple[ConveyorItem, Seat | None]]) -> None:
    """A substitute gave on what they look after: at the end of that absence it comes back from where it is now."""
    covered = BookMoveItem.objects.filter(
        to_seat=giver, move__cause=BookMove.Cause.ABSENT, move__ended_at=None
    ).exclude(move=move)
    looked_after = {(row.stage, row.record_id): row for row in covered}
    rows = []
    for item, seat in moved if looked_after else ():
        row = looked_after.get((item.stage, item.pk))
        if row is not None:
            row.to_seat = seat
            rows.append(row)
    BookMoveItem.objects.bulk_update(rows, ["to_seat"])


def _tell_of_book(
    kind: Notice.Kind, users: set[int], move: BookMove, what: str, *, by: User | None, now: datetime
) -> None:
    """Each receiver hears of the whole book once."""
    others = users - {by.pk if by is not None else None}
    tell(sorted(others), kind=kind, stage="", record_id=None, event=f"book:{move.pk}:{what}", now=now)


# And back --------------------------------------------------------------------------------------------------------


def undo_until(move: BookMove) -> datetime | None:
    """Until when a redistribution may be undone: the end of the next working day; a cover as long as it lasts."""
    if move.cause == BookMove.Cause.ABSENT:
        return None
    pipeline = setup().seats[move.seat_id].tier.pipeline
    midnight = pipeline.midnight(move.at) + DAY
    for _ahead in range(A_YEAR):
        if pipeline.calendar.works_on(midnight.date()):
            break
        midnight += DAY
    return midnight + DAY


@act
def bring_back(move_id: int, *, by: User | None, now: datetime) -> Returned:
    """Gives back what still lies where a redistribution put it; what has moved on since stays, and is counted.

    By a person it is an undo; `by=None` is the end of a cover, which goes on by rule when its owner has left meanwhile.
    """
    move = _held_move(move_id, by=by)
    if move is None or (by is None and move.ended_at is not None):
        return Returned()
    if by is not None:
        _refuse_undo(move, now=now)
    items = list(move.items.all())
    standing = urgent_first(_standing(move, items))
    lock_choice(move.seat.tier)
    owner = setup().seats[move.seat_id]
    if owner.holds:
        result = _give_back(move, owner, standing, len(items), by=by, now=now)
    elif by is not None:
        raise Refused(_("The seat of %(name)s is closed: open it first, then undo.") % {"name": owner.user.name})
    else:
        result = _pass_on(move, owner, standing, len(items), now=now)
    move.ended_at, move.ended_by = now, by
    move.save(update_fields=["ended_at", "ended_by"])
    return result


def _held_move(move_id: int, *, by: User | None) -> BookMove | None:
    rows = BookMove.objects.select_related("seat__tier", "seat__user")
    move = rows.select_for_update(of=("self",), no_key=True, skip_locked=by is None).filter(pk=move_id).first()
    if by is not None and (move is None or not sight_of(by).supervises(move.seat.tier)):
        raise Http404
    return move


def _refuse_undo(move: BookMove, *, now: datetime) -> None:
    if move.ended_at is not None:
        if move.ended_by is None:
            raise Taken(_("The absence is over: these records have gone back by themselves."))
        raise Taken(_("%(name)s has undone this already.") % {"name": move.ended_by.name})
    until = undo_until(move)
    if until is not None and now >= until:
        raise Refused(_("This was too long ago to be undone. Move the records by hand, or the whole book anew."))


def _standing(move: BookMove, items: Iterable[BookMoveItem]) -> Iterator[ConveyorItem]:
    """The records that still lie where they were put, locked; or with whom the sweep has given them since out of the pool."""
    put: defaultdict[str, dict[int, int | None]] = defaultdict(dict)
    for row in items:
        put[row.stage][row.record_id] = row.to_seat_id
    for stage, model in BELT.items():
        if not put[stage]:
            continue
        rows = model.objects.open().filter(pk__in=put[stage], awaits_lead=False).order_by("pk")
        held = setup().attach(rows.select_for_update(of=("self",)).select_related("client"))
        pooled = _given_since(stage, [pk for pk, seat_id in put[stage].items() if seat_id is None], move.at)
        for item in held:
            if item.seat_id == put[stage][item.pk] or (item.pk, item.version) in pooled:
                yield item


def _given_since(stage: str, records: Sequence[int], since: datetime) -> set[tuple[int, int]]:
    """What nobody on shift had room for when a cover began, as at night, and the sweep alone has given out afterwards."""
    moves = Movement.objects.filter(stage=stage, record_id__in=records, at__gte=since)
    covered = set(moves.filter(cause=Cause.COVERED, to_seat=None).values_list("record_id", "version"))
    given = moves.filter(cause=Cause.ASSIGNED, by=None, from_seat=None).values_list("record_id", "version")
    return {(pk, version) for pk, version in given if (pk, version - 1) in covered}


def _give_back(
    move: BookMove, owner: Seat, standing: Sequence[ConveyorItem], moved: int, *, by: User | None, now: datetime
) -> Returned:
    """The owner gets no more than they may hold, or held then."""
    facts = Dealer(owner.tier, setup(), now=now).roster.facts[owner.pk]
    room = max(facts.capacity, moved) - facts.open_items
    back = [item for item in standing if owner.tier.takes(item.stage)][: max(room, 0)]
    givers = {item.seat.user_id for item in back if item.seat}
    why = {"strategy": "came_back", "seat": owner.pk, "candidates": [owner.pk], "skipped": {}}
    for item in back:
        _hand_back(item, owner, by=by, now=now, why=why)
    _follow_back(move, owner, back)
    if back:
        _tell_of_book(Notice.Kind.COVER_ENDED, {owner.user_id, *givers}, move, "back", by=by, now=now)
    return Returned(len(back), moved - len(standing), len(standing) - len(back))


def _hand_back(item: ConveyorItem, owner: Seat, *, by: User | None, now: datetime, why: dict[str, Any]) -> None:
    hand_over(item, owner, cause=Cause.CAME_BACK, by=by, now=now, why=why, quietly=True)


def _follow_back(move: BookMove, owner: Seat, back: Iterable[ConveyorItem]) -> None:
    """The owner looks after some of them for somebody else who is away still."""
    for stage in BELT:
        records = [item.pk for item in back if item.stage == stage]
        rows = BookMoveItem.objects.filter(stage=stage, record_id__in=records).exclude(move=move)
        if records:
            rows.filter(move__cause=BookMove.Cause.ABSENT, move__ended_at=None).exclude(move__seat=owner).update(
                to_seat=owner
            )


def _pass_on(move: BookMove, owner: Seat, standing: Sequence[ConveyorItem], moved: int, *, now: datetime) -> Returned:
    """The absence is over and its owner has left: the records go on by rule; whoever is chosen may have them already."""
    hands = Hands(owner, None, now=now)
    receivers: set[int] = set()
    for item, given in hands.deal(standing):
        if given.seat is None and item.seat_id in hands.dealer.roster.facts:
            hands.dealer.roster.hold(item.seat_id)
        elif given.seat is not None and given.seat.pk != item.seat_id:
            hand_over(item, given.seat, cause=Cause.ASSIGNED, by=None, now=now, why=given.why, quietly=True)
            receivers.add(given.seat.user_id)
    hands.dealer.write()
    _tell_of_book(Notice.Kind.BOOK_MOVED, receivers, move, "on", by=None, now=now)
    return Returned(0, moved - len(standing), len(standing))


# Covers: what begins and ends by itself --------------------------------------------------------------------------


def tend_covers(*, now: datetime, seats: Collection[int] | None = None) -> Counter[str]:
    """Ends and begins the covers that are due, each in a transaction of its own; may run twice, at once, or be killed."""
    done: Counter[str] = Counter()
    for due, tend in ((_due_to_end, _end_cover), (_due_to_begin, _begin_cover)):
        for pk in due(now, seats):
            try:
                what = tend(pk, now=now)
            except Exception:
                # One cover that cannot be helped must not hold up the others: it is tried again at the next sweep.
                log.exception("The sweep could not tend the cover %s (%s)", pk, tend.__name__)
                what = "failed"
            if what:
                done[what] += 1
    return done


def _due_to_end(now: datetime, seats: Collection[int] | None) -> list[int]:
    """Covers whose absence is over, was put off, or is there no more."""
    rows = BookMove.objects.filter(cause=BookMove.Cause.ABSENT, ended_at=None).select_related(
        "absence", "seat__tier__pipeline"
    )
    if seats is not None:
        rows = rows.filter(seat__in=seats)
    return [
        move.pk
        for move in rows.order_by("pk")
        if move.absence is None or not move.absence.covers(today_of(move.seat, now))
    ]


def _due_to_begin(now: datetime, seats: Collection[int] | None) -> list[int]:
    """Absences that have begun, whose substitute has not got the records yet."""
    near = (now.date() - DAY, now.date() + DAY)  # wherever on earth the pipeline works
    rows = Absence.objects.filter(
        substitute__isnull=False, book_move=None, first_day__lte=near[1], last_day__gte=near[0]
    ).select_related("seat__tier__pipeline")
    if seats is not None:
        rows = rows.filter(seat__in=seats)
    return [one.pk for one in rows.order_by("pk") if one.covers(today_of(one.seat, now))]


@dataclass(frozen=True)
class Cover:
    """Something of a cover that the next sweep does: whose clients go to a substitute, or come back."""

    seat: Seat
    substitute: Seat | None
    begins: bool


def covers_due(*, now: datetime, seats: Collection[int]) -> list[Cover]:
    """What the next sweep would do with covers; nothing is written."""
    ends = BookMove.objects.filter(pk__in=_due_to_end(now, seats)).select_related(
        "seat__user", "absence__substitute__user"
    )
    begins = Absence.objects.filter(pk__in=_due_to_begin(now, seats)).select_related("seat__user", "substitute__user")
    over = [Cover(move.seat, move.absence.substitute if move.absence else None, begins=False) for move in ends]
    return over + [Cover(one.seat, one.substitute, begins=True) for one in begins]


@act
def _begin_cover(absence_id: int, *, now: datetime) -> str:
    seat_id = Absence.objects.filter(pk=absence_id).values_list("seat_id", flat=True).first()
    seat = held_seat(seat_id, skip_locked=True) if seat_id else None
    if seat is None or not seat.holds:
        return ""
    # The seat is the lock: only now is it certain what the absence says, and that nobody else has begun its cover.
    absence = seat.absences.select_related("substitute").filter(pk=absence_id, book_move=None).first()
    if absence is None or absence.substitute is None or not absence.covers(today_of(seat, now)):
        return ""
    _move(seat, cause=BookMove.Cause.ABSENT, to=absence.substitute, by=None, now=now, absence=absence)
    return "covered"


@act
def _end_cover(move_id: int, *, now: datetime) -> str:
    move = _held_move(move_id, by=None)
    if move is None or move.ended_at is not None:
        return ""
    bring_back(move_id, by=None, now=now)
    return "uncovered"
