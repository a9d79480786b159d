"""The pages of files that leave the house: to ask, to answer, to fetch."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from http import HTTPStatus
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpResponse, HttpResponseBase, StreamingHttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from pipeline_crm.access.exporting import approves, heads, may_export
from pipeline_crm.access.gate import may, visible
from pipeline_crm.access.sight import Sight, sight_of
from pipeline_crm.conveyor.answers import Request, SeeOther, posted
from pipeline_crm.conveyor.errors import Refused
from pipeline_crm.conveyor.pages import form_page
from pipeline_crm.tiers.stages import Stage

from . import exports as acts
from . import vault
from .forms import AnswerForm, ExportForm
from .making import make
from .models import Export
from .orders import MOST_ROWS, Misunderstood, NotTheirs, Order, order_from, order_of

SHOWN = 30
TYPES = {
    Export.Format.XLSX: "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    Export.Format.CSV: "text/csv; charset=utf-8",
    Export.Format.COPY: "application/zip",
}

ENDINGS = {Export.Format.COPY.value: "zip"}


@dataclass(frozen=True)
class Told:
    """One export as its reader may know it: the view and the filter in words, and what can be done."""

    export: Export
    title: str
    filter: list[str]
    is_own: bool
    answers: bool
    left: int  # how often the file can still be fetched

    @property
    def fetches(self) -> bool:
        """Whether the reader can fetch the file now."""
        return self.is_own and self.export.state == Export.State.READY and self.left > 0

    @property
    def withdraws(self) -> bool:
        """Whether the reader can take it back."""
        alive = (Export.State.WAITING, Export.State.QUEUED, Export.State.READY)
        return self.is_own and self.export.state in alive

    @property
    def is_being_made(self) -> bool:
        """Whether there will be a file in a moment."""
        return self.export.state == Export.State.QUEUED


@may("self")
@require_safe
def exports(request: Request) -> HttpResponse:
    """What a person has asked for, and what others ask of them."""
    user, sight, now = request.user, sight_of(request.user), timezone.now()
    rows = visible(user, Export.objects.select_related("asker", "pipeline", "approver")).defer("records", "named")
    own = rows.filter(asker=user)[:SHOWN]
    asked = [
        one
        for one in rows.filter(state=Export.State.WAITING).exclude(asker=user)[:SHOWN]
        if approves(sight, one.pipeline_id)
    ]
    answered = rows.exclude(asker=user).exclude(state=Export.State.WAITING)[:SHOWN]
    told = {
        "own": own,
        "asked": asked,
        "answered": answered,
        "may_ask": [stage for stage in Stage if _may_anywhere(sight, stage)],
        "now": now,
    }
    return render(request, "exchange/exports.html", told)


def _may_anywhere(sight: Sight, stage: Stage) -> bool:
    house = sight.house.pipelines if sight.house else {}
    return any(may_export(sight, pk, stage) for pk in house)


@may("self")
@form_page
def new(request: Request, stage: str) -> HttpResponse:
    """Asks for the records of a list as a file."""
    if stage not in Stage:
        raise Http404
    order, now = order_from(request, Stage(stage)), timezone.now()
    form = ExportForm(posted(request))
    if form.is_valid():
        try:
            export = acts.ask(order, form.wish(), by=request.user, now=now)
        except Refused as why:
            form.add_error(None, str(why))
        else:
            messages.success(request, _asked_words(export))
            return SeeOther(reverse("exchange:export", args=[export.key]))
    return render(
        request,
        "exchange/new.html",
        {"form": form, "back": f"{order.scope.desk.url('list')}?{order.address}", **_counted(order, request, now)},
        status=HTTPStatus.UNPROCESSABLE_ENTITY if form.is_bound else HTTPStatus.OK,
    )


def _counted(order: Order, request: Request, now: datetime) -> dict[str, object]:
    pipeline, count = order.scope.pipeline, order.count()
    free = acts.free_rows(pipeline, request.user, now=now)
    return {
        "order": order,
        "filter": order.filter_words(),
        "stage": order.stage.value,
        "count": count,
        "is_too_much": count > MOST_ROWS,
        "most": MOST_ROWS,
        "free": free,
        "asks": count > free,
        "days_rows": pipeline.export_rows,
    }


def _asked_words(export: Export) -> str:
    if export.state == Export.State.WAITING:
        return _("Asked. You hear of it as soon as somebody has answered.")
    return _("The file is being made; you hear of it when it is there.")


@may("self")
@require_safe
def export(request: Request, key: UUID) -> HttpResponse:
    """One export: what it is, where it stands, and what the reader can do about it."""
    return _shown(request, _reached(request, key), AnswerForm())


def _reached(request: Request, key: UUID) -> Export:
    """Hidden and absent give the same 404."""
    rows = Export.objects.select_related("asker", "pipeline", "approver").defer("records", "named")
    found = visible(request.user, rows.filter(key=key)).first()
    if found is None:
        raise Http404
    return found


def _shown(request: Request, found: Export, form: AnswerForm, *, status: int = HTTPStatus.OK) -> HttpResponse:
    timezone.activate(found.pipeline.zone)
    told = {"told": _told(request, found), "export": found, "form": form, "most_fetches": acts.MOST_FETCHES}
    return render(request, "exchange/export.html", told, status=status)


def _told(request: Request, found: Export) -> Told:
    sight = sight_of(request.user)
    is_own = found.asker_id == request.user.pk
    try:
        order = order_of(found, user=found.asker, now=timezone.now())
        title = order.title
        # What was searched for may be a client's name, and who merely approves reads none.
        words = order.filter_words(with_search=is_own or heads(sight, found.pipeline_id))
    except (NotTheirs, Misunderstood):
        title, words = str(Stage(found.stage).label), []
    waits = found.state == Export.State.WAITING and found.asked_at > timezone.now() - acts.UNANSWERED
    answers = waits and not is_own and approves(sight, found.pipeline_id)
    return Told(found, title, words, is_own, answers, max(0, acts.MOST_FETCHES - found.fetches))


@may("self")
@require_POST
def approve(request: Request, key: UUID) -> HttpResponse:
    """A second person lets an export go."""
    form = AnswerForm(request.POST)
    if not form.is_valid():
        return _shown(request, _reached(request, key), form, status=HTTPStatus.UNPROCESSABLE_ENTITY)
    acts.approve(key, by=request.user, words=form.cleaned_data["words"], now=timezone.now())
    messages.success(request, _("Approved: the file is being made, and its person hears of it."))
    return SeeOther(reverse("exchange:exports"))


@may("self")
@require_POST
def refuse(request: Request, key: UUID) -> HttpResponse:
    """A second person keeps an export in."""
    form = AnswerForm(request.POST, refuses=True)
    if not form.is_valid():
        return _shown(request, _reached(request, key), form, status=HTTPStatus.UNPROCESSABLE_ENTITY)
    acts.refuse(key, by=request.user, words=form.cleaned_data["words"], now=timezone.now())
    messages.success(request, _("Refused: the person hears of it with your words."))
    return SeeOther(reverse("exchange:exports"))


@may("self")
@require_POST
def withdraw(request: Request, key: UUID) -> HttpResponse:
    """The person does not want the file any more."""
    acts.withdraw(key, by=request.user, now=timezone.now())
    messages.success(request, _("Withdrawn: there is nothing to fetch any more."))
    return SeeOther(reverse("exchange:exports"))


@may("self")
@require_POST
def make_now(request: Request, key: UUID) -> HttpResponse:
    """Makes the file here and now, where no worker does."""
    found = _reached(request, key)
    if found.asker_id != request.user.pk:
        raise Http404
    make(found.pk, now=timezone.now())
    return SeeOther(reverse("exchange:export", args=[key]))


@may("self")
@require_POST
def fetch(request: Request, key: UUID) -> HttpResponseBase:
    """Gives the file to its person, and to nobody else; what has changed since is told instead."""
    fetched = acts.fetch(key, by=request.user, now=timezone.now())
    if fetched.sentence:
        messages.warning(request, fetched.sentence)
        return SeeOther(reverse("exchange:export", args=[key]))
    found = fetched.export
    answer = StreamingHttpResponse(vault.read(found), content_type=TYPES[Export.Format(found.format)])
    answer["Content-Disposition"] = (
        f'attachment; filename="{found.stage}s-{found.pk}.{ENDINGS.get(found.format, found.format)}"'
    )
    answer["Content-Length"] = str(found.size)
    answer["X-Content-Type-Options"] = "nosniff"
    answer["Cache-Control"] = "no-store"
    return answer
