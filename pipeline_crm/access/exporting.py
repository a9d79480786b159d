"""Who may take clients out of the house as a file, of which rows, and who approves it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.db.models import Q

from pipeline_crm.tiers.actions import appointed
from pipeline_crm.tiers.models import Pipeline
from pipeline_crm.tiers.stages import Stage
from pipeline_crm.users.models import User

from .policy import Act, Relation, doers
from .sight import Sight

if TYPE_CHECKING:
    from collections.abc import Iterable


def heads(sight: Sight, pipeline_id: int) -> bool:
    """Whether somebody is the head of sales of a pipeline; broken glass lets one look, and no more."""
    return pipeline_id in sight.headed_ids and not sight.is_behind_glass(pipeline_id)


def may_export(sight: Sight, pipeline_id: int, stage: Stage | str) -> bool:
    """Whether a person may take anything of a stage of a pipeline out of the house."""
    tiers = (tier for tier in sight.exports if tier.pipeline_id == pipeline_id and tier.takes(stage))
    ways = {Relation.HEADED: heads(sight, pipeline_id), Relation.EXPORTER: any(tiers)}
    return any(holds for relation, holds in ways.items() if relation in doers(Act.EXPORT))


def exportable(sight: Sight, pipeline_id: int) -> Q:
    """The records that the right reaches; of these one takes what one sees, and never more."""
    if heads(sight, pipeline_id):
        return Q(pipeline=pipeline_id)
    return Q(pipeline=pipeline_id, tier__in=[tier.pk for tier in sight.exports])


def approves(sight: Sight, pipeline_id: int) -> bool:
    """Whether a person answers the exports that others ask for: a head of sales, or who was named for it."""
    return heads(sight, pipeline_id) or any(one.pk == pipeline_id for one in sight.approves)


def answers(sight: Sight) -> set[int]:
    """The pipelines whose exports a person answers."""
    ours = sight.headed_ids | {one.pk for one in sight.approves}
    return {pk for pk in ours if approves(sight, pk)}


def approvers(pipeline: Pipeline, *, other_than: int) -> list[int]:
    """Who can answer an export of a pipeline: its heads and who was named, as long as they work here, never the asker."""
    named: Iterable[int] = {*appointed(pipeline, "head_pipeline"), *appointed(pipeline, "approve_exports")}
    active = User.objects.filter(pk__in=named, is_active=True).exclude(pk=other_than)
    return list(active.order_by("pk").values_list("pk", flat=True))
