"""Where a person chooses what they hear of, and how."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django import forms
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from pipeline_crm.access.gate import may
from pipeline_crm.access.sight import sight_of
from pipeline_crm.conveyor.answers import Request, SeeOther
from pipeline_crm.conveyor.pages import form_page
from pipeline_crm.outbox.actions import Choice, choose
from pipeline_crm.outbox.models import Channel, Digest, Mute, Notice
from pipeline_crm.tiers.models import Pipeline

from .bulletin import SIGNS

if TYPE_CHECKING:
    from pipeline_crm.users.models import User

HOURS = [(hour, f"{hour:02}:00") for hour in range(24)]


class ChoiceForm(forms.Form):
    """How often the mail comes, and for each kind of notice the channels that are wanted."""

    rhythm = forms.ChoiceField(
        label=gettext_lazy("Notices by e-mail"), choices=Digest.Rhythm.choices, widget=forms.RadioSelect
    )
    hour = forms.TypedChoiceField(label=gettext_lazy("At the hour, once a day"), choices=HOURS, coerce=int)
    bell = forms.MultipleChoiceField(choices=Notice.Kind.choices, required=False)
    email = forms.MultipleChoiceField(choices=Notice.Kind.choices, required=False)

    def muted(self, asked: list[Notice.Kind]) -> list[tuple[str, str]]:
        """The kinds without a tick, with their channel."""
        told = self.cleaned_data
        return [(kind, channel) for kind in asked for channel in Channel if kind not in told[channel]]


@dataclass(frozen=True)
class Row:
    """One kind of notice and its two ticks."""

    kind: str
    words: str
    sign: str
    bell: bool
    email: bool


def kinds_for(user: User) -> tuple[list[Notice.Kind], list[Notice.Kind]]:
    """The kinds that come to everybody with a desk, and those that come to whoever leads."""
    sight = sight_of(user)
    leads = bool(sight.led or sight.headed)
    own = [kind for kind in Notice.Kind if kind not in (*Notice.OF_LEADS, *Notice.ALWAYS)]
    return own, [kind for kind in Notice.Kind if kind in Notice.OF_LEADS] if leads else []


def home_of(user: User) -> Pipeline | None:
    """The pipeline whose clock is the person's own."""
    sight = sight_of(user)
    homes = [seat.tier.pipeline for seat in sight.seats] or [*sight.headed, *sight.analysed]
    return homes[0] if homes else None


@may("self")
@form_page
def notice_choice(request: Request) -> HttpResponse:
    """Shows what a person hears of and how, and keeps what they change."""
    user, now = request.user, timezone.now()
    own, leading = kinds_for(user)
    form = ChoiceForm(request.POST or None, initial=_chosen(user))
    if request.method == "POST" and form.is_valid():
        told = form.cleaned_data
        choose(
            Choice(told["rhythm"], told["hour"], home_of(user), [*own, *leading], form.muted([*own, *leading])),
            by=user,
            now=now,
        )
        messages.success(request, _("Your choice is kept."))
        return SeeOther(reverse("workbench:notice-choice"))
    page = {"form": form, "groups": list(_groups(form, own, leading)), "zone": home_of(user), "now": now}
    return render(request, "workbench/notice_choice.html", page, status=422 if form.is_bound else 200)


def _chosen(user: User) -> dict[str, Any]:
    """What the person chose before; who never did hears everything by the bell and gets no mail."""
    digest = Digest.objects.filter(user=user).first() or Digest()
    muted = set(Mute.objects.filter(user=user).values_list("kind", "channel"))
    heard = {channel.value: [kind.value for kind in Notice.Kind if (kind, channel) not in muted] for channel in Channel}
    return {"rhythm": digest.rhythm, "hour": digest.hour, **heard}


def _groups(
    form: ChoiceForm, own: list[Notice.Kind], leading: list[Notice.Kind]
) -> Iterator[tuple[str, str, str, list[Row]]]:
    """The rows under their headings: what makes it, its words, a remark, the rows."""
    wanted = {channel: set(form[channel].value() or ()) for channel in Channel}

    def rows(kinds: list[Notice.Kind]) -> list[Row]:
        return [
            Row(kind, str(kind.label), SIGNS[kind], *(kind in wanted[channel] for channel in Channel)) for kind in kinds
        ]

    yield "own", _("Your clients"), "", rows(own)
    if leading:
        yield (
            "leading",
            _("Your team"),
            _(
                "These ask you for something that nobody else will do. Muted here, the client still waits for you: look at your team’s page by yourself."
            ),
            rows(leading),
        )
