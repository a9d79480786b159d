"""Forms in which an admin draws and changes the structure."""

from __future__ import annotations

from datetime import date
from typing import Any, ClassVar, cast

from django import forms
from django.conf import settings
from django.core.exceptions import NON_FIELD_ERRORS
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _
from unfold.widgets import UnfoldAdminSelect2MultipleWidget, UnfoldAdminSelect2Widget, UnfoldAdminSelectWidget

from pipeline_crm.users.models import User

from . import choices
from .actions import appointed, draw
from .models import Absence, Pipeline, Rung, Seat, Shift, Step, Tier
from .presets import PRESETS
from .refusals import is_in_work, records_at
from .widgets import ShapeCards, shapes, structure_of_shape

APPOINTMENTS = {
    "heads": "head_pipeline",
    "analysts": "analyse_pipeline",
    "officers": "audit_pipeline",
    "approvers": "approve_exports",
}

LATE = _(
    "This pipeline has clients, so somebody else who administers has to give you this. To see clients for some hours, "
    "open emergency access and say why."
)


WIDENS = {"user", "tier", "role", "is_open", "may_export"}  # what of a seat gives its holder more to see


def why_not_oneself(actor: User, pipeline: Pipeline, words: Any) -> str | None:
    """Why somebody may not give themselves sight of a pipeline: only who founds the house may, while there is nobody to see."""
    if not actor.is_superuser:
        return str(words)
    return str(LATE) if pipeline.pk and is_in_work(pipeline) else None


