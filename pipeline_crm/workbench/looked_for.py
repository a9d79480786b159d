"""A search stands in the journal: how much it found of whom, and a contact that was looked for by its keyed mark alone."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from pipeline_crm.access.denials import home_of
from pipeline_crm.access.pipelines import in_sight
from pipeline_crm.access.sight import sight_of
from pipeline_crm.audit.actions import note
from pipeline_crm.audit.models import Kind
from pipeline_crm.clients.actions import points_of
from pipeline_crm.sealing import mark

from .search import Found

if TYPE_CHECKING:
    from pipeline_crm.users.models import User


def note_search(user: User, found: Found, *, now: datetime) -> None:
    """Notes a search whether it found anybody or not; what was typed is not kept, for it is somebody's name."""
    sight = sight_of(user)
    countries = {pipeline.country for pipeline in in_sight(sight)}
    points = {point for country in countries for point in points_of([found.asked], [found.asked], country=country)}
    clients = dict.fromkeys(hit.item.client_id for _stage, hits in found.stages for hit in hits)
    note(
        Kind.SEARCHED,
        by=user,
        now=now,
        pipeline=home_of(sight),
        traces=sorted(str(mark(kind, value)) for kind, value in points),
        detail={"clients": list(clients)},
    )
