"""What acts ask at every stage. A form knows its record, its address and the words on its button."""

from __future__ import annotations

from collections.abc import Hashable
from typing import TYPE_CHECKING, Any, ClassVar, cast

from django import forms
from django.conf import settings
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from pipeline_crm.clients.models import Agreement
from pipeline_crm.tiers.models import Reason, Seat
from pipeline_crm.tiers.stages import Stage
from pipeline_crm.timeline.models import Entry

from .answers import LARGEST_VERSION
from .consent import Says
from .desks import DESKS
from .fields import MomentField
from .handoff import Brief
from .sharing import keeps_warm

if TYPE_CHECKING:
    from .records import ConveyorItem


def rows(count: int, **attrs: Any) -> forms.Textarea:
    """A text field so many lines high."""
    return forms.Textarea(attrs={"rows": count, **attrs})


class ActForm(forms.Form):
    """What every act carries along: the version that was seen, and where to go afterwards."""

    do_not_call_in_templates: ClassVar = True  # a page is told of a kind of form, and prints it

    act: ClassVar[str]
    heading: Any
    word: Any
    sign: ClassVar[str] = "check"
    variant: ClassVar[str] = ""

    version = forms.IntegerField(required=False, min_value=0, max_value=LARGEST_VERSION, widget=forms.HiddenInput)
    next = forms.CharField(required=False, widget=forms.HiddenInput)

    def __init__(self, data: Any = None, *, item: ConveyorItem, **options: Any) -> None:
        # Several forms stand on one page, and each field has a label of its own.
        options.setdefault("auto_id", f"{self.act}_%s")
        options["initial"] = {"version": item.version, **options.get("initial", {})}
        super().__init__(data, **options)
        self.item = item
        self.suit(item)

    def suit(self, item: ConveyorItem) -> None:
        """Fits the choices to the record's pipeline; forms with choices say how."""

    @classmethod
    def differs_by(cls, item: ConveyorItem) -> Hashable:
        """What the empty form depends on besides the stage; None of one that is fitted and does not say by what."""
        return () if cls.suit is ActForm.suit else None

    @classmethod
    def address(cls, item: ConveyorItem) -> str:
        """Where the form of a record is sent."""
        return DESKS[item.stage].url(cls.act, item.pk)

    @property
    def url(self) -> str:
        """Where the form is sent."""
        return self.address(self.item)


class ReasonForm(ActForm):
    """An act that must say why, from the pipeline's own list."""

    kind: ClassVar[Reason.Kind]

    reason = forms.ModelChoiceField(
        Reason.objects.none(),
        label=_("Why"),
        empty_label=None,
        widget=forms.RadioSelect,
        error_messages={"required": _("Choose a reason."), "invalid_choice": _("Choose a reason from the list.")},
    )

    def suit(self, item: ConveyorItem) -> None:
        choice_of(self, "reason").queryset = Reason.objects.filter(
            pipeline=item.pipeline_id, kind=self.kind, is_active=True
        )

    @classmethod
    def differs_by(cls, item: ConveyorItem) -> Hashable:
        return item.pipeline_id


class ReturnForm(ReasonForm):
    """The receiver gives the client back."""

    act = "return"
    heading = _("Return this client")
    word = _("Return")
    sign = "arrow-back-up"
    variant = "outline"

    comment = forms.CharField(
        label=_("What is missing"), required=False, max_length=500, widget=rows(2), help_text=_("The giver reads this.")
    )