class PlaceForm(forms.ModelForm):
    """What a pipeline counts in and lives by, picked from lists."""

    # Set by the admin: who asks, and what the database has just refused.
    actor: ClassVar[User]
    refusal: ClassVar[str | None] = None

    currency = forms.ChoiceField(
        label=_("Currency"), choices=choices.currencies, initial="RUB", widget=UnfoldAdminSelect2Widget
    )
    time_zone = forms.ChoiceField(
        label=_("Time zone"), choices=choices.zones, initial="Europe/Moscow", widget=UnfoldAdminSelect2Widget
    )
    country = forms.ChoiceField(
        label=_("Holidays of"),
        choices=choices.countries,
        initial="RU",
        widget=UnfoldAdminSelect2Widget,
        help_text=_(
            "Clocks stand still on its public holidays. Also the country of phone numbers written without a code."
        ),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name in ("currency", "time_zone", "country"):
            self._keep_what_is_set(name)

    def clean(self) -> dict[str, Any] | None:
        """Says what the database has refused, if it has."""
        if self.refusal:
            raise forms.ValidationError(self.refusal)
        return super().clean()

    def _keep_what_is_set(self, name: str) -> None:
        field, value = self.fields.get(name), getattr(self.instance, name)
        if isinstance(field, forms.ChoiceField) and value:
            offered = [(str(code), str(words)) for code, words in field.choices]  # type: ignore[misc,union-attr]
            field.choices = offered if value in dict(offered) else [(value, value), *offered]


class DrawForm(PlaceForm):
    """A new pipeline: its name, what it is drawn from, and where it works."""

    shape = forms.ChoiceField(label=_("Drawn from"), choices=shapes, widget=ShapeCards, initial="property_developer")
    language = forms.ChoiceField(
        label=_("Language of steps and reasons"),
        choices=settings.LANGUAGES,
        widget=UnfoldAdminSelectWidget,
        help_text=_("Names of tiers, steps, reasons and products are written in it. You can rename each of them."),
    )

    class Meta:
        model = Pipeline
        fields = ("name", "currency", "time_zone", "country")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["language"].initial = (get_language() or "en")[:2]

    def save(self, commit: bool = True) -> Pipeline:
        """Draws the pipeline with all that belongs to it."""
        shape = self.cleaned_data["shape"]
        words = {name: self.cleaned_data[name] for name in ("language", "currency", "time_zone", "country")}
        preset = shape if shape in PRESETS else None
        self.instance = draw(self.cleaned_data["name"], structure=structure_of_shape(shape), preset=preset, **words)
        self.save_m2m = lambda: None  # type: ignore[method-assign]
        return self.instance


class PipelineForm(PlaceForm):
    """A pipeline that is at work, and who heads and analyses it."""

    heads = forms.ModelMultipleChoiceField(
        label=_("Heads of sales"),
        queryset=User.objects.none(),
        required=False,
        widget=UnfoldAdminSelect2MultipleWidget,
        help_text=_("They see every record of every tier and may move it."),
    )
    analysts = forms.ModelMultipleChoiceField(
        label=_("Analysts"),
        queryset=User.objects.none(),
        required=False,
        widget=UnfoldAdminSelect2MultipleWidget,
        help_text=_("They see sums and shares, never a client."),
    )
    approvers = forms.ModelMultipleChoiceField(
        label=_("Who approves exports"),
        queryset=User.objects.none(),
        required=False,
        widget=UnfoldAdminSelect2MultipleWidget,
        help_text=_("Besides the heads of sales. They see who asks for what and why, and no client; never their own."),
    )
    officers = forms.ModelMultipleChoiceField(
        label=_("Security officers"),
        queryset=User.objects.none(),
        required=False,
        widget=UnfoldAdminSelect2MultipleWidget,
        help_text=_("They read who opened, showed or tried what, and hear of alarms; never a client."),
    )

    class Meta:
        model = Pipeline
        fields = (
            "name",
            "is_active",
            "currency",
            "time_zone",
            "country",
            "repeat_deals",
            "cadence_days",
            "reveals_per_day",
            "head_reveals_per_hour",
            "export_rows",
            "second_factor",
        )
        help_texts: ClassVar = {
            "is_active": _("A pipeline out of use takes no new clients; what it holds stays."),
            "repeat_deals": _("Who works a deal that a farmer opens for a client who has bought before."),
            "cadence_days": _("When the next touch of an account is proposed."),
            "export_rows": _("More than this in a day, and a second person has to approve. 0: every export."),
            "reveals_per_day": _("More than this, and a colleague has to ask the head of sales."),
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name, codename in APPOINTMENTS.items():
            now = list(appointed(self.instance, codename))
            field = cast("forms.ModelMultipleChoiceField", self.fields[name])
            field.queryset = User.objects.filter(is_active=True) | User.objects.filter(pk__in=now)
            self.initial[name] = now

    def clean(self) -> dict[str, Any] | None:
        """Nobody appoints themselves, but for a superuser who draws a pipeline that has no clients yet."""
        cleaned = super().clean() or self.cleaned_data
        for name in APPOINTMENTS:
            if self.actor not in cleaned.get(name, ()) or self.actor.pk in self.initial[name]:
                continue
            words = _("You cannot appoint yourself: ask another configurator.")
            if why := why_not_oneself(self.actor, self.instance, words):
                self.add_error(name, why)
        return cleaned


class RowForm(forms.ModelForm):
    """A row of a pipeline's table."""

    class Meta:
        error_messages: ClassVar = {
            NON_FIELD_ERRORS: {"unique_together": _("Such a row is there already: change or delete one of the two.")}
        }


class TierForm(RowForm):
    """A tier among the others of its pipeline; which stages it may work is judged of all tiers together."""

    class Meta(RowForm.Meta):
        model = Tier
        fields = (
            "name",
            "works_lead",
            "works_deal",
            "works_account",
            "strategy",
            "asks_acceptance",
            "answer_minutes",
            "first_touch_minutes",
            "silence_minutes",
            "pool_minutes",
            "off_hours",
            "when_full",
            "helps",
            "ramp_days",
            "ramp_percent",
            "cherry_picking",
            "untouched_limit",
            "cool_down_hours",
            "hop_limit",
            "reveals_per_hour",
            "lead_reveals_per_hour",
            "hides_digits",
        )
        help_texts: ClassVar = {
            "strategy": _(
                "Absent, full and closed seats are passed over; when nobody is left, the record goes to the pool."
                " “By expected value” shares the money out by how well each person closes."
            ),
            "helps": _(
                "Its clients come here when nobody there has room and that tier lets them go to a helping tier."
            ),
            "ramp_days": _("0: a new person takes the full load at once."),
            "ramp_percent": _("Of their limits and of their weight, on the first day."),
            "hop_limit": _(
                "Counted since a person last worked the record; from then on the sweep moves it no further."
            ),
            "asks_acceptance": _(
                "The receiver reads the brief and accepts or returns; otherwise records arrive at once."
            ),
            "answer_minutes": _("Nobody answered in this time: the offer climbs the ladder. Empty: no clock."),
            "first_touch_minutes": _("From arrival to the first call or message. Empty: no clock."),
            "silence_minutes": _("From one touch to the next. Empty: no clock."),
            "pool_minutes": _("How long a record may lie in the pool. Empty: no clock."),
        }

    def clean_hides_digits(self) -> bool:
        """Without a telephone system nobody could call at all."""
        hides: bool = self.cleaned_data["hides_digits"]
        if hides and not settings.TELEPHONY_URL:
            raise forms.ValidationError(_("First connect the telephone system of the firm: TELEPHONY_URL is not set."))
        return hides

    def _get_validation_exclusions(self) -> set[str]:
        # One tier gives a stage and another takes it in the same save: only the whole can be right or wrong.
        together = {"works_lead", "works_deal", "works_account"}
        return super()._get_validation_exclusions() | together  # type: ignore[misc]


class StepForm(RowForm):
    """A step; its stage is that of the list it stands in."""

    class Meta(RowForm.Meta):
        model = Step
        fields = (
            "name",
            "limit_minutes",
            "probability",
            "answer_minutes",
            "first_touch_minutes",
            "silence_minutes",
            "pool_minutes",
            "position",
        )
        help_texts: ClassVar = {
            **dict.fromkeys(
                ("answer_minutes", "first_touch_minutes", "silence_minutes", "pool_minutes"),
                _("Working minutes. Counts where it is stricter than the tier's clock. Empty: the tier's."),
            ),
            "limit_minutes": _("540 is a working day of nine hours. Empty: no limit."),
            "probability": _("How many of a hundred records on this step end in a purchase."),
            "position": _("Drag the row by its handle, or type the number."),
        }

    def _get_validation_exclusions(self) -> set[str]:
        # The stage is not in the form but is known, and names are told apart by it.
        return super()._get_validation_exclusions() - {"stage"}  # type: ignore[misc]


class SeatForm(RowForm):
    """A person's seat at one of the pipeline's tiers."""

    actor: ClassVar[User]

    class Meta(RowForm.Meta):
        model = Seat
        fields = ("tier", "user", "role", "capacity", "daily_cap", "weight", "started_on", "may_export", "is_open")
        help_texts: ClassVar = {
            "daily_cap": _("What people take from the pool themselves does not count. Empty: no limit."),
            "started_on": _("From this day a new person grows to the full load, if the tier lets new people grow."),
            "role": _("A team lead sees and moves all records of the tier."),
            "capacity": _("A seat with this many open records receives no more."),
            "weight": _("Of two seats, one of weight 2 receives twice as many. Used by the strategy “by weight”."),
            "may_export": _("Takes what they see here out of the house as a file, marked with their name."),
            "is_open": _("A closed seat receives nothing, and its open records go to others."),
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        # A day that nobody writes is today; a field with such a beginning would otherwise be sent along a second time.
        self.fields["started_on"].required = self.fields["started_on"].show_hidden_initial = False

    def clean_started_on(self) -> date:
        """Who is seated without a day begins today."""
        return self.cleaned_data["started_on"] or self.instance.started_on

    def clean(self) -> dict[str, Any] | None:
        """A seat that holds records stays at its tier; nobody seats themselves, but for a superuser at the beginning."""
        cleaned = super().clean() or self.cleaned_data
        if self.instance.pk and "tier" in self.changed_data and (held := records_at(self._as_it_was())):
            self.add_error("tier", self._stays(held))
        words = _("You cannot seat yourself: ask another configurator.")
        if self._gives_the_actor_sight(cleaned) and (
            why := why_not_oneself(self.actor, cleaned["tier"].pipeline, words)
        ):
            raise forms.ValidationError(why)
        return cleaned

    def _as_it_was(self) -> Seat:
        return Seat.objects.get(pk=self.instance.pk)

    def _stays(self, held: int) -> str:
        return _(
            "This seat holds records (%(count)s) and stays at its tier: close it, and give the person a new seat at the other tier."
        ) % {"count": held}

    def _gives_the_actor_sight(self, cleaned: dict[str, Any]) -> bool:
        if cleaned.get("user") != self.actor or "tier" not in cleaned:
            return False
        changed = set(self.changed_data)
        if changed == {"is_open"} and not cleaned.get("is_open"):
            return False
        return bool(changed & WIDENS if self.actor.is_superuser else changed)


class AbsenceForm(RowForm):
    """Days on which somebody is away, and who looks after their clients."""

    class Meta(RowForm.Meta):
        model = Absence
        fields = ("seat", "first_day", "last_day", "substitute", "reason")

    def clean(self) -> dict[str, Any] | None:
        """A substitute sits at the same tier and still takes clients."""
        cleaned = super().clean() or self.cleaned_data
        seat, substitute = cleaned.get("seat"), cleaned.get("substitute")
        if seat and substitute and {"seat", "substitute"} & set(self.changed_data):
            if substitute.tier_id != seat.tier_id:
                told = {"tier": seat.tier.name}
                self.add_error(
                    "substitute", _("A substitute sits at the same tier: choose somebody of “%(tier)s”.") % told
                )
            elif not substitute.holds:
                self.add_error(
                    "substitute", _("This person takes nothing new: choose somebody else as the substitute.")
                )
        return cleaned


class ShiftForm(RowForm):
    """Hours of one person, on a weekday or in rotation."""

    class Meta(RowForm.Meta):
        model = Shift
        fields = ("seat", "kind", "weekday", "first_day", "days_on", "days_off", "opens", "closes")
        help_texts: ClassVar = {
            "kind": _("2 days on, 2 days off is in rotation. Who has no shift works the hours of the pipeline."),
            "weekday": _("For a shift of every week."),
            "first_day": _("For a rotation: any day on which it begins."),
        }


class RungForm(RowForm):
    """One rung of a ladder; how often each act may stand on it is judged of all rungs together."""

    class Meta(RowForm.Meta):
        model = Rung
        fields = ("tier", "delay_minutes", "act")

    def clean(self) -> dict[str, Any] | None:
        """Nothing but a reminder comes before the clock runs out."""
        cleaned = super().clean() or self.cleaned_data
        if cleaned.get("act") != Rung.Act.REMIND and (cleaned.get("delay_minutes") or 0) < 0:
            self.add_error("delay_minutes", _("Only a reminder may come before the clock runs out."))
        return cleaned

    def _get_validation_exclusions(self) -> set[str]:
        return super()._get_validation_exclusions() | {"act"}  # type: ignore[misc]
