"""The seats of a pipeline as rows: who is at work, what they hold, who is away."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from django.utils.translation import gettext as _

from pipeline_crm.tiers.models import Absence, Seat, Tier

from .shapes import Load, SeatRow, SeatState


def rows_of(
    seats: Iterable[Seat],
    loads: Mapping[tuple[int, int | None], Load],
    away: Mapping[int, Absence],
    *,
    now: datetime,
    touches: Mapping[int, int] | None = None,
    me: int | None = None,
    named: bool = True,
) -> list[SeatRow]:
    """Each seat with what it holds; without names, people are numbered."""
    return [
        SeatRow(
            pk=seat.pk,
            name=seat.user.name if named else _("Seat %(n)d") % {"n": number},
            leads=seat.role == Seat.Role.LEAD,
            capacity=seat.capacity,
            state=state_of(seat, away.get(seat.pk)),
            load=loads.get((seat.tier_id, seat.pk), Load()),
            touches=(touches or {}).get(seat.user_id, 0),
            own=seat.user_id == me,
            paused_to=seat.paused_until if seat.paused_until and seat.paused_until > now else None,
            **(_leave(away[seat.pk], named=named) if seat.pk in away else {}),
        )
        for number, seat in enumerate(seats, start=1)
    ]


def _leave(absence: Absence, *, named: bool) -> dict[str, Any]:
    # Why somebody is away is nobody's business who may not even know who it is.
    return {
        "away_to": absence.last_day,
        "away_why": absence.reason if named else "",
        "absence": absence.pk if named else None,
        "substitute": absence.substitute.user.name if named and absence.substitute else "",
    }


def state_of(seat: Seat, absence: Absence | None) -> SeatState:
    """Whether a seat takes records, and if not, why."""
    if not seat.user.is_active:
        return "gone"
    if not seat.is_open:
        return "closed"
    return "away" if absence else "work"


def rule_words(tier: Tier) -> str:
    """The tier's rule, as a choice in a list."""
    return _("By rule: %(rule)s") % {"rule": tier.get_strategy_display()}
