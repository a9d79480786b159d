"""Back-pressure: a tier at which nobody has room, and what its setting does with the clients who come."""

from __future__ import annotations

from collections.abc import Sequence

from django.utils.translation import gettext as _

from pipeline_crm.tiers.models import Tier, WhenFull

from .shapes import Pressure, TierLoad


def pressures_of(tiers: Sequence[Tier], loads: Sequence[TierLoad]) -> list[Pressure]:
    """The tiers that can take nobody now, the one where most wait first."""
    by_pk = {tier.pk: tier for tier in tiers}
    found = [_pressure(by_pk[load.pk], load, tiers) for load in loads if is_full(load)]
    return sorted(found, key=lambda one: (-one.waiting, one.tier))


def is_full(load: TierLoad) -> bool:
    """Somebody is at work here, and nobody of them has room; who takes a pause will have some soon."""
    return bool(load.working) and not any(seat.free for seat in load.working)


def _pressure(tier: Tier, load: TierLoad, tiers: Sequence[Tier]) -> Pressure:
    return Pressure(
        tier=tier.name,
        stage=load.stage,
        held=sum(seat.load.open for seat in load.working),
        limit=sum(seat.capacity for seat in load.working),
        waiting=load.pool.open,
        since=load.pool.oldest,
        setting=setting_of(tier, tiers),
        url=load.url,
    )


def setting_of(tier: Tier, tiers: Sequence[Tier]) -> str:
    """What becomes of a client for whom nobody here has room."""
    if tier.when_full == WhenFull.KEEP_WARM:
        return _("Who wants to hand a client on is told to keep the client warm until there is room.")
    helpers = ", ".join(other.name for other in tiers if other.helps_id == tier.pk)
    if tier.when_full == WhenFull.WIDEN and helpers:
        return _("Clients may go to: %(tiers)s. When they are full too, clients wait in the pool.") % {"tiers": helpers}
    if tier.when_full == WhenFull.WIDEN:
        return _("Another tier should help out, but none is set to; clients wait in the pool.")
    return _("Clients wait in this tier’s pool.")
