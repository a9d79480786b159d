"""The tables on the page of a pipeline."""

from __future__ import annotations

from functools import partial
from typing import Any, ClassVar

from django import forms
from django.contrib import admin
from django.contrib.admin.checks import InlineModelAdminChecks
from django.core.checks import CheckMessage
from django.db.models import Model, QuerySet, TimeField
from django.forms import modelformset_factory
from django.http import HttpRequest
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext_lazy as _
from unfold.admin import StackedInline, TabularInline
from unfold.widgets import UnfoldAdminSingleTimeWidget

from .forms import AbsenceForm, RowForm, RungForm, SeatForm, ShiftForm, StepForm, TierForm
from .formsets import (
    AbsenceFormSet,
    DistantFormSet,
    ReasonFormSet,
    RowFormSet,
    RungFormSet,
    SeatFormSet,
    ShiftFormSet,
    StepFormSet,
    TierFormSet,
)
from .models import Absence, DayOff, Pipeline, Product, Reason, Rung, Seat, Shift, Source, Step, Tier, WorkingHours
from .stages import Stage

# Nobody opens at a certain second.
HOUR_AND_MINUTE = {TimeField: {"widget": UnfoldAdminSingleTimeWidget(format="%H:%M")}}


class Table:
    """What all tables of a pipeline have in common."""

    extra = 0
    tab = True
    show_title = False
    form: Any = RowForm
    formset: Any = RowFormSet

    def get_formset(
        self, request: HttpRequest, obj: Pipeline | None = None, **kwargs: Any
    ) -> type[forms.BaseModelFormSet]:
        """Django's own words on protected rows would name clients; our formsets say why a row stays."""
        formset = super().get_formset(request, obj, **kwargs)  # type: ignore[misc]
        formset.form.hand_clean_DELETE = lambda form: None
        return formset


class DistantChecks(InlineModelAdminChecks):
    """Checks of a table whose rows have no key to the pipeline itself."""

    def _check_exclude_of_parent_model(self, obj: Any, parent_model: type[Model]) -> list[CheckMessage]:
        return []

    def _check_relation(self, obj: Any, parent_model: type[Model]) -> list[CheckMessage]:
        return []


class DistantTable(Table, TabularInline):
    """Rows that belong to the pipeline through a tier or a seat of it."""

    checks_class = DistantChecks
    formset: type[DistantFormSet]

    def get_formset(
        self, request: HttpRequest, obj: Pipeline | None = None, **kwargs: Any
    ) -> type[forms.BaseModelFormSet]:
        """A formset of the model itself; which rows are the pipeline's it knows by its path."""
        form = type(self.form.__name__, (self.form,), {"actor": request.user})
        return modelformset_factory(
            self.model,
            form=form,
            formset=self.formset,
            fields=[name for name in self.fields if name not in self.readonly_fields],
            formfield_callback=partial(self.formfield_for_dbfield, request=request),
            extra=self.extra,
            can_delete=self.has_delete_permission(request, obj),
            max_num=None if self.has_add_permission(request, obj) else 0,
        )


class TierInline(Table, StackedInline):
    model = Tier
    form = TierForm
    formset = TierFormSet
    show_title = True
    fieldsets: ClassVar = [
        (None, {"fields": ["name", ("works_lead", "works_deal", "works_account"), "strategy", "asks_acceptance"]}),
        (
            _("Clocks, in working minutes"),
            {"fields": [("answer_minutes", "first_touch_minutes"), ("silence_minutes", "pool_minutes")]},
        ),
        (
            _("Room and hours"),
            {"fields": [("when_full", "helps"), ("ramp_days", "ramp_percent"), "off_hours"]},
        ),
        (
            _("The pool, and what lay too long"),
            {"fields": [("untouched_limit", "cool_down_hours", "hop_limit"), "cherry_picking"]},
        ),
        (
            _("Contacts in full"),
            {"fields": [("reveals_per_hour", "lead_reveals_per_hour"), "hides_digits"]},
        ),
    ]


