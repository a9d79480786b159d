"""The cards of a board as HTML: a hundred of them are most of the page, so they are written in Python and not by a template.

Everything that a person or a client has written goes through `escape`; `templates/belt/board.html` stands around them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from html import escape

from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from .cards import Card
from .draw import avatar, clock, flag, icon
from .words import money_words

Steps = tuple[tuple[int, str], ...]


@dataclass(frozen=True)
class Table:
    """What the cards of one board have in common."""

    steps: Steps
    here: str  # the board's own address, to which a card comes back
    token: str  # against forgery
    out_word: str = ""
    with_owner: bool = False


def parcels(cards: Sequence[Card], table: Table) -> SafeString:
    """The cards of one column, one under the other."""
    words = _("Move %(name)s to another step"), _("Move to")
    return SafeString("\n".join([_parcel(card, table, *words) for card in cards]))


def _parcel(card: Card, table: Table, move_words: str, move_to: str) -> str:
    item, out, title = card.item, card.way_out, escape(card.title)
    menu = move_menu(
        move_words % {"name": card.title}, move_to, card.move, item.version, table, item.step_id, out, table.out_word
    )
    need = f'\n  <p class="meta truncate">{escape(card.need)}</p>' if card.need else ""
    back = (
        f'\n  <p class="mt-1">{flag(card.came_back, tone="over", sign="arrow-back-up")}</p>' if card.came_back else ""
    )
    if item.barred:
        back += f'\n  <p class="mt-1">{flag(_("do not contact"), tone="over", sign="phone-off")}</p>'
    amount = getattr(item, "amount", None)
    return (
        f'<article class="card-item" data-drag{" data-late" if card.is_late else ""}'
        f"{f' data-out="{escape(out)}"' if out else ''}>\n  {menu}\n"
        f'  <h3 class="truncate pe-8 text-sm font-semibold"><a class="hover:underline" href="{card.url}">{title}</a></h3>'
        f"{need}{back}{_todo(card)}\n"
        f'  <div class="mt-2 flex flex-wrap items-center justify-between gap-1">{clock(card.face)}'
        f'<b class="whitespace-nowrap text-xs font-semibold">{escape(money_words(amount, ""))}</b></div>'
        f"{_owner(card) if table.with_owner else ''}\n</article>"
    )


def _todo(card: Card) -> str:
    if not card.todo:
        return ""
    sign = icon(card.sign, "size-3.5 mt-px shrink-0 text-muted-foreground")
    return (
        f'\n  <p class="mt-2 flex items-start gap-1.5 text-xs font-medium">{sign}<span>{escape(card.todo)}</span></p>'
    )


def _owner(card: Card) -> str:
    if card.item.seat is None:
        return ""
    person = card.item.seat.user
    name = f'{avatar(person.name)}<span class="truncate">{escape(person.short_name)}</span>'
    return f'\n  <p class="meta mt-2 flex items-center gap-1.5">{name}</p>'


# The menu of a card ----------------------------------------------------------------------------------------------


def move_menu(
    label: str, move_to: str, url: str, version: int, table: Table, current: int | None, way_out: str, out_word: str
) -> SafeString:
    """The menu that moves a card to another step or out of its stage, by keyboard too; dragging posts the same form."""
    leave = ""
    if way_out:
        sign = icon("transfer", "ico")
        leave = f'<a class="drop-item border-t" href="{escape(way_out)}">{sign}{escape(out_word)}</a>'
    return SafeString(
        '<details class="drop"><summary class="btn" data-variant="ghost" data-size="icon-sm"'
        f' aria-label="{escape(label)}">{icon("dots", "ico")}</summary>'
        f'<form class="drop-body" method="post" action="{escape(url)}" data-move-form>'
        f'<input type="hidden" name="csrfmiddlewaretoken" value="{table.token}">'
        f'<input type="hidden" name="version" value="{version}">'
        f'<input type="hidden" name="next" value="{escape(table.here)}"><p class="eyebrow px-2 pb-1">{escape(move_to)}</p>'
        f"{move_choices(table.steps, current)}{leave}</form></details>"
    )


@lru_cache(maxsize=256)
def move_choices(steps: Steps, current: int | None) -> SafeString:
    """The buttons of a card's menu; the same for every card of a column, so drawn once."""
    signs = {True: icon("check", "ico"), False: icon("arrow-right", "ico")}
    return SafeString(
        "".join(
            f'<button type="submit" class="drop-item" name="step" value="{pk}"{" disabled" if pk == current else ""}>'
            f"{signs[pk == current]}{escape(name)}</button>"
            for pk, name in steps
        )
    )
