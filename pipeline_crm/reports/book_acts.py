"""The wizard by which a team lead gives a book to others, and what is done on it: left, away, too much, and undone."""

from __future__ import annotations

from collections.abc import Callable
from http import HTTPStatus
from typing import Any

from django.http import HttpResponse, QueryDict
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext, pgettext
from django.views.decorators.http import require_POST, require_safe

from pipeline_crm.access.gate import may
from pipeline_crm.conveyor import books, rota
from pipeline_crm.conveyor.answers import Request
from pipeline_crm.conveyor.books import Returned
from pipeline_crm.conveyor.faces import Link
from pipeline_crm.conveyor.models import BookMove
from pipeline_crm.tiers.models import Absence, Seat, Tier

from .books import moved_words, plan_of
from .forms import AwayForm
from .people import rule_words
from .steering import back_to_team, number_in, seat_of, steered_tier
from .team import seat_rows

HISTORY = "#books"
WHAT: dict[str, tuple[Callable[[], str], str]] = {
    "left": (lambda: _("Has left"), "user-minus"),
    "away": (lambda: pgettext("person", "Is away"), "beach"),
    "relief": (lambda: _("Has too much"), "stack-2"),
}


@may("tier.lead")
@require_safe
def book(request: Request, tier_id: int) -> HttpResponse:
    """The wizard: whose clients, what has happened, and who would get what; nothing is done yet."""
    return _wizard(request, steered_tier(request, tier_id), request.GET)


def _wizard(request: Request, tier: Tier, asked: QueryDict, form: AwayForm | None = None) -> HttpResponse:
    now = timezone.now()
    rows = seat_rows(tier, by=request.user, now=now)
    choices = [row for row in rows if row.state in ("work", "away") or row.load.open]
    row = next((row for row in choices if row.pk == number_in(asked.get("from"))), None)
    what = asked.get("what") if asked.get("what") in WHAT else "relief"
    told: dict[str, Any] = {
        "tier": tier,
        "choices": choices,
        "row": row,
        "what": what,
        "ways": _ways(tier, asked, row.pk if row else 0, str(what)),
        "rule": rule_words(tier),
        "now": now,
    }
    if row is not None:
        seat = seat_of(tier, row.pk)
        to = _receiver(tier, asked, str(what))
        if what == "away":
            form = form or AwayForm(asked if asked.get("first_day") else None, seat=seat)
            told |= {"form": form, "absences": _absences(seat, now)}
        told |= {"to": to, "plan": plan_of(seat, rows, to=to, now=now) if what != "away" or to else None}
    status = HTTPStatus.UNPROCESSABLE_ENTITY if form is not None and request.method == "POST" else HTTPStatus.OK
    return render(request, "reports/book.html", told, status=status)


def _ways(tier: Tier, asked: QueryDict, seat: int, what: str) -> list[Link]:
    at = reverse("reports:team-book", args=[tier.pk])
    return [
        Link(f"{at}?what={way}{f'&from={seat}' if seat else ''}", word(), sign, current=way == what)
        for way, (word, sign) in WHAT.items()
    ]


def _receiver(tier: Tier, asked: QueryDict, what: str) -> Seat | None:
    """The person named to receive first; nobody where somebody has left, whose book goes by rule."""
    chosen = number_in(asked.get("substitute" if what == "away" else "to"))
    open_seats = Seat.objects.open().filter(tier=tier).exclude(pk=number_in(asked.get("from")))
    return open_seats.filter(pk=chosen).select_related("user").first() if what != "left" else None


def _absences(seat: Seat, now: Any) -> list[Absence]:
    ahead = seat.absences.filter(last_day__gte=rota.today_of(seat, now)).select_related("substitute__user")
    return list(ahead.order_by("first_day"))


# What is done ----------------------------------------------------------------------------------------------------


