"""The list and the board of a stage: the same records, as lines that sort and sift, or as cards on the belt."""

from __future__ import annotations

from functools import cache
from typing import Any

from django.db.models import Case, F, IntegerField, QuerySet, Value, When
from django.http import HttpRequest, HttpResponse, QueryDict
from django.middleware.csrf import get_token
from django.shortcuts import render
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views.decorators.http import require_safe

from pipeline_crm.access.exporting import may_export
from pipeline_crm.tiers.models import Step
from pipeline_crm.tiers.stages import Stage

from .around import Around
from .asking import Asked, ask
from .board import Board, draw_board
from .cards import dress, furnish
from .columns import unshown_of
from .desks import Desk
from .faces import Link
from .joints import returned_of
from .lines import Paper, heads, lines
from .paging import Page, page_of, sorted_from
from .parcels import Table, parcels
from .questions import NOW, Question, question
from .records import ConveyorItem, ConveyorQuerySet
from .scope import Scope, View, scope_of
from .words import MANY, capped, money_words, reader

TITLES: dict[tuple[Stage, View], str | Promise] = {
    (Stage.LEAD, View.MINE): gettext_lazy("My leads"),
    (Stage.LEAD, View.TEAM): gettext_lazy("Leads of the team"),
    (Stage.LEAD, View.POOL): gettext_lazy("Leads in the pool"),
    (Stage.LEAD, View.CLOSED): gettext_lazy("Closed leads"),
    (Stage.DEAL, View.MINE): gettext_lazy("My deals"),
    (Stage.DEAL, View.TEAM): gettext_lazy("Deals of the team"),
    (Stage.DEAL, View.POOL): gettext_lazy("Deals in the pool"),
    (Stage.DEAL, View.CLOSED): gettext_lazy("Closed deals"),
    (Stage.ACCOUNT, View.MINE): gettext_lazy("My accounts"),
    (Stage.ACCOUNT, View.TEAM): gettext_lazy("Accounts of the team"),
    (Stage.ACCOUNT, View.POOL): gettext_lazy("Accounts in the pool"),
    (Stage.ACCOUNT, View.CLOSED): gettext_lazy("Closed accounts"),
}


@require_safe
def list_page(request: HttpRequest, *, desk: Desk) -> HttpResponse:
    """The records of one view as lines."""
    scope = scope_of(request, desk)
    steps = steps_of(scope)
    asked = ask(request.GET, scope, steps)
    page = _page(scope, asked)
    cards = dress(page.items, sight=scope.sight, now=scope.now, back=returned_of(page.items, scope.house), tasks=False)
    paper = Paper(
        shows={column.key for column in asked.columns},
        places={step.pk: place for place, step in enumerate(steps, 1)},
        states=words_of_states(desk.model, reader()),
        now=scope.now,
        token=get_token(request) if asked.view == View.POOL and scope.can_take else "",
    )
    return render(
        request,
        "belt/list.html",
        _frame(request, scope, asked, page="list")
        | {
            "lines": [(card, paper.places.get(card.item.step_id, 0)) for card in cards],
            "heads": heads(asked.columns, str(asked.sort), request.GET),
            "drawn": lines(cards, paper),
            "after": page.after,
            "facts": _list_facts(scope, asked),
        },
    )


@require_safe
def board_page(request: HttpRequest, *, desk: Desk) -> HttpResponse:
    """The open records of one view as cards on the steps of the belt."""
    scope = scope_of(request, desk)
    steps = steps_of(scope)
    asked = ask(_for_board(request.GET), scope, steps)
    board = draw_board(scope, asked, steps)
    table = Table(
        steps=tuple((step.pk, step.name) for step in steps),
        here=request.get_full_path(),
        token=get_token(request),
        out_word=str(board.joint_out.act) if board.joint_out else "",
        with_owner=asked.view == View.TEAM,
    )
    return render(
        request,
        "belt/board.html",
        _frame(request, scope, asked, page="board")
        | {
            "board": board,
            "columns": [(column, parcels(column.cards, table)) for column in board.columns],
            "facts": _board_facts(board, scope),
            "list_url": _address(scope, "list", asked.view),
            "pool_url": _address(scope, "list", View.POOL),
        },
    )


def steps_of(scope: Scope) -> list[Step]:
    """The steps of the stage in the order of the belt."""
    steps = [step for step in scope.house.pipelines[scope.pipeline.pk].steps.all() if step.stage == scope.desk.stage]
    return sorted(steps, key=lambda step: (step.position, step.pk))


def _page(scope: Scope, asked: Asked) -> Page:
    """One page of records."""

    def rows() -> ConveyorQuerySet:
        found, key = asked.of(scope.anybody), asked.key(scope.anybody)
        return (
            sorted_from(found, asked.sort, key, asked.after, few=bool(asked.sifts))
            .select_related("client")
            .defer(*unshown_of(scope.desk.model))
        )

    key = ("list", *scope.asks, asked.asks, asked.sort)
    # What somebody looks for by name, or reads on, is seldom asked for twice.
    asking = Question([rows()]) if asked.search or asked.after else question(rows, key)
    return page_of(furnish(asking.records(scope.stand_in.numbers, now=scope.now), scope.house), asked.sort)


