"""What team leads share with somebody until a date, the soonest to end first."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from pipeline_crm.access.gate import visible
from pipeline_crm.access.sight import sight_of
from pipeline_crm.conveyor.desks import DESKS
from pipeline_crm.conveyor.records import BELT, ConveyorItem

if TYPE_CHECKING:
    from pipeline_crm.users.models import User

SHOWN = 20


@dataclass(frozen=True)
class Borrowed:
    """One record of somebody else's, and until when it may be worked."""

    item: ConveyorItem
    until: datetime

    @property
    def url(self) -> str:
        """The page of the record."""
        return DESKS[self.item.stage].url("record", self.item.pk)


def lent_to(user: User) -> list[Borrowed]:
    """The records that are shared with a person; who borrows nothing costs no question."""
    loans = sight_of(user).loans
    soonest = sorted(loans, key=lambda loan: loan.until)[:SHOWN]
    items = {
        (stage, item.pk): item
        for stage in {loan.stage for loan in soonest}
        for item in visible(
            user, BELT[stage].objects.filter(pk__in=[loan.record_id for loan in soonest if loan.stage == stage])
        ).select_related("client", "seat__user")
    }
    keyed = ((loan, items.get((loan.stage, loan.record_id))) for loan in soonest)
    return [Borrowed(item, loan.until) for loan, item in keyed if item is not None]
