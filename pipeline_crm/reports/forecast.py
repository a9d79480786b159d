"""What the next sweep would do, as its team lead reads it beforehand: the plan that the sweep itself carries out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from pipeline_crm.access.sight import sight_of
from pipeline_crm.conveyor.books import Cover, covers_due
from pipeline_crm.conveyor.desks import DESKS
from pipeline_crm.conveyor.plan import Deed, foretell
from pipeline_crm.conveyor.records import Openness
from pipeline_crm.conveyor.why import explain
from pipeline_crm.tiers.models import Tier
from pipeline_crm.tiers.setup import SetUp, setup
from pipeline_crm.timeline.models import Cause, Movement

if TYPE_CHECKING:
    from pipeline_crm.users.models import User

SHOWN = 50

WORDS = {
    "reminded": gettext_lazy("%(owner)s is reminded"),
    "warned": gettext_lazy("the team lead is warned"),
    "reassigned": gettext_lazy("goes to %(name)s"),
    "assigned": gettext_lazy("is given to %(name)s"),
    "pooled": gettext_lazy("goes into the pool"),
    "undecided": gettext_lazy("waits for the team lead’s decision"),
    "waits": gettext_lazy("the team lead is told again to decide"),
    "stuck": gettext_lazy("nobody can take it: the team lead is told"),
    "woken": gettext_lazy("comes back: its day has come"),
}
SIGNS = {
    "reminded": "bell",
    "warned": "user-exclamation",
    "pooled": "stack-2",
    "undecided": "alert-circle",
    "waits": "alert-circle",
    "stuck": "stack-2",
    "woken": "player-play",
}


@dataclass(frozen=True)
class Foretold:
    """One record of the plan: whose, which clock ran out when, what will be done and why."""

    url: str
    client: str
    stage: str
    tier: str
    owner: str
    clock: str
    due_at: datetime | None
    what: str
    sign: str
    why: str


@dataclass(frozen=True)
class Forecast:
    """What the next sweep would do at some tiers."""

    rows: Sequence[Foretold]
    more: int
    covers: Sequence[Cover]

    @property
    def count(self) -> int:
        """How many records."""
        return len(self.rows) + self.more


def forecast_of(tiers: Sequence[Tier], *, by: User, now: datetime) -> Forecast:
    """The plan for these tiers, what ran out first first; nothing is locked or written."""
    house, pks = setup(), [tier.pk for tier in tiers]
    deeds = sorted(foretell(now=now, tiers=pks), key=lambda deed: (deed.item.stale_at or now, deed.item.pk))
    covers = covers_due(now=now, seats=[seat.pk for seat in house.seats.values() if seat.tier_id in pks])
    rows = [_row(deed, house, by) for deed in deeds[:SHOWN]]
    return Forecast(rows, max(len(deeds) - SHOWN, 0), covers)


def _row(deed: Deed, house: SetUp, by: User) -> Foretold:
    item, owner = deed.item, deed.item.seat
    gone = owner is not None and not owner.holds
    named = item.openness(sight_of(by)) is not Openness.HIDDEN
    told = {"name": deed.to.user.name if deed.to else "", "owner": owner.user.name if owner else ""}
    return Foretold(
        url=DESKS[item.stage].url("record", item.pk),
        client=item.client.name if named else _("A client"),
        stage=item.stage,
        tier=item.tier.name,
        owner=owner.user.name if owner else _("in the pool"),
        clock=_("its owner has left") if gone else item.get_clock_display(),
        due_at=None if gone else item.due_at,
        what=str(WORDS[deed.act]) % told,
        sign=SIGNS.get(deed.act, "transfer"),
        why=_why(deed, house),
    )


def _why(deed: Deed, house: SetUp) -> str:
    """The sentence that the record itself will tell, once the sweep has done it."""
    if not deed.why:
        return ""
    item = deed.item
    move = Movement(
        cause=deed.cause or Cause.ASSIGNED,
        why=deed.why,
        from_seat_id=item.seat_id,
        to_seat=deed.to,
        to_tier_id=deed.to.tier_id if deed.to else item.tier_id,
    )
    told = explain(move, house)
    if told is None:
        return ""
    return " ".join([told.sentence, *(f"{names}: {reason}." for reason, names in told.skipped)])
