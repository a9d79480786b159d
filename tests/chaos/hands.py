"""Processes that work while others shoot at them: sweepers, owners, an eye that looks all the time.

They are forked from a process in which Django is ready, so that one costs milliseconds and can be killed often.
"""

from __future__ import annotations

import json
import multiprocessing
import os
import signal
import time
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from multiprocessing.process import BaseProcess
from pathlib import Path

FORKS = multiprocessing.get_context("forkserver")


def get_ready() -> None:
    """From now on every hand is forked from a process that has read Django and our rooms already."""
    FORKS.set_forkserver_preload(["tests.chaos.ready"])


@dataclass
class Hand:
    """One process: what it does, and with what luck."""

    job: str
    process: BaseProcess
    seat: int


@dataclass
class Hands:
    """Starts hands, kills one of them, and leaves none behind."""

    database: str
    folder: Path
    build: str = ""
    hands: list[Hand] = field(default_factory=list)
    born: int = 0

    def start(self, job: str, seat: int = 0) -> None:
        """Forks one more."""
        self.born += 1
        words = (job, self.database, str(self.folder / f"{job}.{seat}.log"), self.build, self.born, seat)
        process = FORKS.Process(target=_work, args=words, daemon=True)
        process.start()
        self.hands.append(Hand(job, process, seat))

    def kill(self, hand: Hand) -> None:
        """Kill -9, and another takes the place."""
        assert hand.process.pid is not None
        with suppress(ProcessLookupError):
            os.kill(hand.process.pid, signal.SIGKILL)
        hand.process.join(10)
        self.hands.remove(hand)
        self.start(hand.job, hand.seat)

    def stop(self, *jobs: str) -> None:
        """Ends the hands of these jobs in peace, or all of them."""
        ending = [hand for hand in self.hands if not jobs or hand.job in jobs]
        for hand in ending:
            hand.process.terminate()
        for hand in ending:
            hand.process.join(10)
            if hand.process.is_alive():
                hand.process.kill()
                hand.process.join(10)
            self.hands.remove(hand)

    def fallen(self) -> list[Hand]:
        """Those who have ended although nobody shot them."""
        return [hand for hand in self.hands if not hand.process.is_alive()]

    def told(self) -> tuple[Counter[str], list[str]]:
        """What all hands have written down: how often each thing was done, and every line that nobody expected."""
        done: Counter[str] = Counter()
        strange: list[str] = []
        for log in self.folder.glob("*.log"):
            for line in log.read_text().splitlines():
                word, _, rest = line.partition(" ")
                if word == "swept":
                    with suppress(ValueError):
                        done.update({f"swept: {name}": n for name, n in json.loads(rest).items()})
                    done["sweeps"] += 1
                elif word == "strange":
                    strange.append(f"{log.stem}: {rest}")
                else:
                    done[line.strip()] += 1
        return done, strange


def _work(job: str, database: str, log: str, build: str, luck: int, seat: int) -> None:
    """What a hand does until it is killed."""
    from . import jobs

    ended = [False]

    def end(*_signal: object) -> None:
        ended[0] = True

    signal.signal(signal.SIGTERM, end)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    diary = Diary(Path(log), seat)
    jobs.begin(job, database, build, luck, diary)
    while not ended[0] and os.getppid() != 1:
        with diary.watched():
            jobs.JOBS[job](diary)


type Job = Callable[[Diary], None]


class Diary:
    """One line for each thing that happened, written at once, for its writer may be dead the next moment."""

    def __init__(self, file: Path, seat: int) -> None:
        self.seat = seat
        self.out = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_APPEND)

    def write(self, line: str) -> None:
        """Adds a line."""
        os.write(self.out, (" ".join(line.split()) + "\n").encode())

    def watched(self) -> Watch:
        """Notes what goes wrong inside, and lets life go on."""
        return Watch(self)


@dataclass
class Watch:
    diary: Diary

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: object) -> bool:
        if error is None:
            return False
        if not isinstance(error, Exception):
            return False
        self.diary.write(what_went_wrong(error))
        from django.db import connection

        if lost_its_server(error):
            connection.close()
            time.sleep(0.2)
        return True


def lost_its_server(error: BaseException) -> bool:
    """The connection is gone, or the server is not up yet: that is what was asked for here."""
    from django.db import DatabaseError, InterfaceError, OperationalError

    # Cut off in the middle of an answer, psycopg2 has no better word than the bare one.
    return isinstance(error, InterfaceError | OperationalError) or type(error) is DatabaseError


def what_went_wrong(error: Exception) -> str:
    """One line; refusals are daily life, a lost server is the fire's work, everything else is strange."""
    from django.http import Http404

    from pipeline_crm.conveyor.errors import Refused

    if isinstance(error, Refused | Http404):
        return f"refused: {type(error).__name__}"
    cause = type(error.__cause__).__name__
    if cause == "DeadlockDetected":
        return "strange deadlock " + str(error)
    if lost_its_server(error):
        return "server lost"
    return f"strange {type(error).__name__} {error}"
