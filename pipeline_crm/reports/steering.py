"""What the pages of a team share: the tier of an address, its seats, and the way back after an act."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils import timezone

from pipeline_crm.access.charge import steered
from pipeline_crm.conveyor.answers import Request, SeeOther
from pipeline_crm.tiers.models import Seat, Tier

LARGEST = 2**63 - 1


def steered_tier(request: Request, tier_id: int) -> Tier:
    """A tier that the person supervises; any other is a 404. Hours are written in its time zone from here on."""
    rows = Tier.objects.select_related("pipeline").prefetch_related(
        "pipeline__tiers", "pipeline__hours", "pipeline__days_off"
    )
    tier = get_object_or_404(steered(request.user, rows), pk=tier_id)
    timezone.activate(tier.pipeline.zone)
    return tier


def seat_of(tier: Tier, seat_id: int) -> Seat:
    """A seat of a tier that the person steers; any other is a 404."""
    return get_object_or_404(Seat.objects.select_related("user"), tier=tier, pk=seat_id)


def number_in(text: str | None) -> int:
    """A number out of an address or a form; 0, which nothing has, for what is none."""
    number = int(text) if text and text.isascii() and text.isdigit() and len(text) < 20 else 0
    return number if number <= LARGEST else 0


def back_to_team(request: Request, tier: Tier, words: str, *, at: str = "") -> HttpResponse:
    """Says what happened and shows the team."""
    messages.success(request, words)
    return SeeOther(reverse("reports:team", args=[tier.pk]) + at)
