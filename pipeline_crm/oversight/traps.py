"""Trip-wires: clients whom nobody has any reason to open; who lays one must see the client."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from django.db import transaction
from django.http import Http404

from pipeline_crm.access.sight import sight_of
from pipeline_crm.audit.actions import note
from pipeline_crm.audit.models import Kind, Trap
from pipeline_crm.conveyor.desks import DESKS
from pipeline_crm.conveyor.reaching import reach_record
from pipeline_crm.tiers.stages import Stage

if TYPE_CHECKING:
    from pipeline_crm.users.models import User


@transaction.atomic
def lay(stage: Stage, pk: int, *, by: User, now: datetime) -> Trap:
    """Makes the client of a record a trip-wire; only the head of its pipeline may, and hears of nobody's touch but others'."""
    item = reach_record(by, DESKS[stage].model, pk)
    if item.pipeline_id not in _homes(by):
        raise Http404
    trap, made = Trap.objects.get_or_create(
        client_id=item.client_id, defaults={"pipeline_id": item.pipeline_id, "by": by, "at": now}
    )
    if made:
        note(Kind.TRAP_LAID, by=by, now=now, pipeline=item.pipeline_id, client=item.client_id)
    return trap


@transaction.atomic
def take_up(client: int, *, by: User, now: datetime) -> None:
    """The client is one like any other again."""
    trap = Trap.objects.select_for_update().filter(pk=client, pipeline_id__in=_homes(by)).first()
    if trap is None:
        raise Http404
    note(Kind.TRAP_TAKEN, by=by, now=now, pipeline=trap.pipeline_id, client=client)
    trap.delete()


def _homes(by: User) -> set[int]:
    """The pipelines whose wires are somebody's: who is there behind a broken glass is watched by them, and lays none."""
    return {pipeline.pk for pipeline in sight_of(by).answered_for}
