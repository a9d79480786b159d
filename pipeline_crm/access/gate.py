"""The choke point: which rows, which one row, and which view."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import ObjectDoesNotExist
from django.db.models import Model, QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase

from pipeline_crm.tiers.stages import Stage

from .identity import eyes_of
from .sight import Sight, sight_of

if TYPE_CHECKING:
    from pipeline_crm.users.models import User

View = Callable[..., HttpResponseBase]

DOORS: dict[str, Callable[[Sight], bool]] = {
    "self": lambda sight: True,
    "leads.work": lambda sight: sight.works(Stage.LEAD),
    "deals.work": lambda sight: sight.works(Stage.DEAL),
    "accounts.work": lambda sight: sight.works(Stage.ACCOUNT),
    "tier.lead": lambda sight: bool(sight.led or sight.headed),
    "pipeline.head": lambda sight: bool(sight.headed),
    "journal.read": lambda sight: bool(sight.headed or sight.audited),
    "pipeline.numbers": lambda sight: bool(sight.headed or sight.analysed),
    "house.administer": lambda sight: sight.administers,
}


def visible[M: Model](user: User, queryset: QuerySet[M], *, only_open: bool = False) -> QuerySet[M]:
    """The rows of a query that a person may see; a model that does not say what it shows shows nothing to anybody.

    `only_open` promises that the query asks for open records alone, of which the same is said more shortly.
    """
    seen_by = getattr(queryset.model, "open_seen_by" if only_open else "seen_by", None)
    if seen_by is None:
        raise TypeError(f"{queryset.model.__name__} does not say who sees it: reach it through a record that does.")
    sight = sight_of(user)
    if sight.user_id is None:
        return queryset.none()
    return queryset.filter(seen_by(sight))


def reach[M: Model](user: User, queryset: QuerySet[M], pk: int) -> M:
    """One row by its number; hidden and absent give the same 404."""
    try:
        with eyes_of(user.pk):
            return visible(user, queryset).get(pk=pk)
    except (ObjectDoesNotExist, OverflowError, ValueError) as absent:
        raise Http404 from absent


def may(door: str) -> Callable[[View], View]:
    """Declares the door of a view: strangers sign in, those it is not for meet a 404."""
    opens = DOORS[door]

    def guard(view: View) -> View:
        @wraps(view)
        def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse | HttpResponseBase:
            if not request.user.is_authenticated:
                return _to_the_door(request)
            if not opens(sight_of(request.user)):
                raise Http404
            return view(request, *args, **kwargs)

        guarded.door = door  # type: ignore[attr-defined]
        return guarded

    return guard


def _to_the_door(request: HttpRequest) -> HttpResponse:
    """To the sign-in; a piece of a page gets a bare 401, for a sign-in inside of it would be of no use."""
    if request.headers.get("HX-Request"):
        return HttpResponse(status=HTTPStatus.UNAUTHORIZED)
    return redirect_to_login(request.get_full_path())


def public(view: View) -> View:
    """Declares that a view is for strangers too, because it shows and changes nothing of the firm's."""
    view.door = "public"  # type: ignore[attr-defined]
    return view