class TouchForm(ActForm):
    """A call, a message or a meeting has taken place."""

    act = "touch"
    heading = _("Log a touch")
    word = _("Log it")

    kind = forms.ChoiceField(
        label=_("What it was"),
        choices=[(kind.value, kind.label) for kind in (Entry.Kind.CALL, Entry.Kind.MESSAGE, Entry.Kind.MEETING)],
        widget=forms.RadioSelect,
        initial=Entry.Kind.CALL,
        error_messages={"required": _("Say what it was: a call, a message or a meeting.")},
    )
    outcome = forms.ChoiceField(
        label=_("How the call ended"), choices=Entry.Outcome.choices, required=False, widget=forms.RadioSelect
    )
    text = forms.CharField(label=_("What was said"), required=False, max_length=4000, widget=rows(2))

    def clean(self) -> dict[str, Any]:
        told = super().clean() or {}
        kind = told.get("kind")
        if kind == Entry.Kind.CALL and not told.get("outcome") and "outcome" not in self.errors:
            self.add_error("outcome", _("Say how the call ended."))
        if kind in (Entry.Kind.MESSAGE, Entry.Kind.MEETING) and not told.get("text") and "text" not in self.errors:
            self.add_error("text", _("Write what was said: an empty touch does not count."))
        return told

    def told(self) -> dict[str, Any]:
        """What the act asks for."""
        return {name: self.cleaned_data[name] for name in self.cleaned_data if name not in ("version", "next")}


class NoteForm(ActForm):
    """Something worth knowing, said to nobody."""

    act = "note"
    heading = _("Write a note")
    word = _("Save the note")

    text = forms.CharField(
        label=_("Note"),
        max_length=4000,
        widget=rows(2),
        error_messages={"required": _("The note is empty: write something first.")},
    )


class TaskForm(ActForm):
    """Something to do for the client."""

    act = "task"
    heading = _("Add a task")
    word = _("Add the task")

    title = forms.CharField(
        label=_("What to do"), max_length=200, error_messages={"required": _("Say what is to be done.")}
    )
    due_at = MomentField(label=_("Due"), error_messages={"required": _("Say by when.")})


class SeatField(forms.ModelChoiceField):
    """A colleague, by name."""

    def label_from_instance(self, obj: Any) -> str:
        return str(obj.user.name)


class ReassignForm(ActForm):
    """The team lead moves a record."""

    act = "reassign"
    heading = _("Give it to somebody else")
    word = _("Give")
    sign = "transfer"
    variant = "outline"

    seat = SeatField(
        Seat.objects.none(),
        label=_("To whom"),
        required=False,
        empty_label=_("by the tier's rule"),
        error_messages={"invalid_choice": _("This seat cannot receive the record: it is closed, or at another tier.")},
    )

    def suit(self, item: ConveyorItem) -> None:
        seats: QuerySet[Seat] = Seat.objects.open().filter(tier=item.tier_id)
        choice_of(self, "seat").queryset = seats.exclude(pk=item.seat_id or 0).select_related("user", "tier")

    @classmethod
    def differs_by(cls, item: ConveyorItem) -> Hashable:
        return (item.tier_id, item.seat_id)


class ShareForm(ActForm):
    """The team lead lets a colleague see and work a record for a while."""

    act = "share"
    heading = _("Share with a colleague")
    word = _("Share")
    sign = "share"
    variant = "outline"

    seat = SeatField(
        Seat.objects.none(),
        label=_("With whom"),
        empty_label=None,
        error_messages={
            "required": _("Choose a colleague."),
            "invalid_choice": _("A record is shared with a colleague who works at the same tier."),
        },
    )
    until = MomentField(label=_("Until"), error_messages={"required": _("Say until when.")})

    def suit(self, item: ConveyorItem) -> None:
        seats = Seat.objects.open().filter(tier=item.tier_id, role=Seat.Role.MEMBER)
        choice_of(self, "seat").queryset = seats.exclude(pk=item.seat_id or 0).select_related("user", "tier")

    @classmethod
    def differs_by(cls, item: ConveyorItem) -> Hashable:
        return (item.tier_id, item.seat_id)


class ConsentForm(ActForm):
    """What the client says about being contacted."""

    act = "consent"
    heading = _("Consent to be contacted")
    word = _("Save")
    sign = "shield-check"

    says = forms.ChoiceField(
        label=_("What the client says"),
        choices=Says.choices,
        widget=forms.RadioSelect,
        error_messages={"required": _("Say what the client says.")},
    )
    channels = forms.MultipleChoiceField(
        label=_("By which ways"),
        choices=Agreement.Channel.choices,
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text=_("None ticked means all of them."),
    )
    source = forms.ChoiceField(label=_("Where they said so"), choices=Agreement.Source.choices)

    def told(self) -> dict[str, Any]:
        """What the act asks for."""
        return {name: self.cleaned_data[name] for name in ("says", "channels", "source")}


