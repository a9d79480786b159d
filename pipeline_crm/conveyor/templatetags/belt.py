"""The tags that draw the look: `{% load belt %}`. Each is shown in use in docs/look.md.

The small ones, drawn often on a board, are strings; whatever has an inside is a template in templates/pieces/.
"""

import secrets
from collections.abc import Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from django import template
from django.utils import timezone
from django.utils.html import conditional_escape, escape, format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext, pgettext

from .. import draw, words
from ..draw import icon as drawn_icon
from ..faces import STAGE_ICONS, Belt, ClockFace, Link, initials

register = template.Library()

PILE_WIDTH, PILE_ROWS = 3, 6


@register.simple_tag
def icon(name: str, classes: str = "ico") -> SafeString:
    """`{% icon "phone" %}`; other sizes: `{% icon "phone" "size-5" %}`."""
    return drawn_icon(name, classes)


@register.simple_tag
def stage_icon(stage: str, classes: str = "ico") -> SafeString:
    """The sign of a stage."""
    return drawn_icon(STAGE_ICONS[stage], classes)


@register.simple_tag
def clock(face: ClockFace | None, size: str = "", said: str = "") -> SafeString:
    """`{% clock face %}`, `{% clock face size="lg" %}`; `said` puts other words beside the same arc."""
    return draw.clock(face, size, said)


@register.simple_tag
def clock_words() -> str:
    """What the clocks of this page may say, for the script; an attribute of the page."""
    return words.clock_words(words.reader())


@register.simple_tag
def gate(state: str, sign: str = "", size: str = "") -> SafeString:
    """A joint's diamond: `{% gate "waiting" %}`, `{% gate "waiting" "hourglass" size="lg" %}`."""
    return draw.gate(state, sign, size)


@register.simple_tag
def stage_tag(stage: str, word: str = "") -> SafeString:
    """`{% stage_tag "deal" %}`, or with its state: `{% stage_tag "deal" _("Deal, open") %}`."""
    return draw.stage_tag(stage, word)


@register.simple_tag
def flag(word: str, tone: str = "", sign: str = "") -> SafeString:
    """`{% flag _("stuck") tone="over" sign="alert-triangle" %}`; tones: over, soon, good, none."""
    return draw.flag(word, tone, sign)


@register.simple_tag
def avatar(name: str) -> SafeString:
    """The small square with a person's initials; their name stands beside it."""
    return draw.avatar(name)


@register.simple_tag
def bar(value: float, limit: float, label: str = "", pace: float | None = None, room: float = 1) -> SafeString:
    """A load against its limit. `pace` draws the upright mark; `room` 1.25 leaves space for what is over the limit."""
    whole = max(float(limit) * room, 1)
    filled = min(max(round(100 * float(value) / whole), 0), 100)
    mark = SafeString("")
    if pace is not None:
        at = min(max(round(100 * float(pace) / whole, 1), 0), 99)
        mark = format_html('<rect class="pace" x="{}" y="-3" width=".8" height="14"/>', at)
    return format_html(
        '<svg class="bar" viewBox="0 0 100 8" preserveAspectRatio="none" role="img" aria-label="{}">'
        '<rect class="bg" width="100" height="8" rx="1.5"/><rect class="fg" width="{}" height="8" rx="1.5"/>{}</svg>',
        label or f"{value} / {limit}",
        filled,
        mark,
    )


@register.simple_tag
def step_dots(step: int, of: int) -> SafeString:
    """The step's place as small marks, for a row of a table; its name stands beside it."""
    return draw.step_dots(step, of)


@register.simple_tag
def dot(sign: str) -> SafeString:
    """The round mark of one line of the timeline."""
    return draw.dot(sign)


# Pieces with an inside -------------------------------------------------------------------------------------------


@register.inclusion_tag("pieces/belt.html")
def big_belt(belt: Belt, label: str = "") -> dict[str, Any]:
    """`{% big_belt belt %}`: the belt across a page. One to a page."""
    return {"belt": belt, "label": label or gettext("Where the client is on the belt")}