@cache
def words_of_states(model: type[ConveyorItem], language: str) -> dict[str, str]:
    """What the states of a stage are called in the reader's language."""
    return {value: str(word) for value, word in model.state.field.choices}


def _for_board(address: QueryDict) -> QueryDict:
    """A board knows neither the pool nor what is closed as views of their own, and shows every step."""
    address = address.copy()
    if address.get("view") in (View.POOL, View.CLOSED):
        del address["view"]
    for name in ("step", "sort", "after"):
        address.pop(name, None)
    return address


def _frame(request: HttpRequest, scope: Scope, asked: Asked, *, page: str) -> dict[str, object]:
    """What stands around both: the title, the ways to look, the filter."""
    around = _around(scope, asked, page=page, sort=str(asked.sort) if request.GET.get("sort") else "")
    return {
        "scope": scope,
        "desk": scope.desk,
        "stage": scope.desk.stage.value,
        "asked": asked,
        "title": TITLES[scope.desk.stage, asked.view],
        "clear": around.clear,
        **around.drawn(get_token(request)),
    }


def _around(scope: Scope, asked: Asked, *, page: str, sort: str) -> Around:
    views = [view for view in scope.views if page == "list" or view in (View.MINE, View.TEAM)]
    return Around(
        language=reader(),
        page=page,
        stage=scope.desk.stage.value,
        view=asked.view.value,
        pipeline=scope.pipeline.pk if len(scope.pipelines) > 1 else None,
        take_from=scope.seat.tier_id if scope.seat is not None and scope.can_take else None,
        sort=sort,
        search=asked.search,
        late=asked.late,
        sifts=asked.sifts,
        sieves=tuple(sieve for sieve in asked.sieves if page == "list" or sieve.name != "step"),
        left_out=asked.left_out,
        pages=(
            Link(_address(scope, "board", asked.view), _("Board"), "layout-columns", current=page == "board"),
            Link(_address(scope, "list", asked.view), _("List"), "list-check", current=page == "list"),
        ),
        views=tuple(
            Link(_address(scope, page, view), str(view.label), current=view == asked.view)
            for view in (views if len(views) > 1 else [])
        ),
        filter_word=_("Filter: %(n)d") % {"n": asked.sifts} if asked.sifts else _("Filter"),
        clear=_address(scope, page, asked.view),
        export=_export(scope, asked, sort) if page == "list" else "",
    )


def _export(scope: Scope, asked: Asked, sort: str) -> str:
    """Where the list is asked for as a file, by those who may."""
    if not may_export(scope.sight, scope.pipeline.pk, scope.desk.stage):
        return ""
    told = {"view": asked.view.value, "pipeline": str(scope.pipeline.pk)}
    told |= {sieve.name: sieve.chosen for sieve in asked.sieves if sieve.chosen}
    told |= {name: word for name, word in (("q", asked.search), ("late", "1" * asked.late), ("sort", sort)) if word}
    return f"{reverse('exchange:new', args=[scope.desk.stage.value])}?{urlencode(told)}"


def _address(scope: Scope, page: str, view: View) -> str:
    """A page of this desk, in the same pipeline."""
    asked = [f"view={view.value}"] if page == "list" or view in (View.MINE, View.TEAM) else []
    if len(scope.pipelines) > 1:
        asked.append(f"pipeline={scope.pipeline.pk}")
    return f"{scope.desk.url(page)}?{'&'.join(asked)}".rstrip("?")


# One line of facts ----------------------------------------------------------------------------------------------


def _list_facts(scope: Scope, asked: Asked) -> list[str]:
    def rows() -> QuerySet[Any, Any]:
        is_late = Case(When(due_at__lte=NOW, then=Value(1)), output_field=IntegerField())
        found = asked.of(scope.anybody).annotate(late=is_late).values_list("late")
        # Where the order costs nothing, the most urgent are counted, so that those which are late are all among them.
        urgent = [F("due_at").asc(nulls_last=True)] if asked.view in (View.MINE, View.POOL) else []
        return found.order_by(*urgent)[: MANY + 1]

    over = "SELECT COUNT(*), COUNT(late) FROM ({}) AS counted"
    key = ("list's facts", *scope.asks, asked.asks)
    asking = Question([rows()], over=over) if asked.search else question(rows, key, over)
    [(count, late)] = asking.tuples(scope.stand_in.numbers, now=scope.now)
    if asked.view == View.CLOSED:
        return [_("%(count)s closed") % {"count": capped(count)}]
    return _facts(count, late)


def _board_facts(board: Board, scope: Scope) -> list[str]:
    facts = _facts(board.count, board.late)
    if board.total:
        facts.insert(1, money_words(board.total, scope.pipeline.currency))
    offered = board.joint_in.offered if board.joint_in else 0
    if offered:
        facts.append(ngettext("%(n)d offer to answer", "%(n)d offers to answer", offered) % {"n": offered})
    return facts


def _facts(count: int, late: int) -> list[str]:
    facts = [_("%(count)s open") % {"count": capped(count)}]
    return [*facts, _("%(count)s late") % {"count": capped(late)}] if late else facts
