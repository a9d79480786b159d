"""The page on which an administrator opens a pipeline's clients in an emergency, and closes them again."""

from __future__ import annotations

from datetime import timedelta
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, cast

from allauth.account.decorators import reauthentication_required
from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views.decorators.http import require_http_methods, require_POST

from pipeline_crm.tiers.models import Pipeline

from .gate import may
from .glass import break_glass, close_glass
from .models import LONGEST, SHORTEST_REASON, BreakGlass
from .pipelines import CHOSEN
from .sight import Sight, sight_of

if TYPE_CHECKING:
    from pipeline_crm.users.models import User

HOURS = (1, 2, LONGEST // timedelta(hours=1))
EARLIER = 20


class GlassForm(forms.Form):
    """Whose clients, for how long, and why."""

    pipeline = forms.ModelChoiceField(Pipeline.objects.none(), label=gettext_lazy("Clients of"), empty_label=None)
    hours = forms.TypedChoiceField(label=gettext_lazy("For how long"), coerce=int, initial=HOURS[0])
    reason = forms.CharField(
        label=gettext_lazy("Why must you see them?"),
        min_length=SHORTEST_REASON,
        max_length=500,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=gettext_lazy("The head of sales reads these words. Name no client in them."),
    )

    def __init__(self, *args: Any, sight: Sight, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        behind = {glass.pipeline_id for glass in sight.glass}
        cast("forms.ModelChoiceField", self.fields["pipeline"]).queryset = Pipeline.objects.exclude(
            pk__in=sight.headed_ids - behind
        )
        choices = [(hours, ngettext("%(n)d hour", "%(n)d hours", hours) % {"n": hours}) for hours in HOURS]
        cast("forms.TypedChoiceField", self.fields["hours"]).choices = choices


@may("house.administer")
@require_http_methods(["GET", "HEAD", "POST"])
@reauthentication_required
def glass(request: HttpRequest) -> HttpResponse:
    """Asks for a reason, and opens; a session that has been open for long says its password once more."""
    by, now = cast("User", request.user), timezone.now()
    sent = request.POST if request.method == "POST" else None
    form = GlassForm(sent, sight=sight_of(by))
    if form.is_valid():
        told = form.cleaned_data
        span = timedelta(hours=told["hours"])
        opened = break_glass(pipeline=told["pipeline"], reason=told["reason"], span=span, by=by, now=now)
        request.session[CHOSEN] = opened.pipeline_id
        messages.warning(request, _("It is open. The head of sales has been told, with your reason."))
        return _see_other("workbench:my-work")
    earlier = BreakGlass.objects.select_related("user", "pipeline")[:EARLIER]
    status = HTTPStatus.UNPROCESSABLE_ENTITY if form.is_bound else HTTPStatus.OK
    return render(request, "access/glass.html", {"form": form, "earlier": earlier, "now": now}, status=status)


@may("house.administer")
@require_POST
def close(request: HttpRequest) -> HttpResponse:
    """Closes what is open before its time."""
    close_glass(by=cast("User", request.user), now=timezone.now())
    messages.success(request, _("Closed. You see no clients any more."))
    return _see_other("access:glass")


def _see_other(name: str) -> HttpResponse:
    return HttpResponseRedirect(reverse(name), status=HTTPStatus.SEE_OTHER)