@register.inclusion_tag("pieces/pile.html")
def pile(count: int, stale: int = 0, unit: int = 5) -> dict[str, Any]:
    """Boxes on a belt, three in a row, one for `unit` records; those that went stale lie on top, crossed."""
    boxes = min(-(-count // unit), PILE_WIDTH * PILE_ROWS)
    crossed = min(-(-stale // unit), boxes)
    drawn = []
    for place in range(boxes):
        x, y = 1 + (place % PILE_WIDTH) * 16.5, 59 - (place // PILE_WIDTH) * 11
        drawn.append(
            {
                "x": x,
                "y": y,
                "cross": f"M{x + 2} {y + 7.5}l10.5 -6M{x + 2} {y + 1.5}l10.5 6" if place >= boxes - crossed else "",
            }
        )
    return {"boxes": drawn, "count": count, "stale": stale}


@register.inclusion_tag("pieces/empty.html")
def empty_state(sign: str, title: str, text: str = "", url: str = "", word: str = "") -> dict[str, Any]:
    """Where nothing is yet: what would stand here, how it gets here, and the next thing to do."""
    return {"sign": sign, "title": title, "text": text, "url": url, "word": word}


@register.inclusion_tag("pieces/switch.html")
def switch(links: Sequence[Link], label: str = "") -> dict[str, Any]:
    """A row of choices of which one holds: Board and List, Today and 7 days."""
    return {"links": links, "label": label}


@register.inclusion_tag("pieces/mark.html")
def brief_mark(name: str = "mark", value: int | None = None, legend: str = "") -> dict[str, Any]:
    """One to five for a brief, as five buttons that the keyboard reaches."""
    said = {
        1: pgettext("mark of a brief", "useless"),
        2: pgettext("mark of a brief", "poor"),
        3: pgettext("mark of a brief", "usable"),
        4: pgettext("mark of a brief", "good"),
        5: pgettext("mark of a brief", "clear and true"),
    }
    return {"name": name, "value": value, "marks": said, "legend": legend or gettext("How good was this brief?")}


@register.inclusion_tag("pieces/next_page.html", takes_context=True)
def next_page(context: template.Context, after: str | int | None, name: str = "after") -> dict[str, Any]:
    """The link to what follows, keeping the filters; nothing when nothing follows."""
    return {"address": addressed(context, {name: after}) if after else ""}


def addressed(context: template.Context, change: dict[str, str | int]) -> str:
    """This page's address with some of its questions answered otherwise; an empty answer drops the question."""
    question = context["request"].GET.copy()
    for name, value in change.items():
        question[name] = str(value)
        if value == "":
            del question[name]
    return f"?{question.urlencode()}"


@register.simple_block_tag
def drop(
    content: str, word: str, sign: str = "", variant: str = "outline", size: str = "", classes: str = ""
) -> SafeString:
    """A button that opens a small panel with a form, without a script too: `{% drop _("Lost") %}…{% enddrop %}`."""
    drawn = drawn_icon(sign, "ico") if sign else SafeString("")
    return format_html(
        '<details class="drop {}"><summary class="btn" data-variant="{}" data-size="{}">{}{}</summary>'
        '<div class="drop-body">{}</div></details>',
        classes,
        variant,
        size or "default",
        drawn,
        word,
        conditional_escape(content),
    )


# Stand where the token against forgery and the page's own address will stand; nobody can write them.
TOKEN_PLACE, HERE_PLACE = secrets.token_hex(16), secrets.token_hex(16)


@register.simple_tag(takes_context=True)
def frame_piece(context: template.Context, name: str) -> SafeString:
    """`{% frame_piece "pieces/side.html" %}`: a part of the frame, drawn once for as long as the frame stays the same."""
    drawn, page = context["frame"].drawn, context.template
    if name not in drawn and page is not None:
        with context.push(csrf_token=TOKEN_PLACE, here=HERE_PLACE):
            drawn[name] = page.engine.get_template(name).render(context)
    here = escape(context["request"].get_full_path())
    return SafeString(drawn[name].replace(TOKEN_PLACE, str(context.get("csrf_token", ""))).replace(HERE_PLACE, here))


# Words -----------------------------------------------------------------------------------------------------------


@register.filter
def when(moment: datetime | None) -> str:
    """`{{ entry.at|when }}`: “today 13:05”, “Fri 17:42”, “Thu 19 Nov”."""
    return words.when_words(moment, now=timezone.now()) if moment else ""


@register.filter
def when_full(moment: datetime | None) -> str:
    """The same, with the hour in any case: “Thu 19 Nov, 11:20”."""
    return words.when_full_words(moment, now=timezone.now()) if moment else ""


@register.filter
def day(moment: date | None) -> str:
    """`{{ absence.last_day|day }}`: “today”, “Fri”, “Thu 19 Nov”."""
    return words.day_words(moment, today=timezone.localdate()) if moment else ""


@register.filter
def long_day(moment: datetime | None) -> str:
    """“Monday 23 November, 14:36”."""
    return words.long_day_words(moment) if moment else ""


@register.filter
def span(seconds: float | None) -> str:
    """A length of time in words, from seconds."""
    return words.span(seconds) if seconds is not None else ""


@register.filter
def signed(name: str) -> str:
    """A person's initials, for a parcel."""
    return initials(name)


@register.simple_tag
def money(amount: Decimal | None, currency: str) -> str:
    """A sum in short: “11.8 M ₽”; an empty currency leaves the sign out, for cards."""
    return words.money_words(amount, currency)


@register.simple_tag
def money_full(amount: Decimal | None, currency: str) -> str:
    """A sum in full: “11 800 000 ₽”."""
    return words.money_full_words(amount, currency)
