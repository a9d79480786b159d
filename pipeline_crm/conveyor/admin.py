"""Where an admin writes rules of assignment, tries them on the last days, and switches them on.

The rules themselves stand in `tiers`, but only this floor knows the records that they are tried on.
"""

from __future__ import annotations

from typing import Any, ClassVar

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import Max, QuerySet
from django.forms import ModelForm
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseNotAllowed, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import path, reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from unfold.admin import ModelAdmin

from pipeline_crm.tiers.models import Rule

from .dry_run import DAYS, MOST, dry_run
from .rule_forms import NewRuleForm, RuleForm, askable
from .rule_words import asked_in_words


@admin.register(Rule)
class RuleAdmin(ModelAdmin):
    """Rules in the order in which they are asked; a new one is off until it has been tried."""

    list_display: ClassVar = ["name", "place", "asks", "people", "is_on", "position"]
    list_filter: ClassVar = ["is_on", ("tier", admin.RelatedOnlyFieldListFilter)]
    search_fields: ClassVar = ["name"]
    ordering: ClassVar = ["tier__pipeline__name", "tier_id", "position", "id"]
    ordering_field = "position"
    list_per_page = 200
    # Deleting a whole list of rules is nothing that anybody wants at hand.
    actions = None
    warn_unsaved_form = True
    change_form_outer_before_template = "admin/rules/state.html"
    add_fieldsets: ClassVar = [(None, {"fields": ["name", "tier"]})]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Rule]:
        """With all that a line tells."""
        rows: QuerySet[Rule] = super().get_queryset(request)
        return rows.select_related("tier__pipeline").prefetch_related("sources", "products", "seats__user")

    @admin.display(description=_("tier"), ordering="tier")
    def place(self, rule: Rule) -> str:
        """The tier with its pipeline."""
        return f"{rule.tier.pipeline}: {rule.tier}"

    @admin.display(description=_("which records"))
    def asks(self, rule: Rule) -> str:
        """What the rule asks of a record."""
        return asked_in_words(rule)

    @admin.display(description=_("who may receive"))
    def people(self, rule: Rule) -> str:
        """The people of the rule."""
        return ", ".join(seat.user.name for seat in rule.seats.all()) or "–"

    def get_fieldsets(self, request: HttpRequest, obj: Rule | None = None) -> Any:
        """A new rule begins with its tier; then only what its records can tell is asked."""
        if obj is None:
            return self.add_fieldsets
        asked = [name for name in askable(obj.tier) if not name.startswith("amount")]
        amounts = [("amount_from", "amount_to")] if "amount_from" in askable(obj.tier) else []
        told = _("Every condition must hold; an empty one asks nothing.")
        return [
            (None, {"fields": ["name"]}),
            (_("Which records"), {"fields": [*asked, *amounts], "description": told}),
            (_("Who receives them"), {"fields": ["seats", "is_strict"]}),
        ]

    def get_form(
        self, request: HttpRequest, obj: Rule | None = None, change: bool = False, **kwargs: Any
    ) -> type[ModelForm]:
        """The short form for a new rule, the whole one for an old one."""
        return super().get_form(request, obj, change, form=RuleForm if obj else NewRuleForm, **kwargs)

    def save_model(self, request: HttpRequest, obj: Rule, form: forms.ModelForm, change: bool) -> None:
        """A new rule is off, and the last of its tier."""
        if not change:
            last = Rule.objects.filter(tier=obj.tier_id).aggregate(last=Max("position"))["last"]
            obj.is_on, obj.position = False, 0 if last is None else last + 1
        super().save_model(request, obj, form, change)

    def response_post_save_add(self, request: HttpRequest, obj: Rule) -> HttpResponse:
        """After its tier, a rule is told what it fits."""
        return HttpResponseRedirect(reverse("admin:tiers_rule_change", args=[obj.pk]))

    def get_deleted_objects(
        self, objs: Any, request: HttpRequest
    ) -> tuple[list[str], dict[str, int], set[str], list[str]]:
        """A rule goes alone; what it has done stays in the history of the records."""
        return [str(rule) for rule in objs], {str(Rule._meta.verbose_name_plural): len(objs)}, set(), []

    def history_view(
        self, request: HttpRequest, object_id: str, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """The history of the pipeline tells of its rules, too."""
        rule = self._reach(request, object_id, to_change=False)
        return HttpResponseRedirect(reverse("admin:tiers_pipeline_history", args=[rule.tier.pipeline_id]))

    # Trying a rule and switching it ------------------------------------------------------------------------------

    def get_urls(self) -> list[Any]:
        """The pages of one rule besides those of any row."""
        view = self.admin_site.admin_view
        return [
            path("<path:object_id>/dry-run/", view(self.dry_run_view), name="tiers_rule_dry_run"),
            path("<path:object_id>/switch/", view(self.switch_view), name="tiers_rule_switch"),
            *super().get_urls(),
        ]

    def dry_run_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """What the rule would have done on the last days: numbers, and no client."""
        rule = self._reach(request, object_id, to_change=False)
        context = {
            **self.admin_site.each_context(request),
            "title": _("Dry run of “%(name)s”") % {"name": rule.name},
            "opts": self.opts,
            "original": rule,
            "asked": asked_in_words(rule),
            "told": dry_run(rule, now=timezone.now()),
            "days": DAYS,
            "most": MOST,
            "may_switch": self.has_change_permission(request, rule),
        }
        return TemplateResponse(request, "admin/rules/dry_run.html", context)

    @transaction.atomic
    def switch_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Switches a rule on or off; one without anybody to receive stays off."""
        if request.method != "POST":
            return HttpResponseNotAllowed(["POST"])
        rule = self._reach(request, object_id, to_change=True)
        to_on = request.POST.get("on") == "1"
        if to_on and not rule.seats.filter(is_open=True, user__is_active=True).exists():
            messages.error(request, _("Nobody of this rule can receive: choose people first."))
        elif to_on != rule.is_on:
            Rule.objects.select_for_update(of=("self",)).get(pk=rule.pk)
            rule.is_on = to_on
            rule.save(update_fields=["is_on"])
            told = {True: _("The rule “%(name)s” is on."), False: _("The rule “%(name)s” is off.")}[to_on]
            messages.success(request, told % {"name": rule.name})
        return HttpResponseRedirect(reverse("admin:tiers_rule_change", args=[rule.pk]))

    def _reach(self, request: HttpRequest, object_id: str, *, to_change: bool) -> Rule:
        rule: Rule | None = self.get_object(request, object_id)
        if rule is None:
            raise Http404
        may = self.has_change_permission if to_change else self.has_view_or_change_permission
        if not may(request, rule):
            raise PermissionDenied
        return rule
