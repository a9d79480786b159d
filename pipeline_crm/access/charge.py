"""Whom one may steer, and whose numbers one may read: tiers for team leads and heads, pipelines for heads and analysts."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.db.models import Q, QuerySet

from pipeline_crm.tiers.models import Pipeline, Tier

from .policy import Act, Relation, doers
from .sight import sight_of

if TYPE_CHECKING:
    from pipeline_crm.users.models import User

NOTHING = Q(pk__in=[])


def steered(user: User, tiers: QuerySet[Tier]) -> QuerySet[Tier]:
    """Of these tiers, those that a person leads, or whose pipeline they head."""
    sight = sight_of(user)
    who = doers(Act.STEER)
    led = Q(pk__in=sight.led_ids) if Relation.LED in who else NOTHING
    return tiers.filter(led | (Q(pipeline__in=sight.headed_ids) if Relation.HEADED in who else NOTHING))


def counted(user: User, pipelines: QuerySet[Pipeline]) -> QuerySet[Pipeline]:
    """Of these pipelines, those whose numbers a person may read."""
    sight = sight_of(user)
    who = doers(Act.COUNT)
    headed = sight.headed_ids if Relation.HEADED in who else frozenset()
    analysed = {one.pk for one in sight.analysed} if Relation.ANALYST in who else set()
    return pipelines.filter(pk__in=headed | analysed)
