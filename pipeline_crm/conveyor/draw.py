"""The small marks of the look as HTML; the tags of `{% load belt %}` hand them to the templates.

A board draws hundreds of them, so they are put together by hand; whatever somebody has written is escaped here.
"""

from __future__ import annotations

from functools import lru_cache
from html import escape

from django.templatetags.static import static
from django.utils.safestring import SafeString

from pipeline_crm.tiers.stages import Stage

from .faces import GATE_ICONS, STAGE_ICONS, ClockFace, initials

MARKS = {"over": "M10 6v4.6M10 13.6v.1", "paused": "M8.2 7.4v5.2M11.8 7.4v5.2"}
MOST_DOTS = 8


def text(words: object) -> str:
    """Words as HTML; what a template has escaped already stays as it is."""
    return words if isinstance(words, SafeString) else escape(str(words))


@lru_cache(maxsize=512)
def icon(name: str, classes: str = "ico") -> SafeString:
    """One icon of the sprite; the words beside it carry the meaning, so readers of the screen skip it."""
    drawn = f' class="{escape(classes)}"' if classes else ""
    return SafeString(f'<svg{drawn} aria-hidden="true"><use href="{static("dist/icons.svg")}#{escape(name)}"/></svg>')


def clock(face: ClockFace | None, size: str = "", said: str = "") -> SafeString:
    """An arc and the words beside it; `said` puts other words beside the same arc."""
    if face is None:
        return SafeString("")
    if face.state in MARKS:
        hand = f'<path class="clock-mark" d="{MARKS[face.state]}"/>'
    else:
        hand = (
            f'<circle class="clock-arc" cx="10" cy="10" r="7.5" pathLength="100" stroke-dasharray="{face.left} 100"/>'
        )
    kind = "clock clock-lg" if size == "lg" else "clock"
    return SafeString(
        f'<span class="{kind}" data-state="{face.state}"{_ticking(face, said=bool(said))}>'
        '<svg viewBox="0 0 20 20" aria-hidden="true"><circle class="clock-ring" cx="10" cy="10" r="7.5"/>'
        f"{hand}</svg><span>{text(said or face.words)}</span></span>"
    )


def _ticking(face: ClockFace, *, said: bool) -> str:
    """The hours that clocks.js needs; words that the page chose itself stay as they are."""
    hours = face.hours
    if hours is None:
        return ""
    start, soon, due = (int(moment.timestamp()) for moment in (hours.started_at, hours.soon_at, hours.due_at))
    return f' data-from="{start}" data-soon="{soon}" data-due="{due}"{" data-said" if said else ""}'


def flag(word: object, tone: str = "", sign: str = "") -> SafeString:
    """A short word that stands out."""
    drawn = icon(sign, "") if sign else ""
    return SafeString(f'<span class="flag" data-tone="{escape(tone)}">{drawn}{text(word)}</span>')


@lru_cache(maxsize=128)
def gate(state: str, sign: str = "", size: str = "") -> SafeString:
    """A joint's diamond."""
    shape, drawn = "gate gate-lg" if size == "lg" else "gate", icon(sign or GATE_ICONS[state], "")
    return SafeString(f'<span class="{shape}" data-state="{escape(state)}">{drawn}</span>')


@lru_cache(maxsize=128)
def dot(sign: str) -> SafeString:
    """The round mark of one line of the timeline."""
    return SafeString(f'<span class="tl-dot">{icon(sign, "")}</span>')


def stage_tag(stage: str, word: object = "") -> SafeString:
    """The name of a stage, or other words, on its colour."""
    drawn, words = icon(STAGE_ICONS[stage], ""), text(word or Stage(stage).label)
    return SafeString(f'<span class="stage-tag" data-stage="{escape(stage)}">{drawn}{words}</span>')


@lru_cache(maxsize=512)
def avatar(name: str) -> SafeString:
    """The small square with a person's initials; their name stands beside it."""
    return SafeString(f'<span class="avatar-s" aria-hidden="true">{escape(initials(name))}</span>')


@lru_cache(maxsize=512)
def step_dots(step: int, of: int) -> SafeString:
    """The step's place as small marks; its name stands beside it."""
    marks = "".join(
        f'<i class="h-2 w-1 rounded-full {"bg-hue" if place < step else "bg-input"}"></i>'
        for place in range(min(of, MOST_DOTS))
    )
    return SafeString(f'<span class="inline-flex gap-0.5" aria-hidden="true">{marks}</span>')
