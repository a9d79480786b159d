from __future__ import annotations

from datetime import datetime, time, timedelta
from decimal import Decimal
from typing import ClassVar

from django.core.validators import MinValueValidator
from django.db import models
from django.db.models import CheckConstraint, Q, UniqueConstraint
from django.utils.translation import gettext_lazy as _
from django_fsm import FSMField, transition

from deals.models import Deal, Origin
from pipeline_crm.access.models import RecordGrant
from pipeline_crm.conveyor.clocks import Running
from pipeline_crm.conveyor.laws import laws
from pipeline_crm.conveyor.questions import Blank, question
from pipeline_crm.conveyor.records import Clock, ConveyorItem, indexes_of_open
from pipeline_crm.tiers.models import Reason
from pipeline_crm.tiers.stages import Stage

CLIENT, PIPELINE = (Blank(name, models.BigIntegerField()) for name in ("client", "pipeline"))


def _bought() -> models.QuerySet[Origin, tuple[int, int | None]]:
    return Origin.objects.filter(client=CLIENT, pipeline=PIPELINE, won=True).values_list("pk", "lead_id")


class State(models.TextChoices):
    OFFERED = "offered", _("offered")
    ACTIVE = "active", _("active")
    AT_RISK = "at_risk", _("at risk")
    CHURNED = "churned", _("churned")
    RETURNED = "returned", _("returned")


IN_WORK = (State.OFFERED, State.ACTIVE, State.AT_RISK)

MOVES: tuple[tuple[str, str], ...] = (
    (State.OFFERED, State.ACTIVE),
    (State.OFFERED, State.RETURNED),
    (State.RETURNED, State.OFFERED),
    (State.ACTIVE, State.AT_RISK),
    (State.AT_RISK, State.ACTIVE),
    (State.AT_RISK, State.CHURNED),
    (State.CHURNED, State.ACTIVE),
)


class Account(ConveyorItem):
    """A client who has bought and is kept; a client has one in a pipeline."""

    stage = Stage.ACCOUNT
    OPEN = IN_WORK

    state = FSMField(_("state"), max_length=20, choices=State, default=State.OFFERED, protected=True)
    deal = models.ForeignKey(Deal, models.PROTECT, related_name="accounts", verbose_name=_("first deal"))
    bought_total = models.DecimalField(
        _("bought in total"), max_digits=16, decimal_places=2, default=0, validators=[MinValueValidator(0)]
    )
    currency = models.CharField(_("currency"), max_length=3)
    purchases = models.PositiveIntegerField(_("purchases"), default=0)
    last_purchase_at = models.DateTimeField(_("last purchase"), null=True, blank=True)
    cadence_days = models.PositiveSmallIntegerField(_("touch every (days)"), validators=[MinValueValidator(1)])
    next_touch_on = models.DateField(_("next touch"), null=True, blank=True)
    comment = models.TextField(_("comment"), max_length=2000, blank=True)
    reason = models.ForeignKey(
        Reason, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("why churned")
    )

    class Meta(ConveyorItem.Meta):
        verbose_name = _("account")
        verbose_name_plural = _("accounts")
        permissions: ClassVar = [
            (RecordGrant.codename(Stage.ACCOUNT), "A record that is shared may be seen and worked")
        ]
        indexes: ClassVar = [
            *ConveyorItem.Meta.indexes,
            *indexes_of_open("accounts", (State.OFFERED, State.ACTIVE, State.AT_RISK), amount="bought_total"),
        ]
        constraints: ClassVar = [
            CheckConstraint(condition=Q(awaits_lead=False) | Q(seat=None), name="an_account_for_decision_has_no_owner"),
            CheckConstraint(condition=Q(state__in=State.values), name="an_account_is_in_a_known_state"),
            UniqueConstraint(fields=["client", "pipeline"], name="a_client_has_one_account_in_a_pipeline"),
            CheckConstraint(
                condition=Q(state="churned", reason__isnull=False) | (~Q(state="churned") & Q(reason=None)),
                name="a_churned_account_says_why",
            ),
            CheckConstraint(condition=Q(cadence_days__gte=1), name="an_account_is_touched_some_day"),
        ]
        triggers: ClassVar = laws(Stage.ACCOUNT, begins=[State.OFFERED, State.ACTIVE], moves=MOVES, opened=IN_WORK)

    @property
    def amount(self) -> Decimal:
        """What the card shows: bought in total."""
        return self.bought_total

    def own_clocks(self) -> list[Running]:
        """The day of the next touch, to its end; for a returned account, the time to complete its brief."""
        if self.state == State.RETURNED and self.tier.answer_minutes:
            limit = timedelta(minutes=self.tier.answer_minutes)
            return [Running(Clock.ANSWER, self.owner_since, self.pipeline.calendar.add(self.owner_since, limit))]
        if self.next_touch_on is None or self.seat_id is None or self.state not in (State.ACTIVE, State.AT_RISK):
            return []
        end = datetime.combine(self.next_touch_on + timedelta(days=1), time(), self.pipeline.zone)
        # A new owner is measured by the first touch; the date is the last owner's, until somebody has touched.
        return [Running(Clock.SILENCE, self.touched_at or self.owner_since, end)] if end > self.owner_since else []

    def trail(self) -> dict[Stage, list[int]]:
        """The account, the deals it has bought by, and the leads that those came from."""
        deals = question(_bought, "deals an account has bought by").tuples(
            client=self.client_id, pipeline=self.pipeline_id
        )
        return {
            Stage.LEAD: [lead for _deal, lead in deals if lead],
            Stage.DEAL: [deal for deal, _lead in deals],
            Stage.ACCOUNT: [self.pk],
        }

    @transition(state, source=State.OFFERED, target=State.ACTIVE)
    def accept(self) -> None:
        """A farmer takes the client."""

    @transition(state, source=State.OFFERED, target=State.RETURNED)
    def send_back(self) -> None:
        """The brief is not enough: the hunter completes it."""

    @transition(state, source=State.RETURNED, target=State.OFFERED)
    def offer_again(self) -> None:
        """The hunter has completed the brief."""

    @transition(state, source=State.ACTIVE, target=State.AT_RISK)
    def doubt(self) -> None:
        """The client may leave."""

    @transition(state, source=State.AT_RISK, target=State.ACTIVE)
    def calm(self) -> None:
        """The client stays."""

    @transition(state, source=State.AT_RISK, target=State.CHURNED)
    def churn(self, reason: Reason) -> None:
        """The client has left."""
        self.reason = reason

    @transition(state, source=State.CHURNED, target=State.ACTIVE)
    def win_back(self) -> None:
        """The client has come back."""
        self.reason = None


class AccountGrant(RecordGrant):
    """An account that is shared with a colleague."""

    stage = Stage.ACCOUNT

    content_object = models.ForeignKey(Account, models.PROTECT, related_name="+")
