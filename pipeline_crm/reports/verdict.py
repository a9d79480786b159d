"""One sentence over a team's page: what needs its team lead first."""

from __future__ import annotations

from dataclasses import dataclass

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from .shapes import Team
from .stuck import LATE_AT_LEAST, NEARLY_FULL

RETURNED_TOO_OFTEN = 25  # per cent of what was answered


@dataclass(frozen=True, slots=True)
class Verdict:
    """A headline, what it rests on, and how it is meant: over, soon or good."""

    title: str
    words: str
    tone: str


def verdict_on(team: Team) -> Verdict:
    """The first thing that is wrong, from what harms clients to what harms the team."""
    return _waiting(team) or _late(team) or _pool(team) or _full(team) or _returns(team) or _good(team)


def _waiting(team: Team) -> Verdict | None:
    late = team.total.offered_late
    if not late:
        return None
    words = ngettext(
        "%(late)d of %(n)d offer to your team waits longer than it may. Accept, or move it to somebody who is at work.",
        "%(late)d of %(n)d offers to your team wait longer than they may. Accept, or move them to somebody who is at work.",
        team.total.offered,
    ) % {"late": late, "n": team.total.offered}
    return Verdict(_("Offers lie unanswered"), words, "over")


def _late(team: Team) -> Verdict | None:
    late, all_of_them = team.total.late, team.total.open
    if late < LATE_AT_LEAST or 3 * late < all_of_them:
        return None
    words = _("%(late)d of %(n)d open records are past their clock. Begin with those that stand below.")
    return Verdict(_("Work lies late"), words % {"late": late, "n": all_of_them}, "over")


def _pool(team: Team) -> Verdict | None:
    if not team.pool.late:
        return None
    words = ngettext(
        "%(late)d of %(n)d record in the pool waits longer than it may.",
        "%(late)d of %(n)d records in the pool wait longer than they may.",
        team.pool.open,
    ) % {"late": team.pool.late, "n": team.pool.open}
    return Verdict(_("Nobody takes the pool"), words, "over")


def _full(team: Team) -> Verdict | None:
    held = sum(seat.load.open for seat in team.seats if seat.state == "work")
    if not team.capacity or 100 * held < NEARLY_FULL * team.capacity:
        return None
    words = _("The people at work hold %(held)d records of the %(limit)d they can. What comes next goes to the pool.")
    return Verdict(_("There is no room left"), words % {"held": held, "limit": team.capacity}, "soon")


def _returns(team: Team) -> Verdict | None:
    door = team.outgoing
    if door is None or door.tally.returned < LATE_AT_LEAST:
        return None
    share = 100 * door.tally.returned // door.tally.ended
    if share < RETURNED_TOO_OFTEN:
        return None
    words = _("%(tier)s returned %(n)d of %(all)d clients in 30 days, most often: “%(reason)s”.") % {
        "tier": door.tier,
        "n": door.tally.returned,
        "all": door.tally.ended,
        "reason": door.reasons[0][0],
    }
    return Verdict(_("Too much comes back"), words, "soon")


def _good(team: Team) -> Verdict:
    late = team.total.late
    if not late:
        return Verdict(_("The belt runs"), _("No clock has run out, and there is room for more."), "good")
    words = ngettext(
        "%(n)d record is past its clock; the rest is in time.",
        "%(n)d records are past their clocks; the rest is in time.",
        late,
    )
    return Verdict(_("The belt runs"), words % {"n": late}, "good")
