"""The page on which a head of sales looks with somebody else's eyes, with rights that are not given yet; read only."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any, cast

from django import forms
from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_POST

from pipeline_crm.access import viewing as eyes
from pipeline_crm.access.gate import may
from pipeline_crm.access.pipelines import CHOSEN
from pipeline_crm.access.policy import Part, Relation, readers
from pipeline_crm.access.sight import Sight, sight_of
from pipeline_crm.access.viewing import ANALYST, HEAD, LEAD, LONGEST, MEMBER, NOW, Viewing
from pipeline_crm.conveyor.answers import Request, SeeOther, posted
from pipeline_crm.conveyor.record_page import REVEALED
from pipeline_crm.conveyor.records import BELT
from pipeline_crm.conveyor.words import capped
from pipeline_crm.tiers.models import Pipeline
from pipeline_crm.tiers.stages import Stage

MOST = 1_000  # records of a stage that are counted; of more it is said that there are more
NEW = "new"  # chosen for somebody who is not there yet


class ViewForm(forms.Form):
    """With whose eyes, and with which rights."""

    person = forms.TypedChoiceField(
        label=gettext_lazy("With whose eyes"),
        coerce=lambda chosen: None if chosen == NEW else int(chosen),
        help_text=gettext_lazy("Somebody new holds no clients yet."),
    )
    rights = forms.ChoiceField(
        label=gettext_lazy("With which rights"),
        help_text=gettext_lazy("They are tried on here, and given in the set-up."),
    )
    instead = forms.BooleanField(label=gettext_lazy("Instead of what they have now"), required=False)

    def __init__(self, *args: Any, home: Pipeline, sight: Sight, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        people = {
            seat.user_id: seat.user.name
            for seat in (sight.house.seats.values() if sight.house else ())
            if seat.tier.pipeline_id == home.pk and seat.user.is_active
        }
        named = sorted(people.items(), key=lambda one: one[1])
        self.home = home
        self._choices("person", [(NEW, _("somebody new")), *named])
        self._choices("rights", rights_of(home))

    def _choices(self, name: str, choices: Iterable[tuple[Any, str]]) -> None:
        cast("forms.ChoiceField", self.fields[name]).choices = list(choices)

    def clean(self) -> dict[str, Any]:
        told = super().clean() or {}
        if "person" in told and told["person"] is None and told.get("rights") == NOW:
            self.add_error("rights", _("Somebody new has no rights yet: choose which ones they would have."))
        return told


def rights_of(home: Pipeline) -> list[tuple[str, str]]:
    """The rights that can be tried on in a pipeline, and their words."""
    found = [(NOW, _("those they have now"))]
    for tier in home.ordered_tiers:
        found.append((f"{MEMBER}:{tier.pk}", _("a seat at “%(tier)s”") % {"tier": tier.name}))
        found.append((f"{LEAD}:{tier.pk}", _("team lead of “%(tier)s”") % {"tier": tier.name}))
    return [*found, (HEAD, _("head of sales")), (ANALYST, _("analyst: numbers, no persons"))]


@dataclass(frozen=True, slots=True)
class Change:
    """How many open records of a stage these eyes see, now and with the rights in question."""

    stage: Stage
    named: tuple[int | str, int | str]
    pooled: tuple[int | str, int | str]

    @property
    def pairs(self) -> tuple[tuple[int | str, int | str], ...]:
        """In the order of the page's columns."""
        return self.named, self.pooled


@may("sight.explain")
@require_http_methods(["GET", "HEAD", "POST"])
def view_as(request: Request) -> HttpResponse:
    """Asks with whose eyes, begins, and says what they would see."""
    sight, now, going_on = sight_of(request.user), timezone.now(), getattr(request, "viewing", None)
    home = eyes.home_of(going_on, sight) if going_on else _chosen(request, sight)
    if home is None:
        raise Http404
    form = ViewForm(posted(request), home=home, sight=sight)
    if form.is_valid():
        told = form.cleaned_data
        viewing = Viewing(home.pk, told["person"], told["rights"], now + LONGEST, told["instead"])
        eyes.begin(request, viewing, now=now)
        request.session[CHOSEN] = home.pk
        request.session.pop(REVEALED, None)
        return SeeOther(request.path)
    shown = {"form": form, "home": home, "viewing": going_on}
    if going_on is not None:
        shown |= {"words": words_of(going_on, home, sight), "changes": changes_of(going_on, home, sight)}
    status = HTTPStatus.UNPROCESSABLE_ENTITY if form.is_bound else HTTPStatus.OK
    return render(request, "oversight/view_as.html", shown, status=status)


@may("sight.explain")
@require_POST
def stop_viewing(request: Request) -> HttpResponse:
    """The head of sales sees with their own eyes again."""
    eyes.end(request, now=timezone.now())
    messages.success(request, _("You see with your own eyes again."))
    return SeeOther(request.path.removesuffix("stop/"))


def _chosen(request: Request, sight: Sight) -> Pipeline | None:
    wanted = request.session.get(CHOSEN)
    return next((one for one in sight.answered_for if one.pk == wanted), next(iter(sight.answered_for), None))


def words_of(viewing: Viewing, home: Pipeline, sight: Sight) -> str:
    """Whose eyes they are, and with which rights, in a few words."""
    seats = sight.house.seats.values() if sight.house else ()
    name = next((seat.user.name for seat in seats if seat.user_id == viewing.person_id), _("somebody new"))
    rights = dict(rights_of(home)).get(viewing.rights, viewing.rights)
    if viewing.instead and viewing.rights != NOW:
        rights = _("%(rights)s, and nothing else") % {"rights": rights}
    return f"{name}: {rights}"


def changes_of(viewing: Viewing, home: Pipeline, sight: Sight) -> list[Change]:
    """What the rights in question change, stage by stage, in numbers."""
    before = Viewing(viewing.pipeline_id, viewing.person_id, NOW, viewing.until)
    now, then = (eyes.seen_with(each, sight) or Sight() for each in (before, viewing))
    kinds = (readers(Part.NAME), frozenset({Relation.POOL}))
    return [
        Change(stage, *((_count(stage, home, kind, now), _count(stage, home, kind, then)) for kind in kinds))
        for stage in Stage
    ]


def _count(stage: Stage, home: Pipeline, relations: frozenset[Relation], whose: Sight) -> int | str:
    rows = BELT[stage].objects.open().filter(BELT[stage].rows_of(relations, whose, only_open=True), pipeline=home)
    return capped(rows.order_by()[: MOST + 1].count())
