"""Rows of a pipeline that are judged together: which tiers work which stages, what may leave, what stands in which order."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from datetime import time
from itertools import combinations
from typing import TYPE_CHECKING, Any, ClassVar, cast

from django import forms
from django.db.models import Model, QuerySet
from django.forms import BaseModelFormSet
from django.utils.translation import gettext as _
from unfold.forms import PaginationInlineFormSet

from pipeline_crm.users.models import User

from .models import Pipeline, Reason, Rung, Seat, Shift, Tier, WhenFull
from .refusals import records_at, why_it_stays
from .stages import Stage

DAY = 24 * 60
WEEK = 7 * DAY

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
        for row in kept:
            if row.get("gives_turn_back") and row["kind"] != Reason.Kind.DISQUALIFY:
                yield _(
                    "“%(reason)s”: only a reason to disqualify a lead may give the turn back."
                    " A deal that is returned gives it back anyway."
                ) % {"reason": row["name"]}


class TierFormSet(RowFormSet):
    """All tiers of a pipeline: together they work each stage exactly once, in order."""

    def add_fields(self, form: forms.ModelForm, index: int | None) -> None:
        """A tier may help out at the other tiers of its pipeline."""
        super().add_fields(form, index)
        if self.__dict__.get("_tiers") is None:
            self._tiers = list(Tier.objects.filter(pipeline=self.instance.pk)) if self.instance.pk else []
        others = [tier for tier in self._tiers if tier.pk != form.instance.pk]
        field = cast("forms.ModelChoiceField", form.fields["helps"])
        field.queryset = Tier.objects.filter(pk__in=[tier.pk for tier in others])
        field.choices = [("", _("no tier")), *((tier.pk, str(tier)) for tier in others)]

    def problems_of_staying(self) -> Iterator[str]:
        """Each stage has one tier, each tier its stages in a row, and no record is left behind."""
        tiers = [(_called(form), _ticked(form)) for form in self.staying()]
        yield from uncovered(tiers)
        yield from (problem for form in self.initial_forms for problem in self._left_behind(form))
        yield from self._unhelped()

    def _unhelped(self) -> Iterator[str]:
        helped = {form.cleaned_data.get("helps") for form in self.staying()}
        for form in self.staying():
            if form.cleaned_data.get("when_full") == WhenFull.WIDEN and form.instance not in helped:
                yield _(
                    "No tier helps “%(tier)s” out: choose it at another tier, under “also takes what has no room at”,"
                    " or let its clients wait in the pool."
                ) % {"tier": _called(form)}

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

    def problems_of_staying(self) -> Iterator[str]:
        """A ladder does each thing once, but reminds as often as it likes, at different hours."""
        rungs = [form.cleaned_data for form in self.staying() if form.is_valid()]
        for (tier, act), times in Counter((rung["tier"], rung["act"]) for rung in rungs).items():
            if act != Rung.Act.REMIND and times > 1:
                yield _("The ladder of “%(tier)s” has this more than once: %(act)s. Keep one.") % {
                    "tier": tier,
                    "act": Rung.Act(act).label,
                }
        reminders = Counter((rung["tier"], rung["delay_minutes"]) for rung in rungs if rung["act"] == Rung.Act.REMIND)
        for (tier, minutes), times in reminders.items():
            if times > 1:
                yield _("“%(tier)s” reminds twice at the same minute (%(minutes)s): keep one of the two.") % {
                    "tier": tier,
                    "minutes": minutes,
                }


class AbsenceFormSet(DistantFormSet):
    """Who of a pipeline's people is away."""

    path = "seat__tier__pipeline"
    through = "seat"

    def offered(self) -> dict[str, QuerySet[Model]]:
        """Seats of the pipeline, with their names in one query."""
        seats = _seats_of(self.instance)
        return {"seat": seats, "substitute": seats}


class ShiftFormSet(DistantFormSet):
    """The own hours of a pipeline's people."""

    path = "seat__tier__pipeline"
    through = "seat"

    def offered(self) -> dict[str, QuerySet[Model]]:
        """Seats of the pipeline, with their names in one query."""
        return {"seat": _seats_of(self.instance)}

    def problems_of_staying(self) -> Iterator[str]:
        """Two shifts of the week of one person do not lie over each other, not even over midnight."""
        weekly: dict[Seat, list[Shift]] = defaultdict(list)
        for form in self.staying():
            if form.is_valid() and form.instance.kind == Shift.Kind.WEEKLY:
                weekly[form.cleaned_data["seat"]].append(form.instance)
        for seat, shifts in weekly.items():
            for one, other in _overlapping(shifts):
                yield _("%(seat)s: the shifts “%(one)s” and “%(other)s” overlap. Change one of the two.") % {
                    "seat": seat,
                    "one": one,
                    "other": other,
                }


def _seats_of(pipeline: Pipeline) -> QuerySet[Seat]:
    return Seat.objects.filter(tier__pipeline=pipeline.pk).select_related("user", "tier")


def _overlapping(shifts: Sequence[Shift]) -> Iterator[tuple[Shift, Shift]]:
    """Pairs of weekly shifts that share an hour; Sunday night runs into Monday."""
    for one, other in combinations(shifts, 2):
        ahead = (_start(other) - _start(one)) % WEEK
        if ahead < _length(one) or WEEK - ahead < _length(other):
            yield one, other


def _start(shift: Shift) -> int:
    return (shift.weekday or 0) * DAY + _minute(shift.opens)


def _length(shift: Shift) -> int:
    return (_minute(shift.closes) - _minute(shift.opens) - 1) % DAY + 1


def _minute(clock: time) -> int:
    return clock.hour * 60 + clock.minute
