from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, ClassVar

from django.core.validators import MinValueValidator
from django.db import models
from django.db.models import CheckConstraint, Exists, F, OuterRef, Q, Sum, UniqueConstraint
from django.utils.translation import gettext_lazy as _
from django_fsm import FSMField, transition

from leads.models import Lead
from pipeline_crm.access.models import RecordGrant
from pipeline_crm.clients.models import Client
from pipeline_crm.conveyor.laws import laws
from pipeline_crm.conveyor.models import CameBack
from pipeline_crm.conveyor.records import BELT, ConveyorItem, indexes_of_open
from pipeline_crm.tiers.models import Pipeline, Product, Reason, Source
from pipeline_crm.tiers.stages import Stage

if TYPE_CHECKING:
    from pipeline_crm.access.sight import Sight


class State(models.TextChoices):
    OFFERED = "offered", _("offered")
    OPEN = "open", _("open")
    WON = "won", _("won")
    LOST = "lost", _("lost")
    RETURNED = "returned", _("returned")


IN_WORK = (State.OFFERED, State.OPEN)

MOVES: tuple[tuple[str, str], ...] = (
    (State.OFFERED, State.OPEN),
    (State.OPEN, State.WON),
    (State.OPEN, State.LOST),
    (State.OFFERED, State.RETURNED),
    (State.OPEN, State.RETURNED),
    (State.LOST, State.OPEN),
)


class Deal(ConveyorItem):
    """A purchase in the making: from a qualified lead, or a repeat for an account that has bought before."""

    stage = Stage.DEAL
    OPEN = IN_WORK
    COMES_WITH = ("lead",)

    state = FSMField(_("state"), max_length=20, choices=State, default=State.OFFERED, protected=True)
    lead = models.ForeignKey(Lead, models.PROTECT, null=True, blank=True, related_name="deals", verbose_name=_("lead"))
    repeat_of = models.ForeignKey(
        "self", models.PROTECT, null=True, blank=True, related_name="repeats", verbose_name=_("repeat of")
    )
    product = models.ForeignKey(
        Product, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("product of interest")
    )
    amount = models.DecimalField(
        _("amount"), max_digits=14, decimal_places=2, null=True, blank=True, validators=[MinValueValidator(0)]
    )
    currency = models.CharField(_("currency"), max_length=3)
    expected_on = models.DateField(_("expected close"), null=True, blank=True)
    competitor = models.CharField(_("competitor"), max_length=120, blank=True)
    comment = models.TextField(_("comment"), max_length=2000, blank=True)
    reason = models.ForeignKey(
        Reason, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("why lost or returned")
    )
    closed_at = models.DateTimeField(_("closed"), null=True, blank=True)

    class Meta(ConveyorItem.Meta):
        verbose_name = _("deal")
        verbose_name_plural = _("deals")
        permissions: ClassVar = [(RecordGrant.codename(Stage.DEAL), "A record that is shared may be seen and worked")]
        indexes: ClassVar = [
            *ConveyorItem.Meta.indexes,
            *indexes_of_open("deals", (State.OFFERED, State.OPEN), wishes=("product",)),
        ]
        constraints: ClassVar = [
            CheckConstraint(condition=Q(awaits_lead=False) | Q(seat=None), name="a_deal_for_decision_has_no_owner"),
            CheckConstraint(condition=Q(state__in=State.values), name="a_deal_is_in_a_known_state"),
            CheckConstraint(
                condition=Q(lead__isnull=False) | Q(repeat_of__isnull=False),
                name="a_deal_comes_from_a_lead_or_an_account",
            ),
            CheckConstraint(
                condition=Q(state="lost", reason__isnull=False) | ~Q(state="lost"), name="a_lost_deal_says_why"
            ),
            CheckConstraint(
                condition=Q(state="returned", reason__isnull=False) | ~Q(state="returned"),
                name="a_returned_deal_says_why",
            ),
            CheckConstraint(
                condition=Q(state__in=["lost", "returned"]) | Q(reason=None),
                name="only_a_deal_that_ended_badly_has_a_reason",
            ),
            CheckConstraint(condition=Q(amount=None) | Q(amount__gte=0), name="a_deal_is_not_worth_less_than_nothing"),
            UniqueConstraint(fields=["lead"], condition=~Q(state="returned"), name="a_lead_becomes_one_deal_at_a_time"),
        ]
        triggers: ClassVar = laws(Stage.DEAL, begins=[State.OFFERED, State.OPEN], moves=MOVES, opened=IN_WORK)

    @classmethod
    def in_hands_of(cls, sight: Sight) -> Q:
        """A won deal is its member's only as long as the account is, or while its brief must be completed."""
        accounts = BELT[Stage.ACCOUNT]
        same = {"client": OuterRef("client"), "pipeline": OuterRef("pipeline")}
        follows = accounts.objects.filter(accounts.in_hands_of(sight), **same)
        wanting = CameBack.objects.filter(**same)
        return super().in_hands_of(sight) & (~Q(state=State.WON) | Q(Exists(follows)) | Q(Exists(wanting)))

    @property
    def probability(self) -> int:
        """Per cent, by the step that the deal stands on."""
        return {State.WON: 100, State.LOST: 0, State.RETURNED: 0}.get(self.state, self.step.probability)

    def trail(self) -> dict[Stage, list[int]]:
        """The deal, the lead it came from, and for a repeat the deal that was repeated."""
        return self.origin.trail() if self.repeat_of_id else _trail(self.lead_id, [self.pk])

    def sum_lines(self) -> None:
        """With lines, the amount is their sum."""
        total = self.lines.aggregate(total=Sum(F("price") * F("quantity")))["total"]
        if total is not None:
            self.amount = Decimal(total)

    @transition(state, source=State.OFFERED, target=State.OPEN)
    def accept(self) -> None:
        """A hunter takes the client."""

    @transition(state, source=State.OPEN, target=State.WON)
    def win(self) -> None:
        """The client has bought."""

    @transition(state, source=State.OPEN, target=State.LOST)
    def lose(self, reason: Reason) -> None:
        """The client will not buy."""
        self.reason = reason

    @transition(state, source=[State.OFFERED, State.OPEN], target=State.RETURNED)
    def send_back(self, reason: Reason) -> None:
        """The client goes back to the scouts."""
        self.reason = reason

    @transition(state, source=State.LOST, target=State.OPEN)
    def reopen(self) -> None:
        """The team lead thinks that the client will buy after all."""
        self.reason = None
        self.closed_at = None


