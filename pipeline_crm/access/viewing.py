"""Looking with somebody else's eyes: a head of sales sees the belt as a person would see it, with rights that are not given yet.

Nothing is put into force and nothing is written, save lines of the journal. The head stays who they are; what changes is what the
policy shows them, and only to less: the pipelines that they head, and of these no more than the rights in question open. The
database goes on to take them for themselves, so the second wall bounds whatever is looked at to what is theirs anyway.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, cast

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from pipeline_crm.audit.actions import note
from pipeline_crm.audit.models import Kind
from pipeline_crm.tiers.models import Pipeline, Seat, Tier
from pipeline_crm.users.models import User

from .sight import Sight, read_sight, sight_of

if TYPE_CHECKING:
    from django.contrib.sessions.backends.base import SessionBase

LONGEST = timedelta(minutes=30)
KEY = "viewing"  # in the session
NEW_SEAT = 0  # the number of a seat that is not there: it holds nothing
NOW, MEMBER, LEAD, HEAD, ANALYST = "now", "member", "lead", "head", "analyst"
# Pages of the belt are looked at; these two, and one's own comforts, stay as they are.
ITS_OWN = frozenset({"oversight:view-as", "oversight:stop-viewing"})
COMFORTS = frozenset({"workbench:language", "workbench:theme", "workbench:pipeline", "account_logout"})
LOOKED_AT = frozenset({"leads", "deals", "accounts", "reports"})
PAGES = frozenset({"workbench:my-work", "workbench:find", "workbench:bell"})


@dataclass(frozen=True)
class Viewing:
    """With whose eyes, in which pipeline, with which rights, and until when."""

    pipeline_id: int
    person_id: int | None  # None is somebody new, who holds nothing yet
    rights: str  # `now`, `head`, `analyst`, or `member` and `lead` with the tier's number behind a colon
    until: datetime
    instead: bool = False  # of what they have now, and not beside it

    @classmethod
    def kept_in(cls, session: SessionBase) -> Viewing | None:
        """The one that goes on in this session."""
        told = session.get(KEY)
        return cls(**told | {"until": datetime.fromisoformat(told["until"])}) if told else None

    def keep_in(self, session: SessionBase) -> None:
        """For the next page."""
        session[KEY] = self.__dict__ | {"until": self.until.isoformat()}

    @property
    def told(self) -> dict[str, Any]:
        """What the journal keeps of it."""
        return {"rights": self.rights, "instead": self.instead}


def begin(request: HttpRequest, viewing: Viewing, *, now: datetime) -> None:
    """From the next page on the belt is seen with these eyes; one that goes on already ends."""
    end(request, now=now)
    viewing.keep_in(request.session)
    _note(Kind.VIEW_AS_BEGAN, request, viewing, now=now)


def end(request: HttpRequest, *, now: datetime) -> None:
    """The person sees with their own eyes again."""
    viewing = Viewing.kept_in(request.session)
    if viewing is not None:
        del request.session[KEY]
        _note(Kind.VIEW_AS_ENDED, request, viewing, now=now)


def _note(kind: Kind, request: HttpRequest, viewing: Viewing, *, now: datetime) -> None:
    by = cast("User", request.user)
    note(kind, by=by, about=viewing.person_id, pipeline=viewing.pipeline_id, detail=viewing.told, now=now)


# What is seen ----------------------------------------------------------------------------------------------------


def home_of(viewing: Viewing, own: Sight) -> Pipeline | None:
    """The pipeline that is looked at, as long as whoever looks was appointed to head it."""
    return next((one for one in own.answered_for if one.pk == viewing.pipeline_id), None)


def seen_with(viewing: Viewing, own: Sight) -> Sight | None:
    """What the policy shows to these eyes; nothing is looked at any more where the looker heads the pipeline no more."""
    home = home_of(viewing, own)
    if home is None:
        return None
    has = Sight() if viewing.person_id is None else _present(viewing.person_id, home)
    if viewing.instead and viewing.rights != NOW:
        has = Sight()
    return replace(_with_rights(has, viewing, home, own), user_id=own.user_id, viewing=viewing, house=own.house)


def _present(person_id: int, home: Pipeline) -> Sight:
    """What the person may see now, as far as it is of this pipeline; of an administrator's broken glass nothing.

    Of what is shared with them elsewhere the second wall shows the looker no more than is theirs.
    """
    person = User.objects.filter(pk=person_id, is_active=True).first()
    sight = read_sight(person) if person else Sight()

    def here(tiers: tuple[Tier, ...]) -> tuple[Tier, ...]:
        return tuple(tier for tier in tiers if tier.pipeline_id == home.pk)

    return Sight(
        seats=tuple(seat for seat in sight.seats if seat.tier.pipeline_id == home.pk),
        worked=here(sight.worked),
        led=here(sight.led),
        headed=tuple(one for one in sight.answered_for if one.pk == home.pk),
        analysed=tuple(one for one in sight.analysed if one.pk == home.pk),
        loans=sight.loans,
    )


def _with_rights(has: Sight, viewing: Viewing, home: Pipeline, own: Sight) -> Sight:
    right, _colon, number = viewing.rights.partition(":")
    if right == HEAD:
        return replace(has, headed=(home,))
    if right == ANALYST:
        return replace(has, analysed=(home,))
    tier = next((tier for tier in home.ordered_tiers if str(tier.pk) == number), None)
    if right not in (MEMBER, LEAD) or tier is None:
        return has
    role = Seat.Role.LEAD if right == LEAD else Seat.Role.MEMBER
    seat = _seat_at(tier, viewing, own)
    others = tuple(one for one in has.seats if one.tier_id != tier.pk)
    seat = Seat(**{name: getattr(seat, name) for name in ("pk", "tier", "user", "capacity")}, role=role)
    return replace(
        has,
        seats=(*others, seat),
        worked=(*(one for one in has.worked if one.pk != tier.pk), tier),
        led=(*(one for one in has.led if one.pk != tier.pk), *([tier] if right == LEAD else [])),
    )


def _seat_at(tier: Tier, viewing: Viewing, own: Sight) -> Seat:
    """The seat that the person has there, with what it holds; else one that holds nothing."""
    for seat in own.house.seats.values() if own.house else ():
        if seat.tier_id == tier.pk and seat.user_id == viewing.person_id:
            return seat
    return Seat(pk=NEW_SEAT, tier=tier, user_id=viewing.person_id or own.user_id or 0)


# Between two pages -----------------------------------------------------------------------------------------------


class ViewingMiddleware:
    """While somebody looks with other eyes: pages of the belt show what those see, and nothing can be done."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        viewing = Viewing.kept_in(request.session) if request.user.is_authenticated else None
        if viewing is None:
            return self.get_response(request)
        own = sight_of(request.user)
        seen = seen_with(viewing, own) if timezone.now() < viewing.until else None
        if seen is None:
            end(request, now=timezone.now())
            return self.get_response(request)
        request.viewing, request.seen = viewing, seen  # type: ignore[attr-defined]
        return self.get_response(request)

    def process_view(self, request: HttpRequest, _view: Any, _args: Any, _kwargs: Any) -> HttpResponse | None:
        """Shows the page to the other eyes, or refuses it: here, so that the journal hears of it as of any refusal."""
        seen, match = getattr(request, "seen", None), request.resolver_match
        if seen is None or match is None or match.view_name in ITS_OWN | COMFORTS:
            return None
        if request.method in ("GET", "HEAD") and (match.view_name in PAGES or match.namespace in LOOKED_AT):
            request.user.__dict__["sight"] = seen
            return None
        return _closed(request)


def _closed(request: HttpRequest) -> HttpResponse:
    words = _("While you look with somebody else’s eyes nothing can be done, and only the belt is shown. Stop first.")
    told = {"sentence": words, "back": reverse("oversight:view-as")}
    return render(request, "errors/refused.html", told, status=403)
