"""Breaking the glass: an administrator who must see clients says why, and the head of sales hears of it at once."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from django.core.exceptions import PermissionDenied
from django.db import transaction

from pipeline_crm.audit.actions import note
from pipeline_crm.audit.models import Kind
from pipeline_crm.outbox.actions import tell
from pipeline_crm.outbox.models import Notice
from pipeline_crm.tiers.actions import appointed
from pipeline_crm.tiers.models import Pipeline, Seat
from pipeline_crm.users.models import User

from .models import BreakGlass

EVENT = "glass:"  # what the notices of a broken glass begin with; its number follows


@transaction.atomic
def break_glass(*, pipeline: Pipeline, reason: str, span: timedelta, by: User, now: datetime) -> BreakGlass:
    """Opens the clients of a pipeline to an administrator for a while; the head of sales is told in the same commit.

    A second time at the same pipeline closes the first, so that each stretch has a reason of its own. Raises
    PermissionDenied for whoever is no administrator, or no more.
    """
    _administrator(by)
    for earlier in BreakGlass.objects.open(now).select_for_update().filter(user=by, pipeline=pipeline):
        _close(earlier, now)
    glass = BreakGlass.objects.create(user=by, pipeline=pipeline, reason=reason, opened_at=now, until=now + span)
    told = (person for person in _watchers(pipeline) if person != by.pk)
    note(Kind.GLASS_BROKEN, by=by, pipeline=pipeline.pk, detail=_told(glass), now=now)
    tell(told, kind=Notice.Kind.GLASS, stage="", record_id=None, event=f"{EVENT}{glass.pk}", now=now)
    return glass


@transaction.atomic
def close_glass(*, by: User, now: datetime) -> int:
    """Closes whatever a person has open; returns how much that was."""
    opened = list(BreakGlass.objects.open(now).select_for_update().filter(user=by))
    for glass in opened:
        _close(glass, now)
    return len(opened)


def _administrator(user: User) -> None:
    """Holds the person's row, so that who is dismissed or loses the right at this moment opens nothing."""
    if not User.objects.select_for_update().filter(pk=user.pk, is_active=True, is_superuser=True).exists():
        raise PermissionDenied


def _close(glass: BreakGlass, now: datetime) -> None:
    glass.closed_at = now
    glass.save(update_fields=["closed_at"])
    note(Kind.GLASS_CLOSED, by=glass.user_id, pipeline=glass.pipeline_id, detail=_told(glass), now=now)


def _told(glass: BreakGlass) -> dict[str, Any]:
    """What the journal keeps of it: the reason stays in its own row, for it is somebody's words."""
    return {"glass": glass.pk, "until": glass.until.isoformat()}


def _watchers(pipeline: Pipeline) -> list[int]:
    """The heads of a pipeline who still work here; where it has none, its team leads."""
    active = User.objects.filter(is_active=True)
    heads = active.filter(pk__in=appointed(pipeline, "head_pipeline"))
    leads = Seat.objects.filter(tier__pipeline=pipeline, is_open=True, role=Seat.Role.LEAD).values("user")
    return list(heads.values_list("pk", flat=True)) or list(active.filter(pk__in=leads).values_list("pk", flat=True))
