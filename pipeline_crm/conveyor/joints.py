"""The two ends of a board: where clients come in and wait for an answer, and where they go on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from django.db.models import Avg, Count, Exists, OuterRef, Q, Sum, Window
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from pipeline_crm.tiers.stages import Stage

from .asking import Asked
from .cards import Card, dress, with_wishes
from .columns import amount_field
from .models import HandOff
from .records import BELT, ConveyorItem, ConveyorQuerySet
from .scope import Scope, View
from .words import money_words

OFFERS = 5
WAITING = 3  # of the pool, which "Take next" empties from the top anyway
MANY = 1_000
OFFERED = Q(state="offered")

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
        return str(self.count) if self.count <= MANY else "1\N{NO-BREAK SPACE}000+"

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
class Given:
    """What was handed on this month, without names: how many, how they were answered, and the mark for the briefs."""

    offered: int = 0
    accepted: int = 0
    returned: int = 0
    mark: float | None = None


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


def joint_in(scope: Scope, asked: Asked) -> JointIn | None:
    """What waits before the first step; nothing where the same tier goes on and nobody waits."""
    stage = scope.desk.stage
    before = list(Stage)[stage.rank - 1] if stage.rank else None
    crosses = before is None or scope.pipeline.tier_for(before) != scope.pipeline.tier_for(stage)
    offers, offered, worth = _offers(scope, asked)
    pool = scope.rows(View.POOL)
    pooled = pool.order_by()[: MANY + 1].count()
    if not (crosses or offered or pooled):
        return None
    waiting = list(with_wishes(pool).most_urgent()[: OFFERS if before is None else WAITING])
    cards = dress([*offers, *waiting], sight=scope.sight, now=scope.now)
    line = [str(FROM[before]), *([money_words(worth, scope.pipeline.currency)] if worth else [])]
    return JointIn(
        before=before,
        offers=cards[: len(offers)],
        offered=offered,
        pool=cards[len(offers) :],
        pooled=pooled,
        line=" · ".join(line),
        mine=asked.view == View.MINE,
    )


def _offers(scope: Scope, asked: Asked) -> tuple[list[ConveyorItem], int, Decimal | None]:
    model = scope.desk.model
    if "offered" not in model.OPEN:
        return [], 0, None
    rows = scope.rows(asked.view).filter(OFFERED, seat__isnull=False)
    worth = Sum(amount_field(model), filter=Q(currency=scope.pipeline.currency))
    counted = with_wishes(rows).annotate(of=Window(Count("pk")), worth=Window(worth))
    items: list[Any] = list(counted.most_urgent()[:OFFERS])
    return items, items[0].of if items else 0, items[0].worth if items else None


def joint_out(scope: Scope, asked: Asked) -> JointOut | None:
    """What lies behind the last step; nothing behind the last stage."""
    stage = scope.desk.stage
    if stage.next is None:
        return None
    crosses = scope.pipeline.tier_for(stage) != scope.pipeline.tier_for(stage.next)
    back = list(with_wishes(_incomplete(scope, asked))[:OFFERS]) if stage == Stage.DEAL and crosses else []
    return JointOut(stage, crosses, _given(scope, asked), dress(back, sight=scope.sight, now=scope.now))


def _incomplete(scope: Scope, asked: Asked) -> ConveyorQuerySet:
    """Records that went on and came back because the brief was not enough."""
    same = Q(client=OuterRef("client"), pipeline=OuterRef("pipeline"))
    wanting = BELT[Stage.ACCOUNT].objects.filter(same, Q(state="returned"))
    rows = scope.rows(View.CLOSED).filter(Exists(wanting), Q(state="won"), seat__isnull=False)
    return rows.held_by(*scope.sight.seat_ids) if asked.view == View.MINE else rows


def _given(scope: Scope, asked: Asked) -> Given:
    """Only figures leave here: after a hand-off the names are no longer the giver's to see."""
    month = timezone.localtime(scope.now).replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    stage = scope.desk.stage
    given = HandOff.objects.filter(
        pipeline=scope.pipeline, from_stage=stage, to_stage=stage.next, offered_at__gte=month
    ).exclude(state=HandOff.State.EXPIRED)
    if asked.view == View.MINE:
        given = given.filter(giver__in=scope.sight.seat_ids)
    elif not scope.sight.everything and scope.pipeline.pk not in scope.sight.headed_ids:
        given = given.filter(from_tier__in=scope.sight.led_ids)
    return Given(
        **given.aggregate(
            offered=Count("pk"),
            accepted=Count("pk", filter=Q(state=HandOff.State.ACCEPTED)),
            returned=Count("pk", filter=Q(state=HandOff.State.RETURNED)),
            mark=Avg("mark"),
        )
    )


def returned_of(items: Sequence[ConveyorItem]) -> Mapping[int, str]:
    """Which of these open records a receiver has sent back, and why."""
    open_ones = [item.pk for item in items if item.is_open]
    if not open_ones or items[0].stage != Stage.LEAD:
        return {}
    back = HandOff.objects.filter(from_stage=items[0].stage, from_id__in=open_ones, state=HandOff.State.RETURNED)
    return dict(back.order_by("id").values_list("from_id", "reason__name"))
