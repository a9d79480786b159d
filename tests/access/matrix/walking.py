"""The walk through a table: every line by everybody, and whether a denial or a look has changed anything."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from tests.access.matrix.asking import Asking
from tests.access.matrix.rows import Row
from tests.access.matrix.world import ACTORS, WATCHED

DONE = ("302", "303")
# Whose address an administrator wrote down gets a row of it when they first look.
OWN = {"account_email"}


@dataclass
class Walked:
    """What everybody met, and what changed although nothing was done."""

    cells: dict[tuple[str, str, str], dict[str, str]] = field(default_factory=dict)
    changed: list[str] = field(default_factory=list)


def walk(rows: Iterable[Row], house: Asking, actors: Iterable[str] = ACTORS, *, every: int = 1) -> Walked:
    """Asks every line as each of the actors; or as every second of them, others at the next line."""
    walked, who_asks = Walked(), tuple(actors)
    for place, row in enumerate(rows):
        words = walked.cells[row[:3]] = {}
        for who in who_asks[place % every :: every]:
            answer = house.ask(who, row.method, row.path, row.sent)
            words[who] = answer.word
            if not answer.wrote or _may_write(row, who, answer.word):
                continue
            # A savepoint of the act's own may have taken it back; only then is every row looked at.
            if not house.stands(who, row.method, row.path, row.sent):
                walked.changed.append(f"{row.method} {row.name} of {row.subject} by {who}: {answer.word}")
    return walked


def _may_write(row: Row, who: str, word: str) -> bool:
    """What is done may write; so may the look of whoever is watched, for that is what the watch writes down."""
    if row.method == "POST":
        return word in DONE
    return (who in WATCHED and word == "200") or row.name in OWN