@may("tier.lead")
@require_POST
def move(request: Request, tier_id: int) -> HttpResponse:
    """Moves every open record of one seat to another as far as there is room, and by the tier's rule."""
    tier = steered_tier(request, tier_id)
    giver = seat_of(tier, number_in(request.POST.get("from")))
    to = seat_of(tier, number_in(request.POST.get("to"))) if request.POST.get("to") else None
    done = books.redistribute(giver.pk, cause=BookMove.Cause.RELIEVED, to=to, by=request.user, now=timezone.now())
    return back_to_team(request, tier, moved_words(giver, done.items.count()), at=HISTORY)


@may("tier.lead")
@require_POST
def close(request: Request, tier_id: int, seat_id: int) -> HttpResponse:
    """Closes a seat; what it held goes to the others by rule."""
    tier = steered_tier(request, tier_id)
    seat = seat_of(tier, seat_id)
    count = books.close_seat(seat.pk, by=request.user, now=timezone.now()).items.count()
    words = ngettext(
        "The seat of %(name)s is closed; %(n)d record was moved.",
        "The seat of %(name)s is closed; %(n)d records were moved.",
        count,
    )
    return back_to_team(request, tier, words % {"n": count, "name": seat.user.name}, at=HISTORY)


@may("tier.lead")
@require_POST
def away(request: Request, tier_id: int, seat_id: int) -> HttpResponse:
    """Writes down that somebody is away from a day to a day; a substitute gets the clients when the first day begins."""
    tier, now = steered_tier(request, tier_id), timezone.now()
    seat = seat_of(tier, seat_id)
    form = AwayForm(request.POST, seat=seat)
    if not form.is_valid():
        asked = request.POST.copy()
        asked["from"], asked["what"] = str(seat.pk), "away"
        return _wizard(request, tier, asked, form)
    absence = rota.send_away(seat.pk, **form.cleaned_data, by=request.user, now=now)
    books.tend_covers(now=now, seats=[seat.pk])
    return back_to_team(request, tier, _away_words(absence), at=HISTORY if absence.substitute else "")


def _away_words(absence: Absence) -> str:
    if absence.substitute is None:
        return _("%(name)s receives nothing new on these days.") % {"name": absence.seat.user.name}
    return _("%(name)s receives nothing new on these days; %(other)s looks after the clients.") % {
        "name": absence.seat.user.name,
        "other": absence.substitute.user.name,
    }


@may("tier.lead")
@require_POST
def back(request: Request, tier_id: int, absence_id: int) -> HttpResponse:
    """Somebody is back sooner than was written; what a substitute looked after goes back at once."""
    tier, now = steered_tier(request, tier_id), timezone.now()
    absence = get_object_or_404(Absence, pk=absence_id, seat__tier=tier)
    seat = rota.call_back(absence.pk, by=request.user, now=now)
    books.tend_covers(now=now, seats=[seat.pk])
    return back_to_team(request, tier, _("%(name)s is back at work.") % {"name": seat.user.name})


@may("tier.lead")
@require_POST
def undo(request: Request, tier_id: int, move_id: int) -> HttpResponse:
    """Gives a book back to whom it was taken from, as far as it still lies where it was put."""
    tier = steered_tier(request, tier_id)
    past = get_object_or_404(BookMove.objects.select_related("seat__user"), pk=move_id, seat__tier=tier)
    done = books.bring_back(past.pk, by=request.user, now=timezone.now())
    return back_to_team(request, tier, _back_words(past.seat, done), at=HISTORY)


def _back_words(seat: Seat, done: Returned) -> str:
    words = [
        ngettext("%(n)d record is back with %(name)s.", "%(n)d records are back with %(name)s.", done.back)
        % {"n": done.back, "name": seat.user.name}
    ]
    if done.moved_on:
        told = ngettext("%(n)d has moved on since and stays.", "%(n)d have moved on since and stay.", done.moved_on)
        words.append(told % {"n": done.moved_on})
    if done.no_room:
        told = ngettext("%(n)d stays for want of room.", "%(n)d stay for want of room.", done.no_room)
        words.append(told % {"n": done.no_room})
    return " ".join(words)
