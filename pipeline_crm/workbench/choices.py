"""What a person chooses for themselves: language, theme, the pipeline they look at."""

from __future__ import annotations

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_POST

from pipeline_crm.access.gate import may, public
from pipeline_crm.access.pipelines import CHOSEN, in_sight
from pipeline_crm.access.sight import sight_of

YEAR = 365 * 24 * 3600  # seconds
THEMES = ("dark", "light")


def back(request: HttpRequest) -> HttpResponse:
    """To the page that the form came from, or to my work; never to another site."""
    wanted = request.POST.get("next", "")
    ours = url_has_allowed_host_and_scheme(wanted, {request.get_host()}, require_https=request.is_secure())
    return HttpResponseRedirect(wanted if ours else reverse("workbench:my-work"), status=303)


@public
@require_POST
def language(request: HttpRequest) -> HttpResponse:
    """Saves the language on the person; on the browser of somebody who has not signed in."""
    wanted = request.POST.get("language")
    if wanted not in dict(settings.LANGUAGES):
        raise Http404
    answer = back(request)
    if request.user.is_authenticated:
        request.user.language = wanted
        request.user.save(update_fields=["language"])
    _keep(answer, settings.LANGUAGE_COOKIE_NAME, wanted)
    return answer


@public
@require_POST
def theme(request: HttpRequest) -> HttpResponse:
    """Keeps dark or light on the browser; anything else follows the system again."""
    wanted = request.POST.get("theme")
    answer = back(request)
    if wanted in THEMES:
        _keep(answer, "theme", wanted)
    else:
        answer.delete_cookie("theme")
    return answer


@may("self")
@require_POST
def pipeline(request: HttpRequest, pk: int) -> HttpResponse:
    """Looks at another of the pipelines that the person has sight of."""
    if pk not in {one.pk for one in in_sight(sight_of(request.user))}:
        raise Http404
    request.session[CHOSEN] = pk
    return back(request)


def _keep(answer: HttpResponse, name: str, value: str) -> None:
    answer.set_cookie(name, value, max_age=YEAR, secure=settings.LANGUAGE_COOKIE_SECURE, httponly=True, samesite="Lax")