class SeatInline(DistantTable):
    model = Seat
    form = SeatForm
    formset = SeatFormSet
    fields: ClassVar = [
        "user",
        "tier",
        "role",
        "capacity",
        "daily_cap",
        "weight",
        "started_on",
        "pause",
        "may_export",
        "is_open",
    ]
    readonly_fields: ClassVar = ["pause"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Seat]:
        """With the names that a row shows."""
        return super().get_queryset(request).select_related("tier__pipeline", "user")

    @admin.display(description=_("takes a pause until"))
    def pause(self, seat: Seat) -> str:
        """Until when the person takes nothing; they and their team lead set it on the page of the team."""
        if seat.paused_until is None or seat.paused_until <= timezone.now():
            return "–"
        return date_format(timezone.localtime(seat.paused_until, seat.tier.pipeline.zone), "DATETIME_FORMAT")


class AbsenceInline(DistantTable):
    model = Absence
    form = AbsenceForm
    formset = AbsenceFormSet
    fields: ClassVar = ["seat", "first_day", "last_day", "substitute", "reason"]


class ShiftInline(DistantTable):
    model = Shift
    form = ShiftForm
    formset = ShiftFormSet
    formfield_overrides: ClassVar = HOUR_AND_MINUTE
    fields: ClassVar = ["seat", "kind", "weekday", "first_day", "days_on", "days_off", "opens", "closes"]


class RungInline(DistantTable):
    model = Rung
    form = RungForm
    formset = RungFormSet
    fields: ClassVar = ["tier", "delay_minutes", "act"]


class StepInline(Table, TabularInline):
    """The steps of one stage, sorted by dragging."""

    stage: ClassVar[Stage]
    model = Step
    form = StepForm
    ordering_field = "position"
    ordering: ClassVar = ["position", "id"]
    fields: ClassVar = [
        "name",
        "limit_minutes",
        "probability",
        "answer_minutes",
        "first_touch_minutes",
        "silence_minutes",
        "pool_minutes",
        "position",
    ]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Step]:
        """The steps of this stage."""
        return super().get_queryset(request).filter(stage=self.stage)


class LeadStepInline(StepInline):
    stage = Stage.LEAD
    # Nobody is offered a lead: it comes, or it is taken.
    fields: ClassVar = [name for name in StepInline.fields if name != "answer_minutes"]
    formset = type("LeadSteps", (StepFormSet,), {"stage": Stage.LEAD})
    verbose_name_plural = _("lead steps")


class DealStepInline(StepInline):
    stage = Stage.DEAL
    formset = type("DealSteps", (StepFormSet,), {"stage": Stage.DEAL})
    verbose_name_plural = _("deal steps")


class AccountStepInline(StepInline):
    stage = Stage.ACCOUNT
    formset = type("AccountSteps", (StepFormSet,), {"stage": Stage.ACCOUNT})
    verbose_name_plural = _("account steps")


class SortedTable(Table, TabularInline):
    """Words of a list, sorted by dragging."""

    ordering_field = "position"


class SourceInline(SortedTable):
    model = Source
    fields: ClassVar = ["name", "is_active", "position"]


class ProductInline(SortedTable):
    model = Product
    fields: ClassVar = ["name", "price", "is_active", "position"]


class ReasonInline(SortedTable):
    model = Reason
    formset = ReasonFormSet
    fields: ClassVar = ["name", "kind", "gives_turn_back", "is_active", "position"]


class HoursInline(Table, TabularInline):
    model = WorkingHours
    verbose_name_plural = _("hours")
    formfield_overrides: ClassVar = HOUR_AND_MINUTE
    fields: ClassVar = ["weekday", "opens", "closes"]


class DayOffInline(Table, TabularInline):
    model = DayOff
    fields: ClassVar = ["date", "name", "is_worked"]


TABLES = [
    TierInline,
    RungInline,
    SeatInline,
    ShiftInline,
    AbsenceInline,
    LeadStepInline,
    DealStepInline,
    AccountStepInline,
    SourceInline,
    ReasonInline,
    ProductInline,
    HoursInline,
    DayOffInline,
]
