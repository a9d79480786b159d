"""Whoever is turned away is written down, in one way for what is hidden and for what is not there."""

from __future__ import annotations

from collections.abc import Callable
from http import HTTPStatus

from django.http import HttpRequest, HttpResponse
from django.urls import ResolverMatch
from django.utils import timezone

from pipeline_crm.audit.actions import note
from pipeline_crm.audit.models import Kind
from pipeline_crm.tiers.stages import Stage

from .sight import Sight, sight_of

TURNED_AWAY = (HTTPStatus.FORBIDDEN, HTTPStatus.NOT_FOUND, HTTPStatus.TOO_MANY_REQUESTS)
STAGES = {f"{stage.value}s": stage.value for stage in Stage}  # by the namespace of their pages
LARGEST = 2**63 - 1


class DenialMiddleware:
    """Notes each 403, 404 and 429 that somebody who is signed in meets at an address of the house.

    Nothing is asked of the database about what they wanted: a record out of sight and none at all cost the same, and
    are told alike. It stands outside of the acts' transactions, which a refusal rolls back.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        answer = self.get_response(request)
        if answer.status_code in TURNED_AWAY and request.resolver_match and request.user.is_authenticated:
            _note(request, request.resolver_match, answer.status_code)
        return answer


def _note(request: HttpRequest, met: ResolverMatch, status: int) -> None:
    # Only numbers of the address: a word in it may be a name, or a token.
    numbers = {name: value for name, value in met.kwargs.items() if isinstance(value, int) and value <= LARGEST}
    stage, pk = STAGES.get(met.namespace), numbers.pop("pk", None)
    if stage is None and pk is not None:
        numbers["pk"] = pk
    note(
        Kind.DENIED,
        by=request.user.pk,
        now=timezone.now(),
        pipeline=home_of(sight_of(request.user)),
        record=(stage, pk) if stage and pk is not None else None,
        detail={"page": met.view_name, "method": request.method, "status": status, **numbers},
    )


def home_of(sight: Sight) -> int | None:
    """The pipeline whose head of sales reads of this person: of their first seat, or else the first they steer."""
    homes = [seat.tier.pipeline_id for seat in sight.seats] or [pipeline.pk for pipeline in sight.headed]
    return homes[0] if homes else None
