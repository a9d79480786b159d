"""Where the firm draws its conveyor."""

from __future__ import annotations

from typing import Any, ClassVar

from django import forms
from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.db import IntegrityError, InternalError, models, transaction
from django.db.models import Count, Q, QuerySet
from django.forms import ModelForm
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from unfold.admin import ModelAdmin

from pipeline_crm.identity import system_scope

from .actions import appoint
from .chronicle import chronicle
from .forms import APPOINTMENTS, DrawForm, PipelineForm
from .inlines import TABLES
from .models import Pipeline
from .refusals import ask_deferred_laws, sentence, why_it_stays

REFUSED = (IntegrityError, InternalError, models.ProtectedError, models.RestrictedError)


@admin.register(Pipeline)
class PipelineAdmin(ModelAdmin):
    """A pipeline is drawn in one form and then changed table by table on one page."""

    form = PipelineForm
    inlines: ClassVar = TABLES
    list_display: ClassVar = ["name", "drawn_as", "open_seats", "currency", "time_zone", "is_active"]
    list_filter: ClassVar = ["is_active"]
    search_fields: ClassVar = ["name"]
    warn_unsaved_form = True
    # Deleting a whole list of pipelines is nothing that anybody wants at hand.
    actions = None
    add_fieldsets: ClassVar = [
        (None, {"fields": ["name", "shape", "language"]}),
        (_("Where it works"), {"fields": [("currency", "time_zone", "country")]}),
    ]
    fieldsets: ClassVar = [
        (None, {"fields": ["name", "is_active"]}),
        (_("Where it works"), {"fields": [("currency", "time_zone", "country")]}),
        (_("Limits and habits"), {"fields": [("repeat_deals", "cadence_days")]}),
        (_("Contacts in full"), {"fields": [("reveals_per_day", "head_reveals_per_hour")]}),
        (_("Safety"), {"fields": ["second_factor", "export_rows"]}),
        (_("Who looks over all tiers"), {"fields": ["heads", "analysts", "officers", "approvers"]}),
    ]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Pipeline]:
        """With what the list tells of each pipeline."""
        seats = Count(
            "tiers__seats", filter=Q(tiers__seats__is_open=True, tiers__seats__user__is_active=True), distinct=True
        )
        return super().get_queryset(request).annotate(open_seats=seats).prefetch_related("tiers")

    @admin.display(description=_("structure"))
    def drawn_as(self, pipeline: Pipeline) -> str:
        """The structure in words."""
        structure = pipeline.structure
        return str(structure.label) if structure else "–"

    @admin.display(description=_("open seats"))
    def open_seats(self, pipeline: Any) -> int:
        """How many people work there."""
        return pipeline.open_seats

    def get_inlines(self, request: HttpRequest, obj: Pipeline | None) -> list[Any]:
        """Tables appear when there is a pipeline to fill them."""
        return list(self.inlines) if obj else []

    def get_form(
        self, request: HttpRequest, obj: Pipeline | None = None, change: bool = False, **kwargs: Any
    ) -> type[ModelForm]:
        """Drawing for a new pipeline, changing for an old one; both know who asks and what was just refused."""
        form = PipelineForm if obj else DrawForm
        known = {"actor": request.user, "refusal": getattr(request, "refusal", None)}
        return super().get_form(request, obj, change, form=type(form.__name__, (form,), known), **kwargs)

    def get_deleted_objects(
        self, objs: Any, request: HttpRequest
    ) -> tuple[list[str], dict[str, int], set[str], list[str]]:
        """Says what goes, or why nothing can go; never whose records those are."""
        protected = [reason for pipeline in objs if (reason := why_it_stays(pipeline))]
        return (
            [str(pipeline) for pipeline in objs],
            {str(Pipeline._meta.verbose_name_plural): len(objs)},
            set(),
            protected,
        )

    def delete_model(self, request: HttpRequest, obj: Pipeline) -> None:
        """A pipeline that was never used goes with everything that belongs to it."""
        with system_scope("what belongs to a pipeline goes with it, whoever sees it"):
            super().delete_model(request, obj)

    def save_model(self, request: HttpRequest, obj: Pipeline, form: forms.ModelForm, change: bool) -> None:
        """A new pipeline was drawn by its form already."""
        if change:
            super().save_model(request, obj, form, change)

    def save_related(self, request: HttpRequest, form: forms.ModelForm, formsets: Any, change: bool) -> None:
        """Saves the tables, and the appointments with them."""
        super().save_related(request, form, formsets, change)
        if change:
            for name, codename in APPOINTMENTS.items():
                appoint(form.instance, codename, form.cleaned_data[name])

    def changeform_view(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """When the database refuses what the forms let pass, shows the same page with its reason; nothing was saved."""
        try:
            with transaction.atomic():
                answer = super().changeform_view(request, *args, **kwargs)
                if request.method == "POST":
                    ask_deferred_laws()
                return answer
        except REFUSED as error:
            request.refusal = sentence(error)  # type: ignore[attr-defined]
            return super().changeform_view(request, *args, **kwargs)

    def response_post_save_add(self, request: HttpRequest, obj: Pipeline) -> HttpResponse:
        """After drawing, people are to be seated."""
        return HttpResponseRedirect(reverse("admin:tiers_pipeline_change", args=[obj.pk]) + "#seats")

    def history_view(
        self, request: HttpRequest, object_id: str, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Who changed what and when, of the pipeline and of everything that belongs to it."""
        pipeline = self.get_object(request, object_id)
        if pipeline is None:
            raise Http404
        if not self.has_view_or_change_permission(request, pipeline):
            raise PermissionDenied
        page = chronicle(pipeline, before=request.GET.get("before"))
        context = {
            **self.admin_site.each_context(request),
            "title": _("History of “%(name)s”") % {"name": pipeline.name},
            "opts": self.opts,
            "object": pipeline,
            "page": page,
            **(extra_context or {}),
        }
        return TemplateResponse(request, "admin/tiers/pipeline_history.html", context)
