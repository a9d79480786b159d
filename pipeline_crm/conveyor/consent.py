"""What a client says about being contacted, and what follows: whom nobody may get in touch with goes to nobody.

Their records keep their owner and lose their clock; those that lie in a pool wait for the team lead, who alone may lift it,
with a new consent. `barred` on a record says what `is_barred` says of its client, so that no list need ask.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import datetime
from typing import TYPE_CHECKING

from django.db import models
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from pipeline_crm.access.identity import act
from pipeline_crm.access.policy import Act
from pipeline_crm.access.sight import sight_of
from pipeline_crm.clients.models import Agreement, Client
from pipeline_crm.outbox.actions import tell
from pipeline_crm.outbox.models import Notice
from pipeline_crm.tiers.setup import setup
from pipeline_crm.timeline.models import Entry

from .clocks import wind
from .errors import Refused
from .moves import hold_for, record
from .records import BELT, ConveyorItem
from .writing import update

if TYPE_CHECKING:
    from pipeline_crm.users.models import User

Channel = Agreement.Channel
# By which of these ways a touch may have been; one that the client lets us use is enough.
WAYS = {Entry.Kind.CALL: (Channel.PHONE,), Entry.Kind.MESSAGE: (Channel.MESSAGE, Channel.EMAIL)}


class Says(models.TextChoices):
    """What a client says about being contacted."""

    YES = "yes", gettext_lazy("They agree to be contacted")
    NO = "no", gettext_lazy("They take their consent back")
    NEVER = "never", gettext_lazy("They must not be contacted any more")


@act
def say(
    model: type[ConveyorItem],
    pk: int,
    *,
    says: str,
    by: User,
    now: datetime,
    channels: Collection[str] = (),
    source: str = Agreement.Source.CALL,
) -> ConveyorItem:
    """Writes down what a client says; after a no to everything, only the team lead writes down a new yes."""
    item = hold_for(Act.CONSENT, model, pk, by=by, now=now)
    # Every record of the client, in one order for everybody, and then the client.
    items = [each for stage in BELT.values() for each in _locked(stage, item.client_id)]
    client = Client.objects.select_for_update(no_key=True).get(pk=item.client_id)
    was_barred = client.is_barred
    if says == Says.YES and was_barred and not item.allows(Act.LIFT, sight_of(by)):
        raise Refused(_("Only the team lead can lift this, with a new consent of the client."))
    ways = list(channels) if channels and says != Says.NEVER else list(Channel.values)
    _write(client, says, ways, source, by=by, now=now)
    client.no_contact = says == Says.NEVER or (client.no_contact and says != Says.YES)
    client.consent = _sum_of(client)
    client.save(update_fields=["no_contact", "consent"])
    told = {"says": says, "channels": ways, "source": source}
    record(item, kind=Entry.Kind.CONSENT, by=by, now=now, details=told)
    if client.is_barred != was_barred:
        _follow(items, barred=client.is_barred, by=by, now=now)
    return item


def _locked(model: type[ConveyorItem], client_id: int) -> list[ConveyorItem]:
    rows = model.objects.filter(client=client_id).order_by("pk").select_for_update(of=("self",))
    return setup().attach(list(rows.select_related("client")))


def _write(client: Client, says: str, ways: Iterable[str], source: str, *, by: User, now: datetime) -> None:
    standing = Agreement.objects.filter(client=client, withdrawn_at=None)
    known = set(standing.values_list("channel", flat=True))
    if says == Says.YES:
        given = {"given_at": now, "given_by": by}
        wanted = [way for way in ways if way not in known]
    else:
        given = {"withdrawn_at": now, "withdrawn_by": by}
        standing.filter(channel__in=list(ways)).update(**given)
        wanted = [way for way in ways if way not in known | _withdrawn(client.pk)]
    Agreement.objects.bulk_create(Agreement(client=client, channel=way, source=source, **given) for way in wanted)


def withdrawn(client: Client) -> set[str]:
    """The ways by which a client does not let us get in touch any more; asked of the few who took something back."""
    asks = client.consent in (Client.Consent.PARTLY, Client.Consent.WITHDRAWN)
    return _withdrawn(client.pk) if asks else set()


def _withdrawn(client_id: int) -> set[str]:
    rows = Agreement.objects.filter(client=client_id).order_by("id").values_list("channel", "withdrawn_at")
    # The latest word counts.
    return {channel for channel, taken_back in dict(rows).items() if taken_back is not None}


def _sum_of(client: Client) -> str:
    gone = _withdrawn(client.pk)
    if gone:
        return Client.Consent.WITHDRAWN if gone == set(Channel.values) else Client.Consent.PARTLY
    stands = Agreement.objects.filter(client=client, withdrawn_at=None).exists()
    return Client.Consent.GIVEN if stands else Client.Consent.UNKNOWN


def _follow(items: Iterable[ConveyorItem], *, barred: bool, by: User, now: datetime) -> None:
    """The clocks of all their records stop, or begin anew; what lay in a pool lies with its team lead."""
    for item in items:
        item.barred = barred
        if item.is_open and item.seat_id is None:
            item.awaits_lead = barred
            item.owner_since = now
        wind(item)
        update(item)
        if barred and item.is_open:
            tell_leads(item, now=now, but=by)


def tell_leads(item: ConveyorItem, *, now: datetime, but: User | None = None) -> None:
    """The team leads of a record hear once that its client must not be contacted."""
    leads = [pk for pk in item.tier.lead_ids() if but is None or pk != but.pk]
    event = f"barred:{item.stage}:{item.pk}:{now.isoformat(timespec='seconds')}"
    tell(leads, kind=Notice.Kind.BARRED, stage=item.stage, record_id=item.pk, event=event, now=now)


# What is refused ---------------------------------------------------------------------------------------------------


def refuse_barred(item: ConveyorItem, *ways: str) -> None:
    """Raises Refused where the client must not be contacted, or by none of these ways."""
    if item.barred:
        raise Refused(
            _("This client must not be contacted. Only the team lead can lift that, with a new consent of the client.")
        )
    if ways and withdrawn(item.client).issuperset(ways):
        raise Refused(_("The client has taken back the consent to this way of contact."))


def refuse_barred_touch(item: ConveyorItem, kind: str) -> None:
    """The same for a touch by the ways that its kind may have taken."""
    refuse_barred(item, *WAYS.get(Entry.Kind(kind), ()) if kind in Entry.Kind.values else ())
