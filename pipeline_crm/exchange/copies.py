"""A client asks what the firm keeps about them: the head of sales has a copy made, which goes the way of every export."""

from __future__ import annotations

import json
from datetime import datetime
from typing import TYPE_CHECKING

from django.db import transaction
from django.http import Http404
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from pipeline_crm.access.exporting import heads
from pipeline_crm.access.identity import act
from pipeline_crm.access.sight import sight_of
from pipeline_crm.audit.actions import note
from pipeline_crm.audit.models import Kind
from pipeline_crm.conveyor import opening
from pipeline_crm.conveyor.errors import Refused
from pipeline_crm.conveyor.moves import hold
from pipeline_crm.conveyor.records import ConveyorItem
from pipeline_crm.sealing import seal

from .exports import at_the_counter, refuse_impossible, ring
from .models import Export

if TYPE_CHECKING:
    from pipeline_crm.users.models import User


@act
def ask_copy(model: type[ConveyorItem], pk: int, *, by: User, now: datetime) -> Export:
    """Has everything about the client of a record made into a file; counted and written down like their contacts shown."""
    item = hold(model, pk, by=by, now=now)
    if not heads(sight_of(by), item.pipeline_id):
        raise Http404
    if item.client.erased_at is not None:
        raise Refused(_("The data of this client are erased already."))
    pipeline = at_the_counter(by, item.pipeline)
    refuse_impossible(by, 1)
    opening.open_all(item, by=by, now=now)
    export = Export.objects.create(
        state=Export.State.QUEUED,
        asker=by,
        pipeline=pipeline,
        stage=item.stage,
        question=seal(json.dumps({"view": "person", "client": item.client_id, "record": item.pk})),
        format=Export.Format.COPY,
        contacts=Export.Contacts.OWN,
        reason=_("The client asked for their own data."),
        language=(get_language() or "en")[:2],
        rows=1,
        free_rows=1,
        asked_at=now,
    )
    detail = {"export": export.pk}
    where = {"pipeline": pipeline.pk, "client": item.client_id, "record": (item.stage, item.pk)}
    note(Kind.HANDED_OUT, by=by, now=now, detail=detail, **where)
    transaction.on_commit(ring, robust=True)
    return export