class MarkForm(ActForm):
    """From 1 to 5, how good the brief was."""

    act = "mark"
    heading = _("Mark the brief")
    word = _("Save the mark")

    mark = forms.TypedChoiceField(
        label=_("How good was this brief?"),
        choices=[(number, str(number)) for number in range(1, 6)],
        coerce=int,
        widget=forms.RadioSelect,
        error_messages={"required": _("Choose a mark from 1 to 5."), "invalid_choice": _("Choose a mark from 1 to 5.")},
    )


class BriefForm(ActForm):
    """What the giver must tell the receiver; inside one tier, what the same person should not forget."""

    sign = "send"
    to: ClassVar[Stage]

    summary = forms.CharField(
        label=_("What must the next person know?"),
        max_length=2000,
        widget=rows(4),
        error_messages={"required": _("Write the brief first: what must the next person know about this client?")},
    )
    need = forms.CharField(label=_("Need"), required=False, max_length=200)
    budget = forms.CharField(label=_("Budget"), required=False, max_length=120)
    timing = forms.CharField(label=_("When"), required=False, max_length=120)
    decider = forms.CharField(label=_("Who decides"), required=False, max_length=120)
    next_step = forms.CharField(label=_("Agreed next step"), required=False, max_length=200)

    @property
    def crosses(self) -> bool:
        """Whether somebody else goes on with the client from here."""
        return self.item.pipeline.tier_for(self.to).pk != self.item.tier_id

    @property
    def full_tier(self) -> str:
        """The tier at which nobody has room, where the client would therefore stay with the giver."""
        tier = self.item.pipeline.tier_for(self.to)
        return tier.name if self.crosses and keeps_warm(tier, now=timezone.now()) else ""

    def brief(self) -> Brief:
        """The brief as it was written."""
        return Brief(**{name: self.cleaned_data[name] for name in Brief.__dataclass_fields__})


class EditForm(ActForm):
    """Details of a client, which every stage may put right; each stage adds its own."""

    act = "edit"
    heading = _("Edit the details")
    word = _("Save")

    name = forms.CharField(label=_("Name"), max_length=120, error_messages={"required": _("Write the client's name.")})
    company = forms.CharField(label=_("Company"), required=False, max_length=120)
    region = forms.CharField(label=_("Region"), required=False, max_length=80)
    city = forms.CharField(label=_("City"), required=False, max_length=80)
    language = forms.ChoiceField(label=_("Language"), required=False)

    of_client: ClassVar = ("name", "company", "region", "city", "language")
    of_record: ClassVar[tuple[str, ...]] = ()

    def __init__(self, data: Any = None, *, item: ConveyorItem, **options: Any) -> None:
        stands = {name: getattr(item.client, name) for name in self.of_client}
        stands |= {name: getattr(item, name) for name in self.of_record}
        super().__init__(data, item=item, initial=stands, **options)

    def suit(self, item: ConveyorItem) -> None:
        offer_languages(self)

    def changes(self) -> dict[str, Any]:
        """New values of the record's own fields."""
        return {name: self.cleaned_data[name] for name in self.of_record if name in self.cleaned_data}

    def client_changes(self) -> dict[str, Any]:
        """New values of the client's fields."""
        return {name: self.cleaned_data[name] for name in self.of_client}


def choice_of(form: forms.Form, name: str) -> forms.ModelChoiceField:
    """A field whose choices are rows."""
    return cast("forms.ModelChoiceField", form.fields[name])


def offer_languages(form: forms.Form) -> None:
    """The languages that the product speaks, or none."""
    cast("forms.ChoiceField", form.fields["language"]).choices = [("", _("not known")), *settings.LANGUAGES]


def offer_listed(form: forms.Form, name: str, listed: QuerySet[Any], *, kept: int | None = None) -> None:
    """Words of a list that the admin keeps: those in use, and the one that the record has already."""
    field = choice_of(form, name)
    field.queryset = listed.filter(is_active=True) | listed.filter(pk=kept)
    field.empty_label = _("not known")
