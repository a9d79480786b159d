from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, ClassVar

from django.core.validators import MinValueValidator
from django.db import models
from django.db.models import CheckConstraint, Exists, OuterRef, Q
from django.utils.translation import gettext_lazy as _
from django_fsm import FSMField, transition

from pipeline_crm.access.models import RecordGrant
from pipeline_crm.conveyor.laws import laws
from pipeline_crm.conveyor.records import BELT, ConveyorItem, indexes_of_open
from pipeline_crm.tiers.models import Product, Reason, Source
from pipeline_crm.tiers.stages import Stage

if TYPE_CHECKING:
    from pipeline_crm.access.sight import Sight


class State(models.TextChoices):
    NEW = "new", _("new")
    CONTACTED = "contacted", _("contacted")
    PARKED = "parked", _("parked")
    QUALIFIED = "qualified", _("qualified")
    DISQUALIFIED = "disqualified", _("disqualified")


IN_WORK = (State.NEW, State.CONTACTED, State.PARKED)

MOVES: tuple[tuple[str, str], ...] = (
    (State.NEW, State.CONTACTED),
    (State.NEW, State.PARKED),
    (State.CONTACTED, State.PARKED),
    (State.PARKED, State.CONTACTED),
    (State.CONTACTED, State.QUALIFIED),
    (State.NEW, State.DISQUALIFIED),
    (State.CONTACTED, State.DISQUALIFIED),
    (State.PARKED, State.DISQUALIFIED),
    (State.DISQUALIFIED, State.NEW),
    (State.QUALIFIED, State.CONTACTED),
)


class Lead(ConveyorItem):
    """Somebody with an interest, until it is known whether there is a real need."""

    stage = Stage.LEAD
    OPEN = IN_WORK
    ALSO_MOVED = ("until",)

    state = FSMField(_("state"), max_length=20, choices=State, default=State.NEW, protected=True)
    source = models.ForeignKey(
        Source, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("source")
    )
    campaign = models.CharField(_("campaign"), max_length=120, blank=True)
    product = models.ForeignKey(
        Product, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("product of interest")
    )
    amount = models.DecimalField(
        _("expected amount"), max_digits=14, decimal_places=2, null=True, blank=True, validators=[MinValueValidator(0)]
    )
    currency = models.CharField(_("currency"), max_length=3)
    comment = models.TextField(_("comment"), max_length=2000, blank=True)
    until = models.DateTimeField(_("parked until"), null=True, blank=True)
    reason = models.ForeignKey(
        Reason, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("why disqualified")
    )

    class Meta(ConveyorItem.Meta):
        verbose_name = _("lead")
        verbose_name_plural = _("leads")
        permissions: ClassVar = [(RecordGrant.codename(Stage.LEAD), "A record that is shared may be seen and worked")]
        indexes: ClassVar = [
            *ConveyorItem.Meta.indexes,
            *indexes_of_open("leads", (State.NEW, State.CONTACTED, State.PARKED), wishes=("source", "product")),
        ]
        constraints: ClassVar = [
            CheckConstraint(condition=Q(awaits_lead=False) | Q(seat=None), name="a_lead_for_decision_has_no_owner"),
            CheckConstraint(condition=Q(state__in=State.values), name="a_lead_is_in_a_known_state"),
            CheckConstraint(
                condition=Q(state="parked", until__isnull=False) | (~Q(state="parked") & Q(until=None)),
                name="a_parked_lead_has_a_date",
            ),
            CheckConstraint(
                condition=Q(state="disqualified", reason__isnull=False) | (~Q(state="disqualified") & Q(reason=None)),
                name="a_disqualified_lead_says_why",
            ),
            CheckConstraint(condition=Q(amount=None) | Q(amount__gte=0), name="a_lead_is_not_worth_less_than_nothing"),
        ]
        triggers: ClassVar = laws(Stage.LEAD, begins=[State.NEW], moves=MOVES, opened=IN_WORK)

    @classmethod
    def in_hands_of(cls, sight: Sight) -> Q:
        """A lead that went on within the tier is its member's only as long as the deal is."""
        deals = BELT[Stage.DEAL]
        of_this = {"lead": OuterRef("pk")}
        follows = deals.objects.filter(deals.in_hands_of(sight), ~Q(state="returned"), **of_this)
        return super().in_hands_of(sight) & (~Q(state=State.QUALIFIED) | Q(Exists(follows)))

    def parked_until(self) -> datetime | None:
        """Until when the lead sleeps."""
        return self.until

    def wake(self) -> None:
        """The date has come."""
        self.contact()

    @transition(state, source=[State.NEW, State.PARKED], target=State.CONTACTED)
    def contact(self) -> None:
        """Somebody has talked with the client."""
        self.until = None

    @transition(state, source=[State.NEW, State.CONTACTED], target=State.PARKED)
    def park(self, until: datetime) -> None:
        """The client asked to be called on a later day."""
        self.until = until

    @transition(state, source=State.CONTACTED, target=State.QUALIFIED)
    def qualify(self) -> None:
        """There is a real need."""

    @transition(state, source=[State.NEW, State.CONTACTED, State.PARKED], target=State.DISQUALIFIED)
    def disqualify(self, reason: Reason) -> None:
        """There is no need, or nobody to talk with."""
        self.until = None
        self.reason = reason

    @transition(state, source=State.DISQUALIFIED, target=State.NEW)
    def reopen(self) -> None:
        """The team lead thinks that there is a need after all."""
        self.reason = None

    @transition(state, source=State.QUALIFIED, target=State.CONTACTED)
    def come_back(self) -> None:
        """The hand-off was returned."""


class LeadGrant(RecordGrant):
    """A lead that is shared with a colleague."""

    stage = Stage.LEAD

    content_object = models.ForeignKey(Lead, models.PROTECT, related_name="+")
