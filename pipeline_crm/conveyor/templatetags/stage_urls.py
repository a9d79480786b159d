"""`{% load stage_urls %}`: addresses of a record's pages, whichever stage it is at."""

from __future__ import annotations

from django import template

from ..desks import DESKS
from ..records import ConveyorItem

register = template.Library()


@register.simple_tag
def stage_url(item: ConveyorItem, page: str, *args: object) -> str:
    """`{% stage_url item "claim" %}`, `{% stage_url item "task-done" task.pk %}`."""
    return DESKS[item.stage].url(page, item.pk, *args)
