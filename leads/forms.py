"""What the scout's pages ask."""

from __future__ import annotations

from typing import Any, ClassVar

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from pipeline_crm.clients.actions import Person
from pipeline_crm.clients.contacts import normalise_email, normalise_phone
from pipeline_crm.conveyor.fields import AmountField, MomentField
from pipeline_crm.conveyor.forms import ActForm, EditForm, ReasonForm, offer_languages, offer_listed, rows
from pipeline_crm.tiers.models import Pipeline, Product, Reason, Source

from .actions import Enquiry
from .models import Lead


class ParkForm(ActForm):
    """The client asked to be called on a later day."""

    act = "park"
    heading = gettext_lazy("Park until a later day")
    word = gettext_lazy("Park")
    sign = "calendar-event"
    variant = "outline"

    until = MomentField(
        label=gettext_lazy("Until"), help_text=gettext_lazy("The lead comes back to you by itself."),
        error_messages={"required": gettext_lazy("Say until when.")},
    )  # fmt: skip


class DisqualifyForm(ReasonForm):
    """No need, or nobody to talk with."""

    act = "disqualify"
    heading = gettext_lazy("Disqualify this lead")
    word = gettext_lazy("Disqualify")
    sign = "circle-x"
    variant = "destructive"
    kind = Reason.Kind.DISQUALIFY


class LeadEditForm(EditForm):
    """Details of a lead and its client."""

    of_record: ClassVar = ("source", "campaign", "product", "amount", "comment")

    source = forms.ModelChoiceField(Source.objects.none(), label=gettext_lazy("Source"), required=False)
    campaign = forms.CharField(label=gettext_lazy("Campaign"), required=False, max_length=120)
    product = forms.ModelChoiceField(Product.objects.none(), label=gettext_lazy("Product of interest"), required=False)
    amount = AmountField(label=gettext_lazy("Expected amount"), required=False)
    comment = forms.CharField(label=gettext_lazy("Comment"), required=False, max_length=2000, widget=rows(3))

    def suit(self, item: Lead) -> None:  # type: ignore[override]
        super().suit(item)
        offer_listed(self, "source", item.pipeline.sources.all(), kept=item.source_id)
        offer_listed(self, "product", item.pipeline.products.all(), kept=item.product_id)


class NewLeadForm(forms.Form):
    """Somebody showed an interest: who they are, how to reach them, what they want."""

    name = forms.CharField(
        label=gettext_lazy("Name"),
        max_length=120,
        error_messages={"required": gettext_lazy("Write the client's name.")},
    )
    phone = forms.CharField(
        label=gettext_lazy("Phone"),
        required=False,
        max_length=60,
        widget=forms.TextInput(attrs={"type": "tel", "autocomplete": "off"}),
    )
    email = forms.CharField(
        label=gettext_lazy("E-mail"),
        required=False,
        max_length=254,
        widget=forms.TextInput(attrs={"type": "text", "inputmode": "email", "autocomplete": "off"}),
    )
    company = forms.CharField(label=gettext_lazy("Company"), required=False, max_length=120)
    source = forms.ModelChoiceField(Source.objects.none(), label=gettext_lazy("Source"), required=False)
    campaign = forms.CharField(label=gettext_lazy("Campaign"), required=False, max_length=120)
    product = forms.ModelChoiceField(Product.objects.none(), label=gettext_lazy("Product of interest"), required=False)
    amount = AmountField(label=gettext_lazy("Expected amount"), required=False)
    region = forms.CharField(label=gettext_lazy("Region"), required=False, max_length=80)
    city = forms.CharField(label=gettext_lazy("City"), required=False, max_length=80)
    language = forms.ChoiceField(label=gettext_lazy("Language"), required=False)
    comment = forms.CharField(label=gettext_lazy("Comment"), required=False, max_length=2000, widget=rows(3))
    keep = forms.ChoiceField(
        label=gettext_lazy("Who works this lead"),
        choices=[("me", gettext_lazy("I keep it myself")), ("rule", gettext_lazy("whoever the tier's rule chooses"))],
        initial="me",
        required=False,
        widget=forms.RadioSelect,
    )

    def __init__(self, data: Any = None, *, pipeline: Pipeline, has_seat: bool) -> None:
        super().__init__(data)
        self.pipeline = pipeline
        offer_listed(self, "source", pipeline.sources.all())
        offer_listed(self, "product", pipeline.products.all())
        offer_languages(self)
        if not has_seat:
            del self.fields["keep"]

    def clean_phone(self) -> str:
        """The number in its one written form."""
        typed = self.cleaned_data["phone"]
        phone = normalise_phone(typed, self.pipeline.country) if typed else ""
        if phone is None:
            raise ValidationError(_("This is not a phone number. Write it with its code, as in +7 916 123-45-67."))
        return phone

    def clean_email(self) -> str:
        """The address in its one written form."""
        typed = self.cleaned_data["email"]
        email = normalise_email(typed) if typed else ""
        if email is None:
            raise ValidationError(_("This is not an e-mail address. Write it as in name@firm.example."))
        return email

    def clean(self) -> dict[str, Any]:
        told = super().clean() or {}
        if not {"phone", "email"} & set(self.errors) and not (told.get("phone") or told.get("email")):
            self.add_error("phone", _("Write a phone number or an e-mail address: without one nobody can be reached."))
        return told

    @property
    def keeps(self) -> bool:
        """Whether who writes the lead down works it, too."""
        return "keep" in self.fields and self.cleaned_data["keep"] != "rule"

    def enquiry(self) -> Enquiry:
        """What was told, as the act takes it."""
        told = self.cleaned_data
        who = {name: told[name] for name in Person.__dataclass_fields__}
        want = {name: told[name] for name in ("source", "campaign", "product", "amount", "comment")}
        phones = (told["phone"],) if told["phone"] else ()
        emails = (told["email"],) if told["email"] else ()
        return Enquiry(Person(**who), phones=phones, emails=emails, **want)
