"""The journeys of the issue's table, each measured beside the floor F in the same rounds."""

from __future__ import annotations

import contextlib
import json
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pipeline_crm.launch import places

from .figures import Book
from .sites import SHIPPED, WALLS_DOWN, Site, environment, site
from .timing import in_turns, middle, rate, rates_in_turns, slow

Firms = list[dict[str, Any]]
# The most questions that a page may put to the database.
MOST_SQL = {"list": 8, "list, filtered": 8, "board": 8, "board of deals": 8, "record": 15, "record of a deal": 15}
# The median may be so many times that of another journey.
GOALS = {
    "list": ("floor", 1.5),
    "list, filtered": ("floor", 1.5),
    "board": ("list", 2.0),
    "board of deals": ("list", 2.0),
    "record": ("floor", 2.0),
    "record of a deal": ("floor", 2.0),
    "search by phone": ("list", 1.2),
    "search by name": ("list", 2.0),
}
ACTS = {"state change": 1.5, "capture": 1.8, "hand-off": 2.2}
SLOWEST = {"list": 2.0, "list, filtered": 2.0}  # the 95th percentile against that of the floor
LETTERS = {"floor": "F", "list": "list"}
KINDS = {
    "workers: sync, 2": ["--worker-class", "sync", "--workers", "2"],
    "workers: sync, 3": ["--worker-class", "sync", "--workers", "3"],
    "workers: gthread, 1 of 4 threads": ["--worker-class", "gthread", "--workers", "1", "--threads", "4"],
    "workers: gthread, 2 of 2 threads": ["--worker-class", "gthread", "--workers", "2", "--threads", "2"],
}
FEW_STALE, MANY_STALE, SHARE_OF_S, LONGEST_LOCK = 10_000, 100_000, 50.0, 100.0
WALLS = 15.0  # per cent that both walls may add to the median of a list
CLIENTS, SHARE_OF_FLOOR, GROWTH, MEMORY = 8, 60.0, 1.15, 90.0


@dataclass(frozen=True)
class Measure:
    """How long one looks: requests for each figure, and seconds for each rate."""

    rounds: int
    seconds: float
    pages_only: bool
    longest_sweep: int  # seconds after which it is stopped, and what it has done by then counts


def walk(book: Book, firms: Firms, measure: Measure) -> None:
    """Every figure of the pages, on the largest table; then the same pages on the smallest and the largest."""
    small, large = firms[0], firms[-1]
    with contextlib.ExitStack() as stack:
        big = stack.enter_context(site(large["database"], SHIPPED))
        _pages(book, big, large, measure)
        _walls(book, big, large, measure)
        _acts(book, big, large, measure)
        if measure.pages_only:
            return
        _crowd(book, big, large, measure)
        book.note("memory of a web worker", max(big.memory()), "MB PSS", MEMORY)
        if small is not large:
            little = stack.enter_context(site(small["database"], SHIPPED))
            growth(book, (little, small), (big, large), measure, when="")
            _sweep(book, large, FEW_STALE, measure)
            growth(book, (little, small), (big, large), measure, when=f", {FEW_STALE:,} just given away")
    _sweep(book, large, MANY_STALE, measure)
    _classes(book, firms[min(1, len(firms) - 1)], measure)


def _pages(book: Book, big: Site, firm: dict[str, Any], measure: Measure) -> None:
    names = ["floor", *GOALS]
    times = in_turns({name: (big, firm["errands"][name]) for name in names}, measure.rounds)
    for name in ("floor", "list"):
        book.note(f"{name}, median", middle(times[name]), "ms")
    for name, (beside, most) in GOALS.items():
        share = middle(times[name]) / middle(times[beside])
        book.note(name, share, LETTERS[beside], most, milliseconds=round(middle(times[name]), 2))
        if name in SLOWEST:
            book.note(f"{name}, 95 of 100", slow(times[name]) / slow(times["floor"]), "F", SLOWEST[name])
        if beside != "floor":
            book.note(f"{name}, in floors", middle(times[name]) / middle(times["floor"]), "F")
    for name, most_sql in MOST_SQL.items():
        book.note(f"{name}, questions", firm["queries"][name], "SQL", most_sql)


