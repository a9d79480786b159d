"""An act whose process is killed after any one of its statements has not happened; killed after its commit, it has."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.db import connection

from pipeline_crm.conveyor import actions as belt
from pipeline_crm.conveyor import books, handoff, rota
from pipeline_crm.conveyor.models import BookMove
from tests import cast
from tests.laws.checker import broken

from .hands import FORKS
from .jobs import use

NEVER = 10**6
ROOMS = ("accounts", "clients", "conveyor", "deals", "leads", "outbox", "tiers", "timeline")
FEW = 4  # records in the book of a seat that is moved whole


@dataclass(frozen=True)
class Cut:
    """What was found out about one act."""

    act: str
    statements: int
    kills: int
    wrong: tuple[str, ...]


def _offer(pk: int, by: Any) -> None:
    from deals.actions import offer_from_lead

    offer_from_lead(pk, brief=cast.BRIEF, by=by, now=cast.MONDAY)


def _accept(pk: int, by: Any) -> None:
    from deals.models import Deal

    handoff.accept(Deal, pk, by=by, now=cast.MONDAY)


def _return(pk: int, by: Any) -> None:
    from deals.actions import return_to_scout
    from pipeline_crm.tiers.models import Reason

    reason = Reason.objects.filter(kind="return_deal")[0]
    return_to_scout(pk, reason=reason, comment="", by=by, now=cast.MONDAY)


def _claim(pk: int, by: Any) -> None:
    from leads.models import Lead

    belt.claim(Lead, pk, by=by, now=cast.MONDAY)


def _win(pk: int, by: Any) -> None:
    from accounts.actions import win

    win(pk, brief=cast.BRIEF, by=by, now=cast.MONDAY)


def _close(pk: int, by: Any) -> None:
    books.close_seat(pk, by=by, now=cast.MONDAY)


def _move(pk: int, by: Any) -> None:
    books.redistribute(pk, cause=BookMove.Cause.RELIEVED, by=by, now=cast.MONDAY)


class House:
    """A small firm, and a fresh record for each act."""

    def __init__(self) -> None:
        from pipeline_crm.tiers import actions as drawing
        from pipeline_crm.tiers.models import Tier

        self.pipeline = drawing.draw("Cut")
        names = {"sam": "lead", "sue": "lead", "hal": "deal", "fay": "account"}
        Tier.objects.update(strategy="least_loaded", cherry_picking=True, untouched_limit=None, off_hours=True)
        self.people = {
            name: cast.seat_at(self.pipeline, stage, cast.make_person(name), capacity=500)
            for name, stage in names.items()
        }
        self.chief = cast.make_head(self.pipeline)

    def fresh(self, act: str) -> tuple[int, int]:
        """The record or the seat that the act is done to, and who does it."""
        sam, sue, hal = (self.people[name] for name in ("sam", "sue", "hal"))
        if act == "hand-off":
            return cast.make_contacted(sam).pk, sam.user_id
        if act in ("accept", "return"):
            return cast.make_offer(sam).pk, hal.user_id
        if act == "win":
            return cast.make_deal(sam, hal).pk, hal.user_id
        if act == "claim":
            return cast.make_lead(pipeline=self.pipeline).pk, sue.user_id
        for _ in range(FEW):
            cast.make_lead(sue)
        if not sue.is_open:
            rota.open_seat(sue.pk, by=self.chief)
        return sue.pk, self.chief.pk


ACTS: dict[str, Callable[[int, Any], None]] = {
    "hand-off": _offer,
    "accept": _accept,
    "return": _return,
    "win": _win,
    "claim": _claim,
    "close seat": _close,
    "move book": _move,
}


class Axe:
    """Lets so many statements through, then kills the process as nothing else can."""

    def __init__(self, after: int) -> None:
        self.left = after

    def __call__(self, execute: Callable[..., Any], *words: Any) -> Any:
        if self.left == 0:
            os.kill(os.getpid(), signal.SIGKILL)
        self.left -= 1
        return execute(*words)


def _do(database: str, act: str, pk: int, by: int, after: int) -> None:
    """In a process of its own: does the act under the axe; whoever lives to the commit dies right after it."""
    from pipeline_crm.users.models import User

    use(database)
    person = User.objects.get(pk=by)
    with connection.execute_wrapper(Axe(after)):
        ACTS[act](pk, person)
    os._exit(0)


def strike(database: str, act: str, pk: int, by: int, after: int) -> bool:
    """Does the act in another process; whether it was cut."""
    process = FORKS.Process(target=_do, args=(database, act, pk, by, after))
    process.start()
    process.join(30)
    if process.exitcode not in (0, -signal.SIGKILL):
        raise AssertionError(f"{act} ended by itself with {process.exitcode}")
    return process.exitcode != 0


def everything() -> list[tuple[str, str]]:
    """A fingerprint of every table of our rooms."""
    with connection.cursor() as cursor:
        tables = [name for name in connection.introspection.table_names(cursor) if name.split("_")[0] in ROOMS]
        prints = []
        for table in sorted(tables):
            cursor.execute(f"SELECT md5(string_agg(t::text, '|' ORDER BY t::text)) FROM {table} t")  # noqa: S608
            prints.append((table, cursor.fetchone()[0]))
        return prints


def _cut_often(database: str, act: str, pk: int, by: int, after: int, times: int) -> bool:
    """Whether it was cut each time; an act that has no so many statements happens, at the first time."""
    return all(strike(database, act, pk, by, after) for _ in range(times))


def cut_everywhere(database: str, act: str, house: House, *, times: int, stride: int = 1) -> Cut:
    """Kills an act after each (`stride`-th) of its statements so many times; then lets it happen as often, whole."""
    pk, by = house.fresh(act)
    before, statements, kills, wrong = everything(), 0, 0, []
    while _cut_often(database, act, pk, by, statements, times):
        kills += times
        if everything() != before:
            wrong.append(f"after statement {statements} something stayed")
            before = everything()
        statements += stride
    for again in range(times):
        if again:
            pk, by = house.fresh(act)
            before = everything()
            strike(database, act, pk, by, NEVER)
        if everything() == before or broken():
            wrong.append(f"after the commit not all is there: {broken()}")
    return Cut(act, statements, kills, tuple(wrong))
