"""`{% load stage_urls %}`: addresses of a record's pages and the forms on its own, whichever stage it is at."""

from __future__ import annotations

from django import template
from django.utils.safestring import SafeString

from ..desks import DESKS
from ..forms import ActForm
from ..records import ConveyorItem

register = template.Library()


@register.simple_tag
def stage_url(item: ConveyorItem, page: str, *args: object) -> str:
    """`{% stage_url item "claim" %}`, `{% stage_url item "task-done" task.pk %}`."""
    return DESKS[item.stage].url(page, item.pk, *args)


@register.simple_tag(takes_context=True)
def printed(context: template.Context, form: type[ActForm], *, quiet: bool = False) -> SafeString:
    """`{% printed park %}`: an empty form of a kind, for the record of the page."""
    return context["press"].print(form, quiet=quiet)
