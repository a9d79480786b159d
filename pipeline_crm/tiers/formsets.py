"""Rows of a pipeline that are judged together: which tiers work which stages, what may leave, what stands in which order."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Any, ClassVar, cast

from django import forms
from django.db.models import Model, QuerySet
from django.forms import BaseModelFormSet
from django.utils.translation import gettext as _
from unfold.forms import PaginationInlineFormSet

from pipeline_crm.users.models import User

from .models import Pipeline, Reason, Seat
from .refusals import records_at, why_it_stays
from .stages import Stage

if TYPE_CHECKING:
    _FormSet = BaseModelFormSet
else:
    _FormSet = object


class Judged(_FormSet):
    """Refuses, with a sentence, to let go of rows that are in use; numbers rows that were added without a place."""

    model: type[Model]

    def clean(self) -> None:
        """Judges the rows as they would be after the save."""
        super().clean()
        problems = [*self.problems_of_leaving(), *self.problems_of_staying()]
        if problems:
            raise forms.ValidationError(problems)

    def leaving(self) -> list[forms.ModelForm]:
        """Rows that the admin wants deleted."""
        return [form for form in self.initial_forms if self.can_delete and self._should_delete_form(form)]  # type: ignore[attr-defined]

    def staying(self) -> list[forms.ModelForm]:
        """Rows that will be there after the save."""
        return [form for form in self.forms if form.is_bound and form not in self.leaving() and _is_filled(form)]

    def problems_of_leaving(self) -> Iterator[str]:
        """Why rows cannot be deleted."""
        yield from filter(None, (why_it_stays(form.instance) for form in self.leaving()))

    def problems_of_staying(self) -> Iterator[str]:
        """Why the rest cannot be as it would be."""
        return iter(())

    def get_unique_error_message(self, unique_check: Sequence[str]) -> str:
        """Two rows say the same, in the names that the columns have."""
        named = {field.name: str(field.verbose_name) for field in self.model._meta.fields}
        columns = [named[name] for name in unique_check if name in self.form.base_fields]
        return _("Two rows have the same %(columns)s: change or delete one of them.") % {"columns": ", ".join(columns)}

    def save_new(self, form: forms.ModelForm, commit: bool = True) -> Model:
        """A row that was not given a place comes last."""
        if "position" in form.fields and "position" not in form.changed_data:
            form.instance.position = self.forms.index(form)
        return super().save_new(form, commit=commit)


def _is_filled(form: forms.ModelForm) -> bool:
    return bool(getattr(form, "cleaned_data", None)) or form.instance.pk is not None


class RowFormSet(Judged, PaginationInlineFormSet):
    """Rows that point at the pipeline themselves."""


class StepFormSet(RowFormSet):
    """The steps of one stage; a step never leaves it."""

    stage: ClassVar[Stage]

    @classmethod
    def get_default_prefix(cls) -> str:
        """Tells the three lists of steps apart."""
        return f"{cls.stage.value}_steps"

    def _construct_form(self, i: int, **kwargs: Any) -> forms.ModelForm:
        form = super()._construct_form(i, **kwargs)
        form.instance.stage = self.stage
        return form

    def problems_of_staying(self) -> Iterator[str]:
        """A stage needs a step to stand on."""
        if not self.staying():
            yield _("The stage “%(stage)s” needs at least one step: keep one.") % {"stage": self.stage.label}


class ReasonFormSet(RowFormSet):
    """Reasons of every kind; each kind is asked for somewhere."""

    def problems_of_staying(self) -> Iterator[str]:
        """Nobody could drop, lose or return anything without a reason to name."""
        kept = [form.cleaned_data for form in self.staying() if form.is_valid()]
        there = {row.get("kind") for row in kept if row.get("is_active")}
        for kind in Reason.Kind:
            if kind not in there and not self.total_error_count():
                yield _("Keep at least one reason in use for: %(kind)s.") % {"kind": kind.label}


class TierFormSet(RowFormSet):
    """All tiers of a pipeline: together they work each stage exactly once, in order."""

    def problems_of_staying(self) -> Iterator[str]:
        """Each stage has one tier, each tier its stages in a row, and no record is left behind."""
        tiers = [(_called(form), _ticked(form)) for form in self.staying()]
        yield from uncovered(tiers)
        yield from (problem for form in self.initial_forms for problem in self._left_behind(form))

    def _left_behind(self, form: forms.ModelForm) -> Iterator[str]:
        if form in self.leaving():
            return
        for stage in _worked(form) - _ticked(form):
            if count := records_at(form.instance, stage):
                yield _(
                    "“%(tier)s” has records at the stage “%(stage)s” (%(count)s): leave the stage with it."
                    " For another structure, draw a new pipeline."
                ) % {"tier": _called(form), "stage": stage.label, "count": count}


def _called(form: forms.ModelForm) -> str:
    return form.cleaned_data.get("name") or form.instance.name or _("new tier")


def _ticked(form: forms.ModelForm) -> set[Stage]:
    return {stage for stage in Stage if form.cleaned_data.get(f"works_{stage.value}")}


def _worked(form: forms.ModelForm) -> set[Stage]:
    return {stage for stage in Stage if form.initial.get(f"works_{stage.value}")}


def uncovered(tiers: Iterable[tuple[str, set[Stage]]]) -> Iterator[str]:
    """What is wrong with a division of the stages, in sentences that say what to do; nothing when it is one of the four."""
    workers: dict[Stage, list[str]] = defaultdict(list)
    for name, stages in tiers:
        for stage in stages:
            workers[stage].append(name)
        if not stages:
            yield _("“%(tier)s” works no stage: tick one, or delete the tier.") % {"tier": name}
        if stages == {Stage.LEAD, Stage.ACCOUNT}:
            yield _(
                "“%(tier)s” works leads and accounts but not the deals between them: a tier's stages follow one another."
            ) % {"tier": name}
    for stage in Stage:
        if not workers[stage]:
            yield _("Nobody works the stage “%(stage)s”: tick it at one tier.") % {"stage": stage.label}
        if len(workers[stage]) > 1:
            names = ", ".join(f"“{name}”" for name in workers[stage])
            yield _("The stage “%(stage)s” is worked by several tiers (%(tiers)s): leave it ticked at one.") % {
                "stage": stage.label,
                "tiers": names,
            }


class DistantFormSet(Judged, BaseModelFormSet):
    """Rows that belong to a pipeline through another row of it, such as a seat through its tier."""

    # How the pipeline is found from a row, and the field in which the admin picks the row between.
    path: ClassVar[str]
    through: ClassVar[str]

    def __init__(
        self,
        data: Any = None,
        files: Any = None,
        *,
        instance: Pipeline | None = None,
        queryset: QuerySet[Model] | None = None,
        save_as_new: bool = False,
        **kwargs: Any,
    ) -> None:
        self.instance = instance or Pipeline()
        rows = self.model._default_manager.all() if queryset is None else queryset
        rows = rows.filter(**{self.path: self.instance}) if self.instance.pk else rows.none()
        super().__init__(data, files, queryset=rows, **kwargs)

    @classmethod
    def get_default_prefix(cls) -> str:
        """The plural of the model, as Django names its own inlines."""
        return f"{cls.model._meta.model_name}s"

    def add_fields(self, form: forms.ModelForm, index: int | None) -> None:
        """Offers rows of this pipeline only; a list of choices is read once for all rows of the form."""
        super().add_fields(form, index)
        for name, offered in self.offered().items():
            field = cast("forms.ModelChoiceField", form.fields[name])
            field.queryset = offered
            field.choices = self._read_once(name, offered)

    def offered(self) -> dict[str, QuerySet[Model]]:
        """What may be picked in which field."""
        between = cast("type[Model]", self.model._meta.get_field(self.through).related_model)
        rows = between._default_manager.all()
        return {self.through: rows.filter(**{self.path.removeprefix(f"{self.through}__"): self.instance.pk})}

    def _read_once(self, name: str, offered: QuerySet[Model]) -> list[tuple[Any, str]]:
        kept = self.__dict__.setdefault("_choices", {})
        if name not in kept:
            kept[name] = [("", "---------"), *((row.pk, str(row)) for row in offered)]
        return kept[name]


class SeatFormSet(DistantFormSet):
    """The seats at all tiers of a pipeline."""

    path = "tier__pipeline"
    through = "tier"

    def offered(self) -> dict[str, QuerySet[Model]]:
        """Tiers of the pipeline, and people who may sign in."""
        seated = User.objects.filter(seats__tier__pipeline=self.instance.pk)
        return super().offered() | {"user": (User.objects.filter(is_active=True) | seated).distinct()}


class RungFormSet(DistantFormSet):
    """The ladders of all tiers of a pipeline."""

    path = "tier__pipeline"
    through = "tier"


class AbsenceFormSet(DistantFormSet):
    """Who of a pipeline's people is away."""

    path = "seat__tier__pipeline"
    through = "seat"

    def offered(self) -> dict[str, QuerySet[Model]]:
        """Seats of the pipeline, with their names in one query."""
        return {"seat": Seat.objects.filter(tier__pipeline=self.instance.pk).select_related("user", "tier")}
