"""The two ends of a board: where clients come in and wait for an answer, and where they go on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.db.models import QuerySet
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from pipeline_crm.tiers.setup import SetUp
from pipeline_crm.tiers.stages import Stage

from .asking import Asked
from .cards import Card
from .models import HandOff
from .questions import IDS, question
from .records import ConveyorItem
from .riders import Given, Riders
from .scope import Scope, View
from .words import capped, money_words

FROM: dict[Stage | None, str | Promise] = {
    None: gettext_lazy("what nobody has yet"),
    Stage.LEAD: gettext_lazy("from the scouts"),
    Stage.DEAL: gettext_lazy("from the hunters"),
}
LEAVES = {
    (Stage.LEAD, True): (gettext_lazy("To hunters"), gettext_lazy("Offer to the hunters")),
    (Stage.LEAD, False): (gettext_lazy("On to a deal"), gettext_lazy("Open a deal")),
    (Stage.DEAL, True): (gettext_lazy("To farmers"), gettext_lazy("Won, to the farmers")),
    (Stage.DEAL, False): (gettext_lazy("On to an account"), gettext_lazy("Won")),
}
DROPS = {
    (Stage.LEAD, True): (
        gettext_lazy("Drop here when the need is real"),
        gettext_lazy("The brief goes to a hunter. You keep the numbers."),
    ),
    (Stage.LEAD, False): (gettext_lazy("Drop here when the need is real"), gettext_lazy("You keep the client.")),
    (Stage.DEAL, True): (
        gettext_lazy("Drop here when won"),
        gettext_lazy("The brief goes to a farmer. You keep the numbers."),
    ),
    (Stage.DEAL, False): (gettext_lazy("Drop here when won"), gettext_lazy("You keep the client.")),
}


@dataclass(frozen=True)
class JointIn:
    """Where clients come in: what is offered and waits for an answer, and what waits for anybody."""

    before: Stage | None
    offers: list[Card]
    offered: int
    pool: list[Card]
    pooled: int
    line: str
    mine: bool

    @property
    def title(self) -> str:
        """What the column is called."""
        if self.before is None:
            return _("New in the pool")
        return _("Offered to you") if self.mine else _("Offered")

    @property
    def count(self) -> int:
        """How many wait at the joint in all."""
        return self.pooled if self.before is None else self.offered

    @property
    def tag(self) -> str:
        """From where an offer comes."""
        return _("from Lead") if self.before == Stage.LEAD else _("from Deal")

    @property
    def count_words(self) -> str:
        """The count, exact up to a thousand."""
        return str(capped(self.count))

    @property
    def state(self) -> str:
        """How the gate looks: amber as long as anybody waits."""
        return "waiting" if self.offered or self.pooled else "ahead"

    @property
    def pool_left(self) -> int:
        """How many of the pool have no card here."""
        return self.pooled - len(self.pool)

    @property
    def offers_left(self) -> int:
        """How many offers have no card here."""
        return self.offered - len(self.offers)


@dataclass(frozen=True)
class JointOut:
    """Where clients go on: to the next tier, or with the same person to the next stage."""

    stage: Stage
    crosses: bool
    given: Given
    back: list[Card] = field(default_factory=list)

    @property
    def title(self) -> str | Promise:
        """What the column is called."""
        return LEAVES[self.stage, self.crosses][0]

    @property
    def act(self) -> str | Promise:
        """What a card's menu calls the way out."""
        return LEAVES[self.stage, self.crosses][1]

    @property
    def drop(self) -> tuple[str | Promise, str | Promise]:
        """When to drop a card here, and what comes of it."""
        return DROPS[self.stage, self.crosses]

    @property
    def line(self) -> str:
        """The month in one line."""
        if self.stage == Stage.DEAL:
            return _("won: %(n)d this month") % {"n": self.given.offered}
        return _("handed on: %(n)d this month") % {"n": self.given.offered}

    @property
    def gate(self) -> str:
        """How the gate looks: red while a brief must be completed."""
        return "returned" if self.back else "passed" if self.given.offered else "ahead"

    @property
    def kind(self) -> str:
        """A joint of its own, or the last part of a belt that goes on."""
        return "out" if self.crosses else "last"

    @property
    def refusal(self) -> str:
        """What a card hears that cannot leave from where it is."""
        if self.stage == Stage.LEAD:
            return _("Talk with the client first: only a contacted lead can go on.")
        return _("This deal cannot be won from here. Open it and look at its state.")


def joint_in(scope: Scope, asked: Asked, riders: Riders, cards: Mapping[ConveyorItem, Card]) -> JointIn | None:
    """What waits before the first step; nothing where the same tier goes on and nobody waits."""
    stage = scope.desk.stage
    before = list(Stage)[stage.rank - 1] if stage.rank else None
    pipeline = scope.house.pipelines[scope.pipeline.pk]
    crosses = before is None or pipeline.tier_for(before) != pipeline.tier_for(stage)
    offers, waiting, worth = riders.items["offer"], riders.items["pool"], riders.offered.total
    if not (crosses or offers or waiting):
        return None
    line = [str(FROM[before]), *([money_words(worth, scope.pipeline.currency)] if worth else [])]
    return JointIn(
        before=before,
        offers=[cards[item] for item in offers],
        offered=riders.offered.count,
        pool=[cards[item] for item in waiting],
        pooled=riders.pooled,
        line=" · ".join(line),
        mine=asked.view == View.MINE,
    )


def crosses_behind(scope: Scope) -> bool:
    """Whether another tier goes on behind the last step."""
    stage, pipeline = scope.desk.stage, scope.house.pipelines[scope.pipeline.pk]
    return stage.next is not None and pipeline.tier_for(stage) != pipeline.tier_for(stage.next)


def joint_out(scope: Scope, riders: Riders, cards: Mapping[ConveyorItem, Card]) -> JointOut | None:
    """What lies behind the last step; nothing behind the last stage."""
    if scope.desk.stage.next is None:
        return None
    back = [cards[item] for item in riders.items["back"]]
    return JointOut(scope.desk.stage, crosses_behind(scope), riders.given, back)


def returned_of(items: Sequence[ConveyorItem], house: SetUp) -> Mapping[int, str]:
    """Which of these open records a receiver has sent back, and why."""
    open_ones = [item.pk for item in items if item.is_open]
    if not open_ones or items[0].stage != Stage.LEAD:
        return {}
    rows = question(_came_back, "returned leads").tuples(ids=open_ones)
    return {lead_id: str(house.reasons[reason_id]) for lead_id, reason_id in rows}


def _came_back() -> QuerySet[HandOff, Any]:
    back = HandOff.objects.filter(from_stage=Stage.LEAD, from_id__among=IDS, state=HandOff.State.RETURNED)
    return back.order_by("id").values_list("from_id", "reason_id")
