"""The choke point: which rows, which one row, and which view."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from django.contrib import messages
from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import ObjectDoesNotExist
from django.db.models import Model, QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.utils.translation import gettext as _

from pipeline_crm.tiers.stages import Stage

from .identity import eyes_of
from .policy import OPENS as DOORS
from .policy import Relation, asked_of, readers
from .sight import Sight, sight_of

if TYPE_CHECKING:
    from pipeline_crm.users.models import User

View = Callable[..., HttpResponseBase]
LONGEST_WORD, MOST_WORDS = 40, 3  # of an address, said back to who asked

WORK = {"leads.work": Stage.LEAD, "deals.work": Stage.DEAL, "accounts.work": Stage.ACCOUNT}


def opens(door: str, sight: Sight) -> bool:
    """Whether somebody may come in at a door, by what they are to any tier or pipeline."""
    stands = sight.stands
    if door in WORK and sight.tiers_for(WORK[door]):
        stands |= {Relation.WORKER}
    return not DOORS[door].isdisjoint(stands)


def visible[M: Model](user: User, queryset: QuerySet[M], *, only_open: bool = False) -> QuerySet[M]:
    """The rows of a query that a person may see; a model that does not say what it shows shows nothing to anybody.

    `only_open` promises that the query asks for open records alone, of which the same is said more shortly.
    """
    model: Any = queryset.model
    if not hasattr(model, "rows_of"):
        raise TypeError(f"{model.__name__} does not say who sees it: reach it through a record that does.")
    sight = sight_of(user)
    if sight.user_id is None:
        return queryset.none()
    return queryset.filter(model.rows_of(readers(model.PART), sight, only_open=only_open))


def reach[M: Model](user: User, queryset: QuerySet[M], pk: int) -> M:
    """One row by its number; hidden and absent give the same 404."""
    try:
        with eyes_of(user.pk):
            return visible(user, queryset).get(pk=pk)
    except (ObjectDoesNotExist, OverflowError, ValueError) as absent:
        raise Http404 from absent


def may(door: str) -> Callable[[View], View]:
    """Declares the door of a view: strangers sign in, those it is not for meet a 404."""
    if door not in DOORS:
        raise KeyError(f"the policy knows no door {door}")

    def guard(view: View) -> View:
        @wraps(view)
        def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse | HttpResponseBase:
            if not request.user.is_authenticated:
                return _to_the_door(request)
            if not opens(door, sight_of(request.user)):
                raise Http404
            _leave_out_what_may_not_be_asked(request)
            return view(request, *args, **kwargs)

        guarded.door = door  # type: ignore[attr-defined]
        return guarded

    return guard


def _leave_out_what_may_not_be_asked(request: HttpRequest) -> None:
    """No page sees a word of its address that the policy does not list for it; who looks at the page is told so."""
    known = asked_of(request.resolver_match.view_name if request.resolver_match else "")
    strange = [word for word in request.GET if word not in known]
    if not strange:
        return
    kept = request.GET.copy()
    for word in strange:
        del kept[word]
    request.GET = kept  # type: ignore[assignment]
    if request.method == "GET" and not request.headers.get("HX-Request"):
        names = ", ".join(word[:LONGEST_WORD] for word in strange[:MOST_WORDS])
        told = _("A part of the address was not understood and is left out: %(names)s.")
        messages.info(request, told % {"names": names})


def _to_the_door(request: HttpRequest) -> HttpResponse:
    """To the sign-in; a piece of a page gets a bare 401, for a sign-in inside of it would be of no use."""
    if request.headers.get("HX-Request"):
        return HttpResponse(status=HTTPStatus.UNAUTHORIZED)
    return redirect_to_login(request.get_full_path())


def public(view: View) -> View:
    """Declares that a view is for strangers too, because it shows and changes nothing of the firm's."""
    view.door = "public"  # type: ignore[attr-defined]
    return view