def _walls(book: Book, big: Site, firm: dict[str, Any], measure: Measure) -> None:
    """What row-level security, the identity of a request and the policy add to a page: the same page without them."""
    with site(firm["database"], SHIPPED, **{WALLS_DOWN: "1"}) as bare:
        for name, most in (("list", WALLS), ("board", None), ("record", None)):
            turns = {"walled": (big, firm["errands"][name]), "bare": (bare, firm["errands"][name])}
            times = in_turns(turns, 2 * measure.rounds)
            bare_ms, walled_ms = middle(times["bare"]), middle(times["walled"])
            share = 100 * (walled_ms / bare_ms - 1)
            book.note(f"walls, on the {name}", share, "%", most, bare=round(bare_ms, 2), walled=round(walled_ms, 2))


def _acts(book: Book, big: Site, firm: dict[str, Any], measure: Measure) -> None:
    errands = firm["errands"]
    rounds = min(measure.rounds, *(len(errands[name]) - 3 for name in ACTS))
    for name in ACTS:
        # The first of each kind warm the workers; they cannot be asked for again.
        for errand in errands[name][:3]:
            big.ask(errand)
    turns = {"floor": (big, errands["floor"])} | {name: (big, errands[name][3:]) for name in ACTS}
    times = in_turns(turns, rounds, warm=False)
    for name, most in ACTS.items():
        share = middle(times[name]) / middle(times["floor"])
        book.note(name, share, "F", most, milliseconds=round(middle(times[name]), 2))


def _crowd(book: Book, big: Site, firm: dict[str, Any], measure: Measure) -> None:
    kinds = {name: firm["errands"][name] for name in ("floor", "list")}
    rates = rates_in_turns(big, kinds, clients=CLIENTS, seconds=measure.seconds, rounds=3)
    for name, found in rates.items():
        book.note(f"{name}, {CLIENTS} clients", found, "/s", better="higher")
    share = 100 * rates["list"] / rates["floor"]
    book.note(f"list against floor, {CLIENTS} clients", share, "%", SHARE_OF_FLOOR, better="higher")


def _sweep(book: Book, firm: dict[str, Any], stale: int, measure: Measure) -> None:
    """The sweep and its floor on the same table, one after the other, each with leads of its own."""
    if stale > firm["leads"] // 10:
        return
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "told.json"
        command = [sys.executable, "-m", "benchmarks.sweeping", str(stale), str(measure.longest_sweep), str(file)]
        subprocess.run(command, check=True, env=environment(firm["database"]), cwd=places.ROOT)
        told = json.loads(file.read_text())
    of = f"{stale:,} of {firm['leads']:,} stale"
    book.note(f"floor S, {of}", told["floor"], "leads/s", better="higher")
    book.note(f"sweep, {of}", told["rate"], "leads/s", better="higher", moved=told["moved"])
    share = 100 * told["rate"] / told["floor"]
    book.note(f"sweep against S, {of}", share, "%", SHARE_OF_S, better="higher")
    book.note(f"longest lock of the sweep, {of}", told["held"], "ms", LONGEST_LOCK)


def _classes(book: Book, firm: dict[str, Any], measure: Measure) -> None:
    """Which kind of worker serves the list fastest: the table of docs/deploy.md."""
    for kind, options in KINDS.items():
        with site(firm["database"], options) as server:
            pages = firm["errands"]["list"]
            rate(server, pages, clients=4, seconds=1.0)
            book.note(kind, rate(server, pages, clients=4, seconds=measure.seconds), "/s", better="higher")


def growth(
    book: Book, little: tuple[Site, dict[str, Any]], big: tuple[Site, dict[str, Any]], measure: Measure, *, when: str
) -> None:
    """How much slower each page is on the largest table than on the smallest, for people who hold as much in both.

    For those whose book has grown with the firm it is told too: what they wait for is their book, not the firm.
    """
    sizes = f"{big[1]['leads']:,} against {little[1]['leads']:,}{when}"
    # A record that was given away is no longer there for whoever had it.
    for name in [name for name in GOALS if not when or name.startswith(("list", "board"))]:
        for people, words, goal in (("modest", "", GROWTH), ("errands", ", the book grown too", None)):
            turns = {"little": (little[0], little[1][people][name]), "big": (big[0], big[1][people][name])}
            times = in_turns(turns, measure.rounds)
            book.note(f"{name}, {sizes}{words}", middle(times["big"]) / middle(times["little"]), "times", goal)
