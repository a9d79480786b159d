"""Why a record is with this owner: the facts of its last assignment, in a sentence and a short list of who was passed over.

Facts are stored with the movement; the sentence is made when it is read, so old assignments are told in today's words.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from pipeline_crm.tiers.setup import SetUp
from pipeline_crm.timeline.models import Cause, Movement
from pipeline_crm.timeline.reading import BY_RULE, SKIPPED

from .records import ConveyorItem
from .rules import conditions_of
from .strategies import STRATEGIES, Skip

MOST_NAMED = 5  # of the people passed over for one reason

# Where nobody was chosen among several; `name` is whoever acted, for a substitute whoever is away.
NOT_CHOSEN = {
    "own": gettext_lazy("%(name)s wrote the client down and kept them."),
    "by_hand": gettext_lazy("%(name)s chose this person by hand."),
    "claimed": gettext_lazy("%(name)s took the client from the pool."),
    "earlier_owner": gettext_lazy("The client came back to the person who had them before."),
    "came_back": gettext_lazy("The client came back to their owner."),
    "same_person": gettext_lazy("The client stayed with the same person: this tier works both stages."),
    "substitute": gettext_lazy("%(name)s is away, and this is the substitute."),
    "barred": gettext_lazy("The client must not be contacted: the team lead decides."),
    "team_lead": gettext_lazy("Passed on too often without anybody acting: the team lead decides."),
}


@dataclass(frozen=True)
class Why:
    """One sentence, and who was passed over: a reason with names each."""

    sentence: str
    skipped: list[tuple[str, str]] = field(default_factory=list)


def why_this_owner(item: ConveyorItem, house: SetUp) -> Why | None:
    """How a record came to its owner, or into the pool, at the last change of hands; one question."""
    return why_by(Movement.objects.filter(stage=item.stage, record_id=item.pk).select_related("by"), item, house)


def why_by(moves: Iterable[Movement], item: ConveyorItem, house: SetUp) -> Why | None:
    """The same where all movements were read already."""
    came = [move for move in moves if (move.stage, move.record_id) == (item.stage, item.pk) and _brought(move, item)]
    move = max(came, key=lambda each: each.version, default=None)
    return explain(move, house) if move is not None else None


def _brought(move: Movement, item: ConveyorItem) -> bool:
    """Whether the record came by this movement to whom it is with now."""
    if move.to_seat_id != item.seat_id:
        return False
    if item.seat_id is None:
        return move.from_tier_id is None or move.from_seat_id is not None
    return move.from_seat_id != move.to_seat_id


def explain(move: Movement, house: SetUp) -> Why | None:
    """One assignment in words; nothing where nothing was kept of it."""
    how = "claimed" if move.cause == Cause.CLAIMED else move.why.get("strategy", "")
    if how in STRATEGIES:
        sentence = _chosen(move, house) if move.to_seat_id else _pooled(move)
        return Why(sentence, _passed_over(move.why.get("skipped", {}), house))
    if how not in NOT_CHOSEN:
        return None
    name = _name(move.from_seat_id, house) if how == "substitute" else move.by.name if move.by else ""
    sentence = str(NOT_CHOSEN[how])
    return Why(sentence % {"name": name}) if name or "%(name)s" not in sentence else None


def _chosen(move: Movement, house: SetUp) -> str:
    """By which rule and strategy, and among how many."""
    rule, strategy = move.why.get("rule_name", ""), str(BY_RULE[move.why["strategy"]])
    told = {"rule": rule, "how": strategy, "n": len(move.why.get("candidates", [])) or 1}
    helper = house.tiers.get(move.why.get("helped_by", 0))
    before = _("Nobody had room here, so “%(tier)s” helped out.") % {"tier": helper} if helper else ""
    if rule and not _is_of_rule(move, house):
        before, rule = _("Nobody of the rule “%(rule)s” could take the client.") % told, ""
    if told["n"] == 1:
        sentence = (
            _("By the rule “%(rule)s”: nobody else could take the client.")
            if rule
            else _("Nobody else could take the client.")
        )
    elif rule:
        sentence = ngettext(
            "By the rule “%(rule)s”, %(how)s among %(n)d person.",
            "By the rule “%(rule)s”, %(how)s among %(n)d people.",
            told["n"],
        )
    else:
        sentence = ngettext("%(how)s among %(n)d person.", "%(how)s among %(n)d people.", told["n"])
    return f"{before} {capfirst(sentence % told)}".strip()


def _pooled(move: Movement) -> str:
    if move.why.get("strategy") == "pool":
        return _("This tier puts every client into the pool, and people take the next one.")
    if move.why.get("rule_name"):
        return _("Nobody of the rule “%(rule)s” could take the client, so it went into the pool.") % {
            "rule": move.why["rule_name"]
        }
    return _("Nobody could take the client, so it went into the pool.")


def _is_of_rule(move: Movement, house: SetUp) -> bool:
    """Whether the receiver is one of the rule's people; a rule that is gone or was changed since is believed."""
    tier = house.tiers.get(move.to_tier_id)
    rules = tier.rules.all() if tier is not None else []
    rule = next((each for each in rules if each.pk == move.why.get("rule")), None)
    return (
        rule is None or "rule" in move.why.get("skipped", {}).values() or move.to_seat_id in conditions_of(rule).seats
    )


def _passed_over(skipped: Mapping[str, str], house: SetUp) -> list[tuple[str, str]]:
    """Each reason with the people it kept from receiving, from the lasting to the passing; who never receives is no news."""
    names: dict[str, list[str]] = {}
    for seat_id, reason in skipped.items():
        seat = house.seats.get(int(seat_id))
        if seat is not None and (seat.capacity or reason != Skip.FULL):
            names.setdefault(reason, []).append(seat.user.short_name)
    order = [*SKIPPED, *(reason for reason in names if reason not in SKIPPED)]
    return [(str(SKIPPED.get(reason, reason)), _some(names[reason])) for reason in order if reason in names]


def _some(names: list[str]) -> str:
    left = len(names) - MOST_NAMED
    if left <= 0:
        return ", ".join(names)
    more = ngettext("%(names)s and %(n)d more", "%(names)s and %(n)d more", left)
    return more % {"names": ", ".join(names[:MOST_NAMED]), "n": left}


def _name(seat_id: int | None, house: SetUp) -> str:
    seat = house.seats.get(seat_id or 0)
    return str(seat.user.short_name) if seat is not None else ""
