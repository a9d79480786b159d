"""A record that a team lead shares with a colleague of the tier until a date, such as for the absence of its owner.

The borrower sees and works it; who holds it, closes it or hands it on stays as it was. A share ends by its hour, by hand, and by
the database itself when the record changes hands, closes or leaves its tier, or when its borrower leaves: what was shared for one
owner's sake never outlasts their holding it. From the hour on nobody is shown it, whether the sweep has come by or not.
"""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any

from django.contrib.auth.models import Permission
from django.http import Http404
from django.utils.translation import gettext as _

from pipeline_crm.access.identity import act
from pipeline_crm.access.models import GRANTS, LONGEST_LOAN, RecordGrant, Share
from pipeline_crm.access.policy import Act
from pipeline_crm.audit.actions import note
from pipeline_crm.audit.models import Kind
from pipeline_crm.outbox.actions import tell
from pipeline_crm.outbox.models import Notice
from pipeline_crm.tiers.models import Seat

from .errors import Refused
from .moves import hold_for
from .records import OFFERED, ConveyorItem

if TYPE_CHECKING:
    from pipeline_crm.users.models import User

AT_ONCE = 500  # shares that one sweep ends in one transaction
MOST = 200  # records that one person borrows at a time; whoever needs more should own them


@act
def share(
    model: type[ConveyorItem], pk: int, *, to: Seat, until: datetime, by: User, now: datetime, seen: int | None = None
) -> ConveyorItem:
    """Lets a colleague of the tier see and work a record until then; said again, the new hour counts."""
    item = hold_for(Act.SHARE, model, pk, by=by, now=now, seen=seen)
    _refuse(item, to, until, now=now)
    of_record = Share.objects.filter(stage=item.stage, record_id=item.pk, ended_at=None)
    of_record.filter(user=to.user_id).update(ended_at=now, ended_by=by)
    given = {"stage": item.stage, "record_id": item.pk, "given_at": now, "until": until}
    made = Share.objects.create(user_id=to.user_id, tier_id=item.tier_id, by=by, **given)
    _grant(item, made)
    told = {"share": made.pk, "until": until.isoformat()}
    record = (item.stage.value, item.pk)
    note(
        Kind.SHARED,
        by=by,
        about=to.user_id,
        pipeline=item.pipeline_id,
        client=item.client_id,
        record=record,
        detail=told,
        now=now,
    )
    tell([to.user_id], kind=Notice.Kind.SHARED, stage=item.stage, record_id=item.pk, event=f"share:{made.pk}", now=now)
    return item


def _grant(item: ConveyorItem, made: Share) -> None:
    named = {"codename": RecordGrant.codename(item.stage), "content_type__app_label": item._meta.app_label}
    given: dict[str, Any] = {"content_object_id": item.pk, "permission": Permission.objects.get(**named)}
    GRANTS[item.stage].objects.create(user_id=made.user_id, share=made, until=made.until, **given)


def _refuse(item: ConveyorItem, to: Seat, until: datetime, *, now: datetime) -> None:
    if item.seat_id is None or item.state == OFFERED:
        raise Refused(_("Nobody has accepted this client yet: give it to somebody instead."))
    if to.pk == item.seat_id:
        raise Refused(_("%(name)s has this client already.") % {"name": to.user.name})
    # Held to the end: whoever is leaving at this moment is lent nothing after they have left.
    held = Seat.objects.select_for_update(of=("self",), no_key=True).filter(pk=to.pk, tier=item.tier_id, is_open=True)
    if not held.filter(user__is_active=True).exists():
        raise Refused(_("A record is shared with a colleague who works at the same tier."))
    if Share.objects.filter(user=to.user_id, ended_at=None).count() >= MOST:
        words = _("%(name)s borrows %(most)s records already: give the book to somebody instead.")
        raise Refused(words % {"name": to.user.name, "most": MOST})
    if until <= now:
        raise Refused(_("This hour has passed: say until when in the future."))
    if until > now + LONGEST_LOAN:
        raise Refused(_("A record is shared for three months at most: then it should have a new owner."))


@act
def take_back(model: type[ConveyorItem], pk: int, *, share_id: int, by: User, now: datetime) -> ConveyorItem:
    """Ends a share before its hour; one that has ended meanwhile is no mistake."""
    item = hold_for(Act.SHARE, model, pk, by=by, now=now)
    shares = Share.objects.filter(stage=item.stage, record_id=item.pk, pk=share_id)
    if not shares.exists():
        raise Http404
    shares.filter(ended_at=None).update(ended_at=now, ended_by=by)
    return item


@act
def end_overdue(*, now: datetime) -> int:
    """Ends the shares whose hour has passed, so that nothing of them is left; may run twice, at once, or be killed."""
    due = Share.objects.filter(ended_at=None, until__lte=now).order_by("until", "pk")
    held = due.select_for_update(skip_locked=True)[:AT_ONCE]
    return Share.objects.filter(pk__in=[one.pk for one in held]).update(ended_at=now)
