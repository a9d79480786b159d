"""How a client's contact comes to be seen, or called without being seen: one client at a time, written down and counted."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import NamedTuple

from django.utils import timezone
from django.utils.translation import gettext as _

from pipeline_crm.access.identity import act
from pipeline_crm.access.policy import Act
from pipeline_crm.access.sight import Sight, sight_of
from pipeline_crm.audit.actions import note
from pipeline_crm.audit.models import Kind
from pipeline_crm.clients.budget import free_again, spend
from pipeline_crm.clients.contacts import show_phone
from pipeline_crm.clients.models import Agreement, ContactPoint
from pipeline_crm.timeline.models import Entry
from pipeline_crm.timeline.reading import clients_revealed
from pipeline_crm.users.models import User

from .consent import refuse_barred, withdrawn
from .errors import Refused, Spent
from .moves import hold_for, record
from .records import ConveyorItem
from .telephony import is_connected


class Opened(NamedTuple):
    """One contact in full, as people at home write it, and the mask that takes its place again."""

    kind: str
    value: str
    words: str
    mask: str


@act
def reveal(model: type[ConveyorItem], pk: int, *, by: User, now: datetime) -> ConveyorItem:
    """Opens the contacts of one client in full; whoever calls it shows what `opened` reads."""
    item, sight = hold_for(Act.REVEAL, model, pk, by=by, now=now), sight_of(by)
    refuse_barred(item)
    if keeps_digits(item, sight):
        raise Refused(_("Numbers are not shown at this tier. Press “Call”, and your telephone rings."))
    open_all(item, by=by, now=now)
    return item


def open_all(item: ConveyorItem, *, by: User, now: datetime) -> None:
    """Counts that somebody opens the contacts of a client whom they hold, and writes it down."""
    sight = sight_of(by)
    _spend(item, sight, by=by, now=now)
    limit, seen = item.pipeline.reveals_per_day, clients_revealed_today(by, item, now)
    if item.client_id not in seen and len(seen) >= limit:
        words = _(
            "You have opened %(n)d contacts today, which is the limit. Tomorrow others open again; your head of sales "
            "can raise the limit."
        )
        raise Spent(words % {"n": limit}, until=item.pipeline.midnight(now + timedelta(days=1)), now=now)
    record(item, kind=Entry.Kind.REVEALED, by=by, now=now)
    _note(Kind.REVEALED, item, list(points_of(item)), by=by, now=now)


@act
def dial(model: type[ConveyorItem], pk: int, *, place: int, by: User, now: datetime) -> str:
    """The number of one of the client's phones, for the telephone system alone; counted as if it were shown."""
    item = hold_for(Act.REVEAL, model, pk, by=by, now=now)
    refuse_barred(item, Agreement.Channel.PHONE)
    if not is_connected():
        raise Refused(_("No telephone system is connected: open the contact and dial the number yourself."))
    phones = [point for point in points_of(item) if point.kind == ContactPoint.Kind.PHONE]
    if not 0 <= place < len(phones):
        raise Refused(_("This phone is not known any more. Reload the page and try again."))
    _spend(item, sight_of(by), by=by, now=now)
    _note(Kind.DIALLED, item, [phones[place]], by=by, now=now)
    return phones[place].opened()


def keeps_digits(item: ConveyorItem, sight: Sight) -> bool:
    """Whether the person calls at this tier without seeing a number."""
    return item.tier.hides_digits and not sight.supervises(item.tier)


def opened(item: ConveyorItem) -> list[Opened]:
    """The contacts of a record's client in full, for the page of somebody who has just revealed them."""
    at_home, found = item.pipeline.country, []
    for point in points_of(item):
        value = point.opened()
        words = show_phone(value, at_home) if point.kind == ContactPoint.Kind.PHONE else value
        found.append(Opened(point.kind, value, words, point.masked))
    return found


def points_of(item: ConveyorItem) -> list[ContactPoint]:
    """The contacts by which a record's client lets us get in touch, sealed, in the order in which pages show them."""
    return list(ContactPoint.objects.filter(client=item.client_id).exclude(kind__in=withdrawn(item.client)))


def clients_revealed_today(by: User, item: ConveyorItem, now: datetime) -> set[int]:
    """Whose contacts a person has opened in full since the pipeline's midnight."""
    return {row["client_id"] for row in clients_revealed(by.pk, item.pipeline.midnight(now))}


def hourly_limit(item: ConveyorItem, sight: Sight) -> int:
    """How many contacts the person may open in an hour, by what they are to this record's tier."""
    if item.pipeline_id in sight.headed_ids:
        return item.pipeline.head_reveals_per_hour
    return item.tier.lead_reveals_per_hour if item.tier_id in sight.led_ids else item.tier.reveals_per_hour


def _spend(item: ConveyorItem, sight: Sight, *, by: User, now: datetime) -> None:
    """Counts one more; its row is the lock by which two clicks at once do not both take the last place."""
    limit = hourly_limit(item, sight)
    if spend(by.pk, limit=limit, now=now):
        return
    words = _(
        "You have opened or called %(n)d contacts this hour, which is the limit. From %(time)s others open again; your "
        "head of sales can raise the limit."
    )
    free = free_again(now)
    at = timezone.localtime(free, item.pipeline.zone)
    raise Spent(words % {"n": limit, "time": f"{at:%H:%M}"}, until=free, now=now)


def _note(kind: Kind, item: ConveyorItem, points: list[ContactPoint], *, by: User, now: datetime) -> None:
    note(
        kind,
        by=by,
        now=now,
        pipeline=item.pipeline_id,
        client=item.client_id,
        record=(item.stage, item.pk),
        traces=[str(point.mark) for point in points],
    )
