"""Which pipelines a person has any sight of, and which one of them they are looking at."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pipeline_crm.tiers.models import Pipeline

from .sight import Sight, sight_of

if TYPE_CHECKING:
    from django.http import HttpRequest

CHOSEN = "pipeline_id"  # the key in the session


def in_sight(sight: Sight) -> list[Pipeline]:
    """The pipelines somebody works, leads, heads or analyses, their own seats first."""
    desks = [tier.pipeline for tier in (*(seat.tier for seat in sight.seats), *sight.led)]
    return list({pipeline.pk: pipeline for pipeline in (*desks, *sight.headed, *sight.analysed)}.values())


def chosen_of(request: HttpRequest, pipelines: list[Pipeline]) -> Pipeline | None:
    """The one that was chosen last, as long as it is still in sight; the first one until then."""
    wanted = request.session.get(CHOSEN)
    return next((one for one in pipelines if one.pk == wanted), pipelines[0] if pipelines else None)


def chosen(request: HttpRequest) -> Pipeline | None:
    """The pipeline that a person is looking at; none for somebody without a place."""
    return chosen_of(request, in_sight(sight_of(request.user)))
