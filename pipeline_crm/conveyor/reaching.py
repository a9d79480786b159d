"""One record by its number, as `access.gate.reach` gives it: the question is written once for all who stand alike."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.db.models import BigIntegerField
from django.http import Http404

from pipeline_crm.access.gate import visible
from pipeline_crm.access.identity import eyes_of
from pipeline_crm.access.sight import sight_of

from .questions import Blank, Question, question
from .records import ConveyorItem
from .standins import StandIn, stand_in

if TYPE_CHECKING:
    from pipeline_crm.users.models import User

PK = Blank("pk", BigIntegerField())
LARGEST = 2**63 - 1  # what PostgreSQL can number


def reach_record[Item: ConveyorItem](
    user: User, model: type[Item], pk: int, *related: str, locked: bool = False
) -> Item:
    """A record with its client and what else is `related`, locked on demand; hidden and absent give the same 404."""
    who = _who(user, pk)
    asked: Question[Any] = question(lambda: _one(who, model, related, locked=locked), _key(who, model, related, locked))
    with eyes_of(user.pk):
        found = asked.records(who.numbers, pk=pk)
    if not found:
        raise Http404
    item: Item = found[0]
    return item


def is_in_sight(user: User, model: type[ConveyorItem], pk: int) -> bool:
    """Whether somebody may see a record."""
    who = _who(user, pk)
    asked: Question[Any] = question(
        lambda: visible(who.user, model.objects.filter(pk=PK)).order_by().values("pk"), ("in sight", *_key(who, model))
    )
    with eyes_of(user.pk):
        return bool(asked.tuples(who.numbers, pk=pk))


def _one(who: StandIn, model: type[ConveyorItem], related: tuple[str, ...], *, locked: bool) -> Any:
    rows = model.objects.select_for_update(of=("self",)) if locked else model.objects.all()
    return visible(who.user, rows.select_related("client", *related).filter(pk=PK)).order_by()


def _key(who: StandIn, model: type[ConveyorItem], *how: Any) -> tuple[Any, ...]:
    return "reach", model.stage, who.shape, *how


def _who(user: User, pk: int) -> StandIn:
    sight = sight_of(user)
    if sight.user_id is None or not 0 < pk <= LARGEST:
        raise Http404
    return stand_in(sight)
