"""What the list of a stage shows, sorts and sifts by: allow-lists, so that an address can ask for nothing else."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cache
from html import escape
from typing import Any

from django.db.models import Case, F, Q, Value, When
from django.db.models.functions import Concat, Lower
from django.utils.functional import Promise
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from pipeline_crm.tiers.models import Step

from .cards import wishes_of
from .records import ConveyorItem
from .scope import Scope, View

ANYBODY = frozenset(View)


@dataclass(frozen=True)
class Column:
    """One column: its word, the views that show it, the field a stage must have for it, and how it sorts."""

    key: str
    word: str | Promise
    sort: Callable[[Scope], Any]
    needs: str = ""
    views: frozenset[View] = ANYBODY
    on_phone: bool = False
    is_figure: bool = False

    @property
    def shape(self) -> str:
        """How its head is set: figures to the right, and what a phone has no room for away."""
        return " ".join(
            word for word, holds in (("figure", self.is_figure), ("max-md:hidden", not self.on_phone)) if holds
        )


def _by_client(scope: Scope) -> Any:
    # Whose name is hidden must not be guessed from its place among the others.
    return Case(When(scope.named, then=Lower("client__name")), default=Value(""))


def _by(path: str) -> Callable[[Scope], Any]:
    return lambda scope: F(path)


def _by_owner(scope: Scope) -> Any:
    return Lower(Concat("seat__user__first_name", Value(" "), "seat__user__last_name"))


COLUMNS = (
    Column("client", _("Client"), _by_client, on_phone=True),
    Column("step", _("Step"), _by("step__position")),
    Column("state", _("State"), _by("state")),
    Column("amount", _("Amount"), _by("amount"), needs="amount", is_figure=True),
    Column("bought", _("Bought in total"), _by("bought_total"), needs="bought_total", is_figure=True),
    Column("owner", _("Owner"), _by_owner, views=frozenset({View.TEAM, View.CLOSED})),
    Column("due", pgettext_lazy("column", "Clock"), _by("due_at"), views=ANYBODY - {View.CLOSED}, on_phone=True),
    Column("reason", _("Reason"), _by("reason__name"), views=frozenset({View.CLOSED})),
    Column("touched", _("Last touch"), _by("touched_at"), views=ANYBODY - {View.POOL}),
    Column("waits", _("Waits since"), _by("owner_since"), views=frozenset({View.POOL})),
    Column("source", _("Source"), _by("source__name"), needs="source"),
    Column("product", _("Product"), _by("product__name"), needs="product"),
    Column("expected", _("Expected close"), _by("expected_on"), needs="expected_on"),
    Column("next", _("Next touch"), _by("next_touch_on"), needs="next_touch_on"),
)


def columns_of(scope: Scope, view: View) -> list[Column]:
    """The columns of one view of a stage; owners are named to those who are in charge."""
    has = fields_of(scope.desk.model)
    shown = (column for column in COLUMNS if view in column.views and (not column.needs or column.needs in has))
    return [column for column in shown if column.key != "owner" or scope.is_in_charge]


@cache
def fields_of(model: type[ConveyorItem]) -> frozenset[str]:
    """The names of a stage's fields."""
    return frozenset(field.name for field in model._meta.get_fields())


# What neither a line nor a card shows is not read for them.
UNSHOWN = """
    created_at step_since step_spent stale_at rung score hops next_task_at comment campaign competitor closed_at purchases
    last_purchase_at cadence_days
"""
UNSHOWN_OF_CLIENT = (
    "client__created_at",
    "client__region",
    "client__city",
    "client__language",
    "client__consent",
    "client__no_contact",
    "client__erased_at",
)


@cache
def unshown_of(model: type[ConveyorItem], *, on_board: bool = False) -> tuple[str, ...]:
    """The fields of a stage that a list does without; a card asks whether there is a task."""
    unshown = frozenset(UNSHOWN.split()) - ({"next_task_at"} if on_board else set())
    return (*sorted(unshown & fields_of(model)), *UNSHOWN_OF_CLIENT)


