"""The lines of a list as HTML: fifty of them are most of the page, so they are written in Python and not by a template.

Everything that a person or a client has written goes through `escape`; `templates/belt/list.html` stands around it.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from html import escape
from typing import Any

from django.http import QueryDict
from django.utils import timezone
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from .cards import Card
from .columns import COLUMNS, Column
from .draw import avatar, clock, flag, icon, step_dots
from .words import day_words, money_words, reader, short_moment

NOTHING = "—"
CELL = '<td class="max-md:hidden">'
QUIET = '<td class="meta whitespace-nowrap max-md:hidden">'
DAY = '<td class="whitespace-nowrap max-md:hidden">'
LISTED = '<td class="max-md:hidden"><span class="block max-w-36 truncate" title="{0}">{0}</span></td>'
TAKE = (
    '<td class="text-end"><form method="post" action="{}"><input type="hidden" name="csrfmiddlewaretoken" value="{}">'
    '<input type="hidden" name="version" value="{}">'
    '<button class="btn" data-variant="outline" data-size="sm">{}</button></form></td>'
)


@dataclass(frozen=True)
class Paper:
    """What the lines of one list have in common."""

    shows: Collection[str]
    places: dict[int, int]
    states: dict[str, str]
    now: datetime
    token: str = ""  # against forgery; where it is given, each line can be taken

    @property
    def today(self) -> Any:
        """The reader's day."""
        return timezone.localtime(self.now).date()


def heads(columns: Sequence[Column], sort: str, question: QueryDict) -> SafeString:
    """The heads of the columns; a click sorts by one, a second click turns it round."""
    asked = question.copy()
    for name in ("after", "sort"):
        asked.pop(name, None)
    return _heads(tuple(column.key for column in columns), sort, asked.urlencode(), reader())


@lru_cache(maxsize=512)
def _heads(keys: Sequence[str], sort: str, question: str, language: str) -> SafeString:
    drawn = []
    for column in (column for column in COLUMNS if column.key in keys):
        turned = f"-{column.key}" if sort == column.key else column.key
        way = {column.key: ("ascending", "arrow-up"), f"-{column.key}": ("descending", "arrow-down")}.get(sort)
        shape = f' class="{column.shape}"' if column.shape else ""
        direction, sign = (f' aria-sort="{way[0]}"', icon(way[1], "size-3")) if way else ("", "")
        address = escape(f"?{question}&sort={turned}" if question else f"?sort={turned}")
        word = f'<a class="sort" href="{address}">{escape(str(column.word))}{sign}</a>'
        drawn.append(f'<th scope="col"{shape}{direction}>{word}</th>')
    return SafeString("".join(drawn))


def lines(cards: Sequence[Card], paper: Paper) -> SafeString:
    """The lines of these records, one under the other."""
    cells = [cell for key, cell in CELLS.items() if key in paper.shows]
    today, nobody, take = paper.today, _("nobody"), _("Take")
    drawn = []
    for card in cards:
        step, state = card.item.step, paper.states[card.item.state]
        told = [_client(card), _step(step.name, paper.places.get(step.pk, 0), len(paper.places)), _told(state)]
        told += [cell(card.item, card, today, nobody) for cell in cells]
        if paper.token:
            picks = card.item.tier.cherry_picking
            told.append(TAKE.format(card.claim, paper.token, card.item.version, take) if picks else f"{CELL}</td>")
        drawn.append(f"<tr>\n{'\n'.join(told)}\n</tr>")
    return SafeString("".join(drawn))


def _client(card: Card) -> str:
    hidden = card.is_hidden
    sign = icon("eye-off", "me-1 inline size-3.5 text-muted-foreground") if hidden else ""
    back = f" {flag(card.came_back, tone='over', sign='arrow-back-up')}" if card.came_back else ""
    if card.item.barred:
        back += f" {flag(_('do not contact'), tone='over', sign='phone-off')}"
    under = ""
    if not hidden:
        wide = (card.brief and card.brief.need) or card.item.client.company
        under = (
            f'<span class="meta block truncate max-md:hidden">{escape(wide)}</span>'
            f'<span class="meta block truncate md:hidden">{escape(card.need)}</span>'
        )
    return (
        f'<td class="max-w-72"><a class="font-semibold hover:underline" href="{card.url}">{sign}{escape(card.title)}</a>'
        f"{back}{under}</td>"
    )


# The same few words stand in line after line, so their cells are drawn once.


@lru_cache(maxsize=1024)
def _step(name: str, place: int, of: int) -> str:
    marks = f"{step_dots(place, of)}{escape(name)}"
    return f'{CELL}<span class="inline-flex items-center gap-2 whitespace-nowrap">{marks}</span></td>'


@lru_cache(maxsize=1024)
def _told(word: str) -> str:
    return f"{CELL}{escape(word)}</td>"


@lru_cache(maxsize=1024)
def _listed(word: str) -> str:
    return LISTED.format(escape(word))


# The rest, by the key of the column --------------------------------------------------------------------------------


def _amount(item: Any, card: Card, today: Any, nobody: str) -> str:
    return f'<td class="figure max-md:hidden">{escape(money_words(item.amount, item.currency))}</td>'


def _owner(item: Any, card: Card, today: Any, nobody: str) -> str:
    if item.seat is None:
        return f'{CELL}<span class="meta">{nobody}</span></td>'
    person = item.seat.user
    return (
        f'{CELL}<span class="inline-flex items-center gap-2 whitespace-nowrap">'
        f"{avatar(person.name)}{escape(person.short_name)}</span></td>"
    )


def _due(item: Any, card: Card, today: Any, nobody: str) -> str:
    return f"<td>{clock(card.face)}</td>"


def _reason(item: Any, card: Card, today: Any, nobody: str) -> str:
    return _told(str(item.reason)) if item.reason else f"{CELL}{NOTHING}</td>"


def _touched(item: Any, card: Card, today: Any, nobody: str) -> str:
    return f"{QUIET}{short_moment(item.touched_at, today=today) if item.touched_at else NOTHING}</td>"


def _waits(item: Any, card: Card, today: Any, nobody: str) -> str:
    return f"{QUIET}{short_moment(item.owner_since, today=today)}</td>"


def _source(item: Any, card: Card, today: Any, nobody: str) -> str:
    return _listed(str(item.source) if item.source else "")


def _product(item: Any, card: Card, today: Any, nobody: str) -> str:
    return _listed(str(item.product) if item.product else "")


def _expected(item: Any, card: Card, today: Any, nobody: str) -> str:
    return f"{DAY}{day_words(item.expected_on, today=today) if item.expected_on else NOTHING}</td>"


def _next(item: Any, card: Card, today: Any, nobody: str) -> str:
    return f"{DAY}{day_words(item.next_touch_on, today=today) if item.next_touch_on else NOTHING}</td>"


CELLS: dict[str, Callable[[Any, Card, Any, str], str]] = {
    "amount": _amount,
    "bought": _amount,
    "owner": _owner,
    "due": _due,
    "reason": _reason,
    "touched": _touched,
    "waits": _waits,
    "source": _source,
    "product": _product,
    "expected": _expected,
    "next": _next,
}
