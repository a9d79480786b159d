"""What the hunter's pages ask, and the brief with which a scout offers a client."""

from __future__ import annotations

from decimal import Decimal
from typing import Any, ClassVar, cast

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from pipeline_crm.conveyor.desks import DESKS
from pipeline_crm.conveyor.fields import AmountField, DayField, NumberField
from pipeline_crm.conveyor.forms import BriefForm, EditForm, ReasonForm, ReturnForm, offer_listed, rows
from pipeline_crm.conveyor.records import ConveyorItem
from pipeline_crm.tiers.models import Product, Reason
from pipeline_crm.tiers.stages import Stage

from .actions import Line
from .models import Deal

LARGEST_SUM = Decimal(10) ** 12


class OfferForm(BriefForm):
    """The brief with which a lead is offered to the hunters."""

    act = "offer"
    heading = gettext_lazy("Offer to the hunters")
    word = gettext_lazy("Offer this client")
    to = Stage.DEAL

    def suit(self, item: ConveyorItem) -> None:
        if not self.crosses:
            self.heading, self.word = gettext_lazy("Open a deal"), gettext_lazy("Open the deal")

    @property
    def url(self) -> str:
        """The address of the crossing is in the receiving room."""
        return DESKS[Stage.DEAL].url(self.act, self.item.pk)


class DealReturnForm(ReturnForm):
    """The client goes back to the scouts."""

    kind = Reason.Kind.RETURN_DEAL


class LoseForm(ReasonForm):
    """The client will not buy."""

    act = "lose"
    heading = gettext_lazy("Close this deal as lost")
    word = gettext_lazy("Lost")
    sign = "circle-x"
    variant = "destructive"
    kind = Reason.Kind.LOSE

    competitor = forms.CharField(label=gettext_lazy("Bought from"), required=False, max_length=120)


class DealEditForm(EditForm):
    """Details of a deal and its client; the amount only as long as no lines make it up."""

    of_record: ClassVar = ("product", "amount", "expected_on", "competitor", "comment")

    product = forms.ModelChoiceField(Product.objects.none(), label=gettext_lazy("Product of interest"), required=False)
    amount = AmountField(label=gettext_lazy("Amount"), required=False)
    expected_on = DayField(label=gettext_lazy("Expected close"), required=False)
    competitor = forms.CharField(label=gettext_lazy("Competitor"), required=False, max_length=120)
    comment = forms.CharField(label=gettext_lazy("Comment"), required=False, max_length=2000, widget=rows(3))

    def suit(self, item: Deal) -> None:  # type: ignore[override]
        super().suit(item)
        offer_listed(self, "product", item.pipeline.products.all(), kept=item.product_id)
        if item.lines.exists():
            self.fields["amount"].disabled = True
            self.fields["amount"].help_text = _("The sum of the lines: change it there.")


class LineForm(forms.Form):
    """One position; an empty one is left out, and so is one that is ticked off."""

    product = forms.ModelChoiceField(Product.objects.none(), label=gettext_lazy("Product"), required=False)
    quantity = NumberField(
        digits=10,
        too_large=gettext_lazy("This is too much of one thing."),
        label=gettext_lazy("Quantity"),
        required=False,
    )
    price = AmountField(label=gettext_lazy("Price"), required=False)

    def clean(self) -> dict[str, Any]:
        told = super().clean() or {}
        product, quantity = told.get("product"), told.get("quantity")
        if self.errors:
            return told
        if product is None and (quantity is not None or told.get("price") is not None):
            self.add_error("product", _("Choose what is sold."))
        if product is not None and quantity is not None and quantity == 0:
            self.add_error("quantity", _("Sell at least a little of it."))
        if product is not None and told.get("price") is None and product.price is None:
            self.add_error("price", _("This product has no price in the list: write one."))
        return told

    def line(self) -> Line | None:
        """The position as the act takes it: one piece at the price of the list, unless told otherwise."""
        told = self.cleaned_data
        product = told.get("product")
        if product is None or told.get("DELETE"):
            return None
        price = product.price if told["price"] is None else told["price"]
        return Line(product, Decimal(1) if told["quantity"] is None else told["quantity"], price)


class LineFormSet(forms.BaseFormSet):
    """All positions of a deal."""

    def __init__(self, data: Any = None, *, item: Deal) -> None:
        self.products = item.pipeline.products.all()
        kept = list(item.lines.values("product", "quantity", "price"))
        self.kept = [line["product"] for line in kept]
        super().__init__(data, initial=kept, prefix="lines")

    def add_fields(self, form: forms.Form, index: int | None) -> None:
        super().add_fields(form, index)
        here = self.kept[index] if index is not None and index < len(self.kept) else None
        offer_listed(form, "product", self.products, kept=here)
        form.fields["product"].empty_label = ""  # type: ignore[attr-defined]
        if "DELETE" in form.fields:
            form.fields["DELETE"].label = _("Take out")

    def clean(self) -> None:
        if any(self.errors):
            return
        if sum((line.quantity * line.price for line in self.lines()), Decimal(0)) >= LARGEST_SUM:
            raise ValidationError(_("This sum is too large to be true: write less than a trillion."))

    def lines(self) -> list[Line]:
        """The positions that are left."""
        return [line for form in self.forms if (line := form.line()) is not None]


LinesForm = cast(
    "type[LineFormSet]",
    forms.formset_factory(
        LineForm,
        formset=LineFormSet,
        extra=3,
        can_delete=True,
        can_delete_extra=False,
        max_num=200,
        absolute_max=210,
        validate_max=True,
    ),
)
