"""Times of requests that take turns, so that whatever else the machine does falls on all of them alike."""

from __future__ import annotations

import statistics
import threading
import time
from collections.abc import Mapping, Sequence
from typing import Any

from .sites import Site

WARM_UPS = 24  # of each kind: every worker has met every person by then, more or less
Turn = tuple[Site, Sequence[dict[str, Any]]]


def in_turns(turns: Mapping[str, Turn], rounds: int, *, warm: bool = True) -> dict[str, list[float]]:
    """The times of each kind of request in milliseconds; one of each kind a round."""
    times: dict[str, list[float]] = {name: [] for name in turns}
    if warm:
        for site, errands in turns.values():
            for place in range(WARM_UPS):
                site.ask(errands[place % len(errands)])
    for place in range(rounds):
        for name, (site, errands) in turns.items():
            times[name].append(1000 * site.ask(errands[place % len(errands)]))
    return times


def middle(times: Sequence[float]) -> float:
    """The median."""
    return statistics.median(times)


def slow(times: Sequence[float]) -> float:
    """The time within which 95 of 100 came."""
    return statistics.quantiles(times, n=20)[-1] if len(times) > 1 else times[0]


def rate(site: Site, errands: Sequence[dict[str, Any]], *, clients: int, seconds: float) -> float:
    """Requests a second that so many clients get at once."""
    counts = [0] * clients
    until = time.perf_counter() + seconds

    def client(number: int) -> None:
        turn = number
        while time.perf_counter() < until:
            site.ask(errands[turn % len(errands)])
            counts[number] += 1
            turn += 1

    threads = [threading.Thread(target=client, args=[number]) for number in range(clients)]
    began = time.perf_counter()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return sum(counts) / (time.perf_counter() - began)


def rates_in_turns(
    site: Site, kinds: Mapping[str, Sequence[dict[str, Any]]], *, clients: int, seconds: float, rounds: int
) -> dict[str, float]:
    """The same for several kinds of request, one after the other, several times over."""
    found: dict[str, list[float]] = {name: [] for name in kinds}
    for _round in range(rounds):
        for name, errands in kinds.items():
            found[name].append(rate(site, errands, clients=clients, seconds=seconds))
    return {name: statistics.median(rates) for name, rates in found.items()}