def amount_field(model: type[ConveyorItem]) -> str:
    """The field whose sum stands over a column of the board."""
    return "bought_total" if "bought_total" in fields_of(model) else "amount"


# What one can sift by -------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Choice:
    """One answer to a question of the filter."""

    value: str
    word: str


@dataclass(frozen=True)
class Sieve:
    """One question of the filter: its name in the address, its word, and the answers there are."""

    name: str
    word: str | Promise
    choices: tuple[Choice, ...]
    where: str
    chosen: str = ""

    @property
    def answer(self) -> str:
        """The chosen answer in words."""
        return next((choice.word for choice in self.choices if choice.value == self.chosen), "")

    @property
    def options(self) -> SafeString:
        """The answers as the options of a list to choose from."""
        drawn = (
            f'<option value="{escape(choice.value)}"{" selected" if choice.value == self.chosen else ""}>'
            f"{escape(choice.word)}</option>"
            for choice in self.choices
        )
        return SafeString("".join(drawn))

    @property
    def knows(self) -> frozenset[str]:
        """The answers that an address may give."""
        return frozenset(choice.value for choice in self.choices)

    def sift(self) -> Q:
        """The condition that the answer stands for."""
        if not self.chosen:
            return Q()
        return Q(**{self.where: None if self.chosen == "none" else self.chosen})


SIEVES = {
    "step": _("Step"),
    "state": _("State"),
    "owner": _("Owner"),
    "source": _("Source"),
    "product": _("Product"),
}


def sieves_of(scope: Scope, view: View, steps: Iterable[Step]) -> list[Sieve]:
    """Everything that one view can be sifted by."""
    asked = [
        Sieve("step", SIEVES["step"], tuple(Choice(str(step.pk), step.name) for step in steps), "step"),
        Sieve("state", SIEVES["state"], _states(scope, view), "state"),
    ]
    listed = _listed(scope)
    if scope.is_in_charge and view in (View.TEAM, View.CLOSED):
        asked.append(Sieve("owner", SIEVES["owner"], _owners(scope, view), "seat"))
    if "source" in listed:
        asked.append(Sieve("source", SIEVES["source"], listed["source"], "source"))
    if "product" in listed:
        asked.append(Sieve("product", SIEVES["product"], listed["product"], "product"))
    return [sieve for sieve in asked if sieve.choices]


def _states(scope: Scope, view: View) -> tuple[Choice, ...]:
    model = scope.desk.model
    shown = tuple(
        Choice(value, str(word))
        for value, word in model.state.field.choices
        if (value in model.OPEN) is (view != View.CLOSED)
    )
    return shown if len(shown) > 1 else ()


def _owners(scope: Scope, view: View) -> tuple[Choice, ...]:
    tiers = [
        tier
        for tier in scope.house.tiers.values()
        if tier.pipeline_id == scope.pipeline.pk
        and scope.sight.supervises(tier)
        and (tier.works(scope.desk.stage) or tier in scope.tiers)
    ]
    seats = [seat for tier in tiers for seat in sorted(tier.seats.all(), key=lambda seat: seat.pk)]
    here = tuple(Choice(str(seat.pk), seat.user.name) for seat in seats)
    return (*here, Choice("none", str(_("nobody, in the pool")))) if view == View.TEAM and here else here


def _listed(scope: Scope) -> dict[str, tuple[Choice, ...]]:
    """The pipeline's sources and products, as far as the stage has them."""
    lists: dict[str, Iterable[Any]] = {"source": scope.house.sources.values(), "product": scope.house.products.values()}
    return {
        name: tuple(
            Choice(str(word.pk), word.name)
            for word in sorted(lists[name], key=lambda word: (word.position, word.name))
            if word.pipeline_id == scope.pipeline.pk
        )
        for name in wishes_of(scope.desk.model)
    }