def _trail(lead_id: int | None, deals: list[int]) -> dict[Stage, list[int]]:
    return {**({Stage.LEAD: [lead_id]} if lead_id else {}), Stage.DEAL: deals}


class Origin(models.Model):
    """Where a deal comes from, in numbers: its lead and that lead's source, the deal that it repeats.

    A view of the database (`accounts/0011`): whoever has the deal need not see the rows before it.
    """

    deal = models.OneToOneField(Deal, models.DO_NOTHING, primary_key=True, db_column="id", related_name="origin")
    client = models.ForeignKey(Client, models.DO_NOTHING, related_name="+")
    pipeline = models.ForeignKey(Pipeline, models.DO_NOTHING, related_name="+")
    lead_id = models.BigIntegerField(null=True)
    repeat_of_id = models.BigIntegerField(null=True)
    won = models.BooleanField()
    source = models.ForeignKey(Source, models.DO_NOTHING, null=True, related_name="+")

    class Meta:
        managed = False
        db_table = "deals_origin"

    def __str__(self) -> str:
        return f"{self.lead_id or self.repeat_of_id} → {self.pk}"

    def trail(self) -> dict[Stage, list[int]]:
        """The deal, the deals that it repeats, and the lead that the first of them came from."""
        first, deals = self, [self.pk]
        while first.repeat_of_id:
            first = Origin.objects.get(pk=first.repeat_of_id)
            deals.insert(0, first.pk)
        return _trail(first.lead_id, deals)


class DealLine(models.Model):
    """One position of a deal."""

    deal = models.ForeignKey(Deal, models.CASCADE, related_name="lines", verbose_name=_("deal"))
    product = models.ForeignKey(Product, models.PROTECT, related_name="+", verbose_name=_("product"))
    quantity = models.DecimalField(_("quantity"), max_digits=10, decimal_places=2, default=1)
    price = models.DecimalField(_("price"), max_digits=14, decimal_places=2)

    class Meta:
        verbose_name = _("line")
        verbose_name_plural = _("lines")
        ordering: ClassVar = ["id"]
        constraints: ClassVar = [
            CheckConstraint(condition=Q(quantity__gt=0), name="a_line_sells_something"),
            CheckConstraint(condition=Q(price__gte=0), name="a_line_does_not_pay_the_client"),
        ]

    def __str__(self) -> str:
        return f"{self.product_id} × {self.quantity}"

    @property
    def total(self) -> Decimal:
        """Price times quantity."""
        return self.price * self.quantity


class DealGrant(RecordGrant):
    """A deal that is shared with a colleague."""

    stage = Stage.DEAL

    content_object = models.ForeignKey(Deal, models.PROTECT, related_name="+")
