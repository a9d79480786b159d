"""The acts that every stage knows, as pages: find the record, do the act, say what happened."""

from __future__ import annotations

from functools import partial

from django.contrib import messages
from django.db import transaction
from django.http import HttpResponse
from django.utils.cache import add_never_cache_headers
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from . import actions, handoff, opening, telephony
from . import consent as consenting
from .answers import Request, SeeOther, ask, doing, done, meet, meet_in_full, posted
from .desks import DESKS, Desk
from .errors import Refused
from .forms import ConsentForm, MarkForm, NoteForm, ReassignForm, TaskForm
from .record_page import REVEALED, contact_in_full

PLACES = [str(place) for place in range(20)]  # of a phone among those of one client
form_page = require_http_methods(["GET", "HEAD", "POST"])


@require_POST
def claim(request: Request, pk: int, *, desk: Desk) -> HttpResponse:
    """Takes a record out of the pool."""
    act = doing(request)
    item = actions.claim(desk.model, pk, by=act["by"], now=act["now"])
    return done(request, item, _("The client is yours now."))


@require_POST
def release(request: Request, pk: int, *, desk: Desk) -> HttpResponse:
    """Puts a record back into the pool."""
    item = actions.release(desk.model, pk, **doing(request))
    return done(request, item, _("The client is in the pool again."))


@require_POST
def move(request: Request, pk: int, *, desk: Desk) -> HttpResponse:
    """Puts a record on another step."""
    chosen = request.POST.get("step", "")
    if not (chosen.isascii() and chosen.isdigit() and len(chosen) < 19):
        raise Refused(_("Choose a step to move to."))
    item = actions.move_step(desk.model, pk, step_id=int(chosen), **doing(request))
    return done(request, item, _("Moved to “%(step)s”.") % {"step": item.step.name})


@require_POST
def reveal(request: Request, pk: int, *, desk: Desk) -> HttpResponse:
    """Opens the contact in full in its place, or on the page that follows, and on that page only."""
    act = doing(request)
    item = opening.reveal(desk.model, pk, by=act["by"], now=act["now"])
    if request.htmx:
        answer = HttpResponse(contact_in_full(request, item, now=act["now"]))
        # What is shown in full is kept by no browser and no proxy.
        add_never_cache_headers(answer)
        return answer
    request.session[REVEALED] = [item.stage, item.pk]
    return done(request, item, _("The contact is open on this page. It was written down."))


@require_POST
def dial(request: Request, pk: int, *, desk: Desk) -> HttpResponse:
    """Lets the telephone system connect the person with the client; no page shows the number."""
    act, place = doing(request), request.POST.get("place", "0")
    number = opening.dial(desk.model, pk, place=int(place) if place in PLACES else -1, by=act["by"], now=act["now"])
    # After the commit: a call that is made is written down and counted, and no lock waits for the telephone system.
    transaction.on_commit(partial(_ring, request, number))
    return SeeOther(DESKS[desk.stage].url("record", pk))


def _ring(request: Request, number: str) -> None:
    """Asks for the call and says what became of it on the page that follows."""
    try:
        telephony.ring(number, person=request.user.username)
    except Refused as failure:
        messages.error(request, str(failure))
    else:
        messages.success(request, _("Your telephone rings: pick up, and the client is called."))


@form_page
def note(request: Request, pk: int, *, desk: Desk) -> HttpResponse:
    """Writes a note."""
    item = meet_in_full(request, desk.model, pk)
    form = NoteForm(posted(request), item=item)
    if not form.is_valid():
        return ask(request, item, form)
    act = doing(request, form)
    actions.note(desk.model, pk, text=form.cleaned_data["text"], by=act["by"], now=act["now"])
    return done(request, item, _("The note is saved."))


@form_page
def consent(request: Request, pk: int, *, desk: Desk) -> HttpResponse:
    """Writes down what the client says about being contacted."""
    item = meet_in_full(request, desk.model, pk)
    form = ConsentForm(posted(request), item=item)
    if not form.is_valid():
        return ask(request, item, form)
    act = doing(request, form)
    consenting.say(desk.model, pk, **form.told(), by=act["by"], now=act["now"])
    return done(request, item, _("It is written down."))


@form_page
def task(request: Request, pk: int, *, desk: Desk) -> HttpResponse:
    """Sets something to do."""
    item = meet_in_full(request, desk.model, pk)
    form = TaskForm(posted(request), item=item)
    if not form.is_valid():
        return ask(request, item, form)
    act, told = doing(request, form), form.cleaned_data
    actions.set_task(desk.model, pk, title=told["title"], due_at=told["due_at"], by=act["by"], now=act["now"])
    return done(request, item, _("The task is set."))


@require_POST
def task_done(request: Request, pk: int, task_id: int, *, desk: Desk) -> HttpResponse:
    """Ticks a task off."""
    item, act = meet(request, desk.model, pk), doing(request)
    ticked = actions.finish_task(desk.model, pk, task_id=task_id, by=act["by"], now=act["now"])
    return done(request, item, _("Done: %(task)s") % {"task": ticked.title})


@form_page
def reassign(request: Request, pk: int, *, desk: Desk) -> HttpResponse:
    """Gives the record to another seat of the tier, or to whom the rule chooses."""
    item = meet_in_full(request, desk.model, pk)
    form = ReassignForm(posted(request), item=item)
    if not form.is_valid():
        return ask(request, item, form)
    moved = actions.reassign(desk.model, pk, to=form.cleaned_data["seat"], **doing(request, form))
    words = (
        _("The client is with %(name)s now.") if moved.seat else _("Nobody could take the client: it is in the pool.")
    )
    return done(request, item, words % {"name": moved.seat.user.name if moved.seat else ""})


@require_POST
def accept(request: Request, pk: int, *, desk: Desk) -> HttpResponse:
    """The receiver takes an offered client."""
    item = handoff.accept(desk.model, pk, **doing(request))
    return done(request, item, _("Accepted: the client is yours, and the contact is open to you."))


@require_POST
def mark(request: Request, pk: int, *, desk: Desk) -> HttpResponse:
    """Says how good the brief was."""
    item = meet_in_full(request, desk.model, pk)
    form = MarkForm(posted(request), item=item)
    if not form.is_valid():
        return ask(request, item, form)
    act = doing(request, form)
    handoff.mark_brief(desk.model, pk, mark=form.cleaned_data["mark"], by=act["by"], now=act["now"])
    return done(request, item, _("Your mark is saved."))
