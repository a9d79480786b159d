"""Forms in which an admin writes rules of assignment: first the tier, then what fits and who receives."""

from __future__ import annotations

from typing import Any, ClassVar, cast

from django import forms
from django.conf import settings
from django.db.models import Q
from django.utils.translation import gettext_lazy as _
from unfold.widgets import (
    UnfoldAdminCheckboxSelectMultipleWidget,
    UnfoldAdminSelect2MultipleWidget,
    UnfoldAdminSelectWidget,
    UnfoldAdminTextInputWidget,
)

from pipeline_crm.tiers.models import Product, Rule, Seat, Source, Tier
from pipeline_crm.tiers.stages import Stage

CONDITIONS = ("sources", "products", "regions", "languages", "amount_from", "amount_to", "returning")
# What a tier's records can tell at all: a lead its source, a deal the source of its lead, an account neither.
OF_DEALS, OF_LEADS = ("products", "amount_from", "amount_to"), ("sources",)


def askable(tier: Tier) -> list[str]:
    """The conditions that some record of a tier can fit."""
    takes_deals = tier.takes(Stage.DEAL) or tier.takes(Stage.LEAD)
    from_leads = tier.takes(Stage.LEAD) or tier.works_deal
    never = (() if takes_deals else OF_DEALS) + (() if from_leads else OF_LEADS)
    return [name for name in CONDITIONS if name not in never]


class TierChoice(forms.ModelChoiceField):
    """Tiers with the pipeline that they belong to."""

    def label_from_instance(self, obj: Any) -> str:
        """Two pipelines may have tiers of one name."""
        return f"{obj.pipeline}: {obj}"


class NewRuleForm(forms.ModelForm):
    """A new rule: its name and its tier; it is off, and nobody is named in it yet."""

    tier = TierChoice(
        label=_("Tier"),
        queryset=Tier.objects.select_related("pipeline").order_by("pipeline__name", "id"),
        widget=UnfoldAdminSelectWidget,
        help_text=_("A rule stays at its tier. Next you say which records it fits and who receives them."),
    )

    class Meta:
        model = Rule
        fields = ("name", "tier")


class RuleForm(forms.ModelForm):
    """Which records a rule fits, out of the lists of its own pipeline, and who of its tier receives them."""

    languages = forms.MultipleChoiceField(
        label=_("Languages"),
        choices=settings.LANGUAGES,
        required=False,
        widget=UnfoldAdminCheckboxSelectMultipleWidget,
    )

    class Meta:
        model = Rule
        fields = ("name", *CONDITIONS, "seats", "is_strict")
        help_texts: ClassVar = {
            "sources": _("Any of these. Empty: from wherever."),
            "products": _("Any of these. Empty: whatever the client wants."),
            "regions": _("With commas, in any letters: Moscow, Tver. Empty: from anywhere."),
            "languages": _("Empty: whichever."),
            "amount_from": _("A record without an amount does not fit a rule with amounts."),
        }
        error_messages: ClassVar = {"seats": {"required": _("Choose at least one person who may receive.")}}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name in set(CONDITIONS) - set(askable(self.instance.tier)):
            self.fields.pop(name, None)
        if "regions" in self.fields:
            self.fields["regions"].widget = UnfoldAdminTextInputWidget()
        for name, offered in self._offered().items():
            if name in self.fields:
                self._let_pick(name, offered)

    def clean_regions(self) -> list[str]:
        """Each region once, in the letters in which it was written first."""
        written: dict[str, str] = {}
        for word in map(str.strip, self.cleaned_data["regions"]):
            written.setdefault(word.casefold(), word)
        return [word for word in written.values() if word]

    def _let_pick(self, name: str, offered: Any) -> None:
        # The admin dresses such fields in its own way and tells everybody to hold a key down.
        field = cast("forms.ModelMultipleChoiceField", self.fields[name])
        field.help_text = (self._meta.help_texts or {}).get(name, "")
        field.widget = UnfoldAdminSelect2MultipleWidget()
        field.queryset = offered

    def _offered(self) -> dict[str, Any]:
        """What is in use in the pipeline, and what the rule has named already."""
        rule, home = self.instance, self.instance.tier.pipeline_id
        chosen = {name: Q(pk__in=list(getattr(rule, name).values_list("pk", flat=True))) for name in _LISTS}
        seats = Q(tier=rule.tier_id) & (chosen["seats"] | Q(is_open=True, user__is_active=True))
        return {
            "sources": Source.objects.filter(Q(pipeline=home) & (chosen["sources"] | Q(is_active=True))),
            "products": Product.objects.filter(Q(pipeline=home) & (chosen["products"] | Q(is_active=True))),
            "seats": Seat.objects.filter(seats).select_related("user", "tier"),
        }


_LISTS = ("sources", "products", "seats")
