"""Lets the state machine walk, in one process or in several."""

from __future__ import annotations

import traceback
from collections import Counter
from collections.abc import Collection, Sequence
from concurrent.futures import ProcessPoolExecutor

from django.db import connection
from hypothesis import HealthCheck, Phase, settings
from hypothesis.stateful import run_state_machine_as_test

from tests.laws.ten import TEN

from .firm import found
from .hands import FORKS
from .jobs import use
from .machine import Belt

ASKED = (
    "exactly one holder",
    "versions without gap or double",
    "last movement is the seat",
    "load is the open records",
    "notices one per event",
)


def learn_the_laws() -> None:
    """Prepares the questions once for a connection, so that asking them costs little."""
    asked = " UNION ALL ".join(
        f"SELECT '{name}' AS question, kind || ' ' || id AS record FROM ({TEN[name]}) AS found(kind, id)"  # noqa: S608
        for name in ASKED
    )
    with connection.cursor() as cursor:
        cursor.execute("SELECT FROM pg_prepared_statements WHERE name = 'the_laws'")
        if cursor.fetchone() is not None:
            # Only this one: the pages keep questions of their own on the same connection.
            cursor.execute("DEALLOCATE the_laws")
        cursor.execute(f"PREPARE the_laws AS {asked.replace('%%', '%')}")


def walk(*, stories: int, steps: int, phases: Collection[Phase] = tuple(Phase)) -> None:
    """Tells so many stories of so many steps; raises what was wrong in the first that went wrong."""
    run_state_machine_as_test(
        Belt,
        settings=settings(
            max_examples=stories,
            stateful_step_count=steps,
            deadline=None,
            database=None,
            phases=phases,
            report_multiple_bugs=False,
            suppress_health_check=list(HealthCheck),
        ),
    )


def walk_apart(databases: Sequence[str], *, stories: int, steps: int) -> tuple[int, Counter[str]]:
    """As many stories in all, told by one process for each database at once; returns steps and movements by cause.

    A story that goes wrong is told at once, as it was met: to look for a shorter one takes minutes here.
    """
    share = -(-stories // len(databases))
    told: Counter[str] = Counter()
    with ProcessPoolExecutor(len(databases), mp_context=FORKS) as tellers:
        walks = [tellers.submit(_walk_in, database, share, steps) for database in databases]
        taken = [each.result() for each in walks]
    for _steps, moves in taken:
        told += moves
    return sum(number for number, _moves in taken), told


def _walk_in(database: str, stories: int, steps: int) -> tuple[int, Counter[str]]:
    use(database)
    found()
    learn_the_laws()
    try:
        walk(stories=stories, steps=steps, phases=(Phase.generate,))
    except BaseException:
        traceback.print_exc()
        raise
    return Belt.steps, Belt.told
