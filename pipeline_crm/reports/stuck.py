"""Where the belt is stuck and why: pure rules on frozen facts, each answer with its numbers and one thing to do."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from pipeline_crm.conveyor.words import short_span

from .shapes import Flow, Heap, Pile, Reason, TierLoad

BOXES = 18  # what a pile has room for
UNITS = (1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000)
LATE_AT_LEAST = 3
NEARLY_FULL = 95  # per cent of what people at work can hold
REASONS_SHOWN = 5
HALF = 2


def unit_of(counts: Iterable[int]) -> int:
    """How many records one box stands for, so that the highest pile fits."""
    highest = max(counts, default=0)
    return next((unit for unit in UNITS if highest <= unit * BOXES), UNITS[-1])


def is_stuck(heap: Heap, stay: float | None, limit: float | None) -> bool:
    """A third or more is late, and the mean stay is over the step's limit where it has one."""
    crowded = heap.late >= LATE_AT_LEAST and 3 * heap.late >= heap.open
    return crowded and (limit is None or stay is None or stay > limit)


def worst_of(piles: Iterable[Pile]) -> Pile | None:
    """The stuck step with most late records."""
    return max((pile for pile in piles if pile.stuck), key=lambda pile: (pile.late, pile.open), default=None)


def reasons_of(
    tiers: Sequence[TierLoad],
    piles: Iterable[Pile],
    returns: Iterable[tuple[TierLoad, Sequence[tuple[str, int]]]],
    *,
    lists: Mapping[str, str],
) -> list[Reason]:
    """Why the belt is slow, the reason that holds most records first; no lists for those who see no persons."""
    found = [
        *(full(tier) for tier in tiers),
        *(unanswered(tier) for tier in tiers),
        *(untaken(tier, lists.get(tier.stage, "")) for tier in tiers),
        *(forsaken(tier) for tier in tiers),
        *(untouched(pile, lists.get(pile.stage, "")) for pile in piles),
        *(one_reason(tier, reasons) for tier, reasons in returns),
    ]
    return sorted(filter(None, found), key=lambda reason: -reason.weight)[:REASONS_SHOWN]


def full(tier: TierLoad) -> Reason | None:
    """The people at work hold nearly all that they may."""
    held, limit = sum(seat.load.open for seat in tier.working), sum(seat.capacity for seat in tier.working)
    waiting = sum(seat.load.offered for seat in tier.seats) + tier.pool.open
    if not limit or 100 * held < NEARLY_FULL * limit:
        return None
    words = [
        ngettext(
            "%(n)d person at work holds %(held)d, the limit is %(limit)d",
            "%(n)d people at work hold %(held)d, the limit is %(limit)d",
            len(tier.working),
        )
        % {"n": len(tier.working), "held": held, "limit": limit}
    ]
    away = sum(1 for seat in tier.seats if seat.state == "away")
    if away:
        words.append(ngettext("%(n)d is away", "%(n)d are away", away) % {"n": away})
    if waiting:
        words.append(ngettext("%(n)d client waits", "%(n)d clients wait", waiting) % {"n": waiting})
    title = _("No room left: %(tier)s") % {"tier": tier.name}
    return Reason(title, "; ".join(words), held, tier.url, _("See the seats"))


def unanswered(tier: TierLoad) -> Reason | None:
    """Offers wait longer than the tier allows."""
    late = sum(seat.load.offered_late for seat in tier.seats) + tier.pool.offered_late
    waiting = sum(seat.load.offered for seat in tier.seats) + tier.pool.offered
    if not late:
        return None
    words = ngettext(
        "%(n)d offer waits for an answer, %(late)d of them longer than it may",
        "%(n)d offers wait for an answer, %(late)d of them longer than they may",
        waiting,
    ) % {"n": waiting, "late": late}
    return Reason(_("Offers lie unanswered: %(tier)s") % {"tier": tier.name}, words, late, tier.url, _("See who"))


def untaken(tier: TierLoad, address: str) -> Reason | None:
    """Records wait in the pool longer than they may."""
    if not tier.pool.late:
        return None
    words = ngettext(
        "%(n)d record is in the pool, %(late)d of them longer than it may",
        "%(n)d records are in the pool, %(late)d of them longer than they may",
        tier.pool.open,
    ) % {"n": tier.pool.open, "late": tier.pool.late}
    url = f"{address}&view=pool" if address else ""
    title = _("Nobody takes the pool: %(tier)s") % {"tier": tier.name}
    return Reason(title, words, tier.pool.late, url, _("Open the pool"))


def forsaken(tier: TierLoad) -> Reason | None:
    """People who are away, or whose seat is closed, still hold records."""
    held = sum(seat.load.open for seat in tier.away)
    if not held:
        return None
    words = ngettext("%(n)d record lies", "%(n)d records lie", held) % {"n": held}
    seats = ngettext("with %(n)d person", "with %(n)d people", len(tier.away)) % {"n": len(tier.away)}
    most = max(tier.away, key=lambda seat: seat.load.open)
    url = f"{tier.url}book/?what=relief&from={most.pk}" if tier.url else ""
    title = _("Held by people who are away: %(tier)s") % {"tier": tier.name}
    return Reason(title, f"{words} {seats}", held, url, _("Move them"))


def untouched(pile: Pile, address: str) -> Reason | None:
    """Nobody has spoken with the clients of a stuck step since they came there."""
    if not pile.stuck or HALF * pile.untouched < pile.late:
        return None
    words = _("%(n)d of %(all)d had no call, message or meeting since they came to this step") % {
        "n": pile.untouched,
        "all": pile.open,
    }
    url = f"{address}&view=team&late=1&step={pile.step}" if address else ""
    return Reason(_("No touch: %(step)s") % {"step": pile.name}, words, pile.untouched, url, _("Show them"))


def one_reason(tier: TierLoad, reasons: Sequence[tuple[str, int]]) -> Reason | None:
    """Half or more of what comes back to a tier comes for the same reason."""
    all_of_them = sum(count for _name, count in reasons)
    if all_of_them < LATE_AT_LEAST or HALF * reasons[0][1] < all_of_them:
        return None
    name, count = reasons[0]
    words = _("%(n)d of %(all)d returns to %(tier)s name it") % {"n": count, "all": all_of_them, "tier": tier.name}
    return Reason(_("Returned: %(reason)s") % {"reason": name}, words, count, tier.url, _("See the returns"))


def growth(word: str, flow: Flow, *, days: int, working_days: int) -> str:
    """How fast the queue at a stage grows; nothing where it does not."""
    surplus = flow.came - flow.left
    if surplus <= 0:
        return ""
    told = {"stage": word, "came": flow.came, "left": flow.left, "n": round(surplus / working_days, 1)}
    if days == 1:
        return _("%(stage)s: %(came)d came today and %(left)d left, so the queue has grown.") % told
    return _("%(stage)s: %(came)d came and %(left)d left, so the queue grows by %(n)s a working day.") % told


def heading(worst: Pile) -> str:
    """Which step is stuck, how much lies there, how long."""
    told = {"step": worst.name, "late": worst.late, "open": worst.open}
    if worst.stay is None or worst.limit is None:
        return _("Stuck at “%(step)s”: %(late)d of %(open)d are late") % told
    told |= {"stay": short_span(int(worst.stay)), "limit": short_span(int(worst.limit))}
    return _("Stuck at “%(step)s”: %(late)d of %(open)d are late, %(stay)s on average, limit %(limit)s") % told
