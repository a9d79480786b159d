"""Sentences about facts, made when they are read."""

from __future__ import annotations

from django.utils.text import Truncator
from django.utils.translation import gettext as _

from pipeline_crm.timeline.models import Entry

SHORT = 90  # signs of what was said that fit a line


def touch_words(kind: str, outcome: str = "", text: str = "") -> str:
    """One touch in a line: what was said, or how the call ended."""
    if text:
        return Truncator(text).chars(SHORT)
    if kind == Entry.Kind.CALL:
        return _("call: %(outcome)s") % {"outcome": Entry.Outcome(outcome).label}
    return str(Entry.Kind(kind).label)
