"""Whom one may steer, and whose numbers one may read: tiers for team leads and heads, pipelines for heads and analysts."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.db.models import Q, QuerySet

from pipeline_crm.tiers.models import Pipeline, Tier

from .sight import sight_of

if TYPE_CHECKING:
    from pipeline_crm.users.models import User


def steered(user: User, tiers: QuerySet[Tier]) -> QuerySet[Tier]:
    """Of these tiers, those that a person leads, or whose pipeline they head."""
    sight = sight_of(user)
    return tiers.filter(Q(pk__in=sight.led_ids) | Q(pipeline__in=sight.headed_ids))


def counted(user: User, pipelines: QuerySet[Pipeline]) -> QuerySet[Pipeline]:
    """Of these pipelines, those whose numbers a person may read."""
    sight = sight_of(user)
    return pipelines.filter(pk__in=sight.headed_ids | {one.pk for one in sight.analysed})
