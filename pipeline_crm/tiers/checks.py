"""What `manage.py check` says about the structure of the firm."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.apps import AppConfig
from django.core.checks import CheckMessage, Warning, register
from django.db import Error
from django.db.models import Exists, OuterRef

from .models import Seat, Tier


@register("structure")
def tiers_have_people(app_configs: Sequence[AppConfig] | None, **kwargs: Any) -> list[CheckMessage]:
    """Warns of tiers where nobody can receive; stays silent where the tables are not made yet."""
    seated = Seat.objects.open().filter(tier=OuterRef("pk"))
    try:
        empty = list(Tier.objects.filter(~Exists(seated), pipeline__is_active=True).select_related("pipeline"))
    except Error:
        return []
    return [_nobody_sits_at(tier) for tier in empty]


def _nobody_sits_at(tier: Tier) -> CheckMessage:
    return Warning(
        f"Nobody sits at the tier “{tier.name}” of the pipeline “{tier.pipeline.name}”: its records stay in the pool.",
        hint=f"Seat somebody at /admin/tiers/pipeline/{tier.pipeline_id}/change/#seats.",
        obj=tier,
        id="tiers.W001",
    )
