"""What the farmer's pages ask, and the brief with which a hunter hands a client on."""

from __future__ import annotations

from typing import ClassVar

from django import forms
from django.utils.translation import gettext_lazy as _

from pipeline_crm.conveyor.desks import DESKS
from pipeline_crm.conveyor.fields import AmountField, DayField
from pipeline_crm.conveyor.forms import BriefForm, EditForm, ReasonForm, ReturnForm, TouchForm, offer_listed, rows
from pipeline_crm.conveyor.records import ConveyorItem
from pipeline_crm.tiers.models import Pipeline, Product, Reason
from pipeline_crm.tiers.stages import Stage


class WinForm(BriefForm):
    """The client has bought: the brief for the farmer."""

    act = "win"
    heading = _("Won: hand the client to the farmers")
    word = _("Won")
    sign = "trophy"
    to = Stage.ACCOUNT

    def suit(self, item: ConveyorItem) -> None:
        if not self.crosses:
            self.heading = _("Won: keep the client")

    @property
    def url(self) -> str:
        """The address of the crossing is in the receiving room."""
        return DESKS[Stage.ACCOUNT].url(self.act, self.item.pk)


class OfferAgainForm(WinForm):
    """The brief was not enough: complete it and offer the client once more."""

    act = "offer-again"
    heading = _("Complete the brief and offer again")
    word = _("Offer again")
    sign = "send"


class AccountReturnForm(ReturnForm):
    """The brief is not enough: the hunter completes it."""

    kind = Reason.Kind.RETURN_ACCOUNT


class AccountTouchForm(TouchForm):
    """A touch, and the day of the next one."""

    next_touch_on = DayField(
        label=_("Next touch"), required=False, ahead=True, help_text=_("Left empty, the account's cadence decides.")
    )


class ChurnForm(ReasonForm):
    """The client has left."""

    act = "churn"
    heading = _("The client has left")
    word = _("Left")
    sign = "user-off"
    variant = "destructive"
    kind = Reason.Kind.CHURN


class AccountEditForm(EditForm):
    """Details of an account and its client."""

    of_record: ClassVar = ("cadence_days", "next_touch_on", "comment")

    cadence_days = forms.IntegerField(label=_("Touch every (days)"), min_value=1, max_value=730)
    next_touch_on = DayField(label=_("Next touch"), required=False)
    comment = forms.CharField(label=_("Comment"), required=False, max_length=2000, widget=rows(3))


class RepeatForm(BriefForm):
    """The client wants to buy again."""

    act = "repeat"
    heading = _("Open a repeat deal")
    word = _("Open the deal")
    sign = "refresh"
    to = Stage.DEAL

    product = forms.ModelChoiceField(Product.objects.none(), label=_("Product"), required=False)
    amount = AmountField(label=_("Expected amount"), required=False)
    field_order = ["product", "amount"]

    @property
    def crosses(self) -> bool:
        """A repeat deal stays with the farmer unless the pipeline sends it to the hunters."""
        return self.item.pipeline.repeat_deals == Pipeline.RepeatDeals.HUNTERS and super().crosses

    def suit(self, item: ConveyorItem) -> None:
        offer_listed(self, "product", item.pipeline.products.all())
