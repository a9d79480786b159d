"""Books in other hands, as a team lead looks at them: what a move would do, and what was moved lately."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Count
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from pipeline_crm.conveyor.books import undo_until
from pipeline_crm.conveyor.models import BookMove, BookMoveItem
from pipeline_crm.conveyor.sharing import Portion, preview
from pipeline_crm.conveyor.strategies import Skip
from pipeline_crm.tiers.models import Seat, Strategy, Tier
from pipeline_crm.tiers.setup import setup
from pipeline_crm.tiers.stages import Stage

from .shapes import SeatRow

DAYS = 30
SHOWN = 8


@dataclass(frozen=True, slots=True)
class Share:
    """What one receiver gets by a move, by stage, and what they hold after."""

    name: str
    more: int
    after: int
    capacity: int
    stages: Sequence[tuple[str, int]] = ()

    @property
    def over(self) -> bool:
        """Whether they would hold more than they may."""
        return self.after > self.capacity


@dataclass(frozen=True, slots=True)
class Plan:
    """What a move of a whole book would do, before anybody presses the button; `refused` says who takes no more, and why."""

    count: int
    stages: Sequence[tuple[str, int]] = ()
    shares: Sequence[Share] = ()
    pooled: int = 0
    pooled_stages: Sequence[tuple[str, int]] = ()
    refused: Sequence[tuple[str, str]] = ()


@dataclass(frozen=True, slots=True)
class PastMove:
    """A book that was moved: whose, why, to whom, and whether it can be undone still."""

    pk: int
    name: str
    cause: str
    at: datetime
    by: str
    count: int
    receivers: Sequence[tuple[str, int]]
    until: datetime | None = None
    ended_at: datetime | None = None
    ended_by: str = ""
    is_cover: bool = False
    can_undo: bool = False


def plan_of(seat: Seat, rows: Sequence[SeatRow], *, to: Seat | None, now: datetime) -> Plan:
    """What moving the whole book of a seat would do, to one person first or by the tier's rule alone."""
    seen, held = preview(seat, to=to, now=now), {row.pk: row.load.open for row in rows}
    pooled = next((one for one in seen.portions if one.seat is None), Portion(None))
    return Plan(
        count=seen.stages.total(),
        stages=_staged(seen.stages),
        shares=[_share(one.seat, one, held) for one in seen.portions if one.seat is not None],
        pooled=pooled.more,
        pooled_stages=_staged(pooled.stages),
        refused=_refusals(seat.tier, seen.refusals) if pooled.more else (),
    )


def _share(seat: Seat, portion: Portion, held: Mapping[int, int]) -> Share:
    return Share(
        name=seat.user.name,
        more=portion.more,
        after=held.get(seat.pk, 0) + portion.more,
        capacity=seat.capacity,
        stages=_staged(portion.stages),
    )


def _staged(counts: Counter[str]) -> list[tuple[str, int]]:
    """How many of each stage, in the order of the belt; nothing to tell where there is one stage only."""
    found = [(stage.value, counts[stage]) for stage in Stage if counts[stage]]
    return found if len(found) > 1 else []


def _refusals(tier: Tier, skipped: Mapping[int, str]) -> list[tuple[str, str]]:
    """Each person who takes no more, and why; a team lead who takes no clients is no news."""
    if tier.strategy == Strategy.POOL:
        return [(_("The tier’s rule"), _("puts everything into the pool"))]
    seats = setup().seats
    told = [(seats[pk], str(Skip(why).label)) for pk, why in skipped.items() if pk in seats and seats[pk].capacity]
    return [(seat.user.name, why) for seat, why in told if seat.holds]


# What was moved --------------------------------------------------------------------------------------------------


def history_of(tier: Tier, *, now: datetime) -> list[PastMove]:
    """The books of a tier that were moved lately, and every cover that goes on, the newest first."""
    rows = BookMove.objects.filter(seat__tier=tier, at__gte=now - timedelta(days=DAYS)).annotate(n=Count("items"))
    moves = list(rows.filter(n__gt=0).select_related("seat__user", "by", "ended_by")[:SHOWN])
    receivers = _receivers(moves)
    return [_past(move, move.n, receivers[move.pk], now) for move in moves]


def _receivers(moves: Sequence[BookMove]) -> defaultdict[int, list[tuple[str, int]]]:
    counted = BookMoveItem.objects.filter(move__in=moves).values_list("move", "to_seat").annotate(n=Count("*"))
    seats, found = setup().seats, defaultdict(list)
    for move, seat, count in counted.order_by("-n", "to_seat"):
        found[move].append((seats[seat].user.name if seat in seats else _("Pool"), count))
    return found


def _past(move: BookMove, count: int, receivers: list[tuple[str, int]], now: datetime) -> PastMove:
    until = undo_until(move)
    return PastMove(
        pk=move.pk,
        name=move.seat.user.name,
        cause=move.get_cause_display(),
        at=move.at,
        by=move.by.name if move.by else "",
        count=count,
        receivers=receivers,
        until=until,
        ended_at=move.ended_at,
        ended_by=move.ended_by.name if move.ended_by else "",
        is_cover=move.cause == BookMove.Cause.ABSENT,
        can_undo=move.ended_at is None and (until is None or now < until) and move.seat.is_open,
    )


def moved_words(seat: Seat, count: int) -> str:
    """What a move has done, in a sentence."""
    words = ngettext("%(n)d record of %(name)s was moved.", "%(n)d records of %(name)s were moved.", count)
    return words % {"n": count, "name": seat.user.name}
