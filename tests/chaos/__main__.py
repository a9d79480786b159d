"""The command line: `python -m tests.chaos`, with --short for the small form, or the names of some parts."""

from __future__ import annotations

import argparse
import contextlib
import itertools
import os
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from typing import Any

from . import report
from .ground import Ground, ground
from .hands import get_ready

TELLERS = 2  # processes of the state machine, one for each core of a small machine
PARTS = ("cut", "race", "alarm", "machine", "fire")


@dataclass
class Run:
    """What all parts share: the ground, the size, and somebody to tell."""

    ground: Ground
    asked: argparse.Namespace

    def __post_init__(self) -> None:
        self.began = time.monotonic()
        self.numbers = itertools.count(1)

    def say(self, line: str) -> None:
        """A line with the time since the beginning."""
        print(f"{time.monotonic() - self.began:6.1f} s  {line}", flush=True)  # noqa: T201

    def keep(self, part: str, facts: Any) -> None:
        """A long form is remembered and shown in the docs; a short one is not."""
        if not self.asked.short:
            report.keep(part, facts)
            report.write()

    def fresh(self) -> str:
        """A database of one's own, as migrated."""
        from django.db import connection

        from pipeline_crm.launch import places

        from .jobs import use

        name = f"fire{next(self.numbers)}"
        use("postgres")
        with connection.cursor() as cursor:
            cursor.execute(f"CREATE DATABASE {name} TEMPLATE {places.DATABASE}")
        use(name)
        return name


def cut(run: Run) -> bool:
    """Every act, killed after every statement."""
    from .cut import ACTS, House, cut_everywhere

    name, times, well = run.fresh(), 1 if run.asked.short else run.asked.times, True
    house, facts = House(), []
    for act in ACTS:
        done = cut_everywhere(name, act, house, times=times, stride=7 if run.asked.short else 1)
        run.say(f"cut   {act}: {done.statements} statements, {done.kills} kills, wrong: {list(done.wrong)}")
        well = well and not done.wrong
        facts.append(asdict(done))
    run.keep("cut", facts)
    return well


def race(run: Run) -> bool:
    """Many claimers at one pool."""
    from . import race

    claimers, records = (12, 200) if run.asked.short else (50, 10_000)
    done = race.run(run.ground, run.fresh(), claimers=claimers, records=records)
    run.say(
        f"race  {done.claimers} claimers, {done.records} records, {done.claimed} claimed, {done.twice} twice, {done.seconds:.0f} s"
    )
    for line in done.strange[:5]:
        run.say(f"      {line}")
    run.keep("race", asdict(done))
    return done.well


def alarm(run: Run) -> bool:
    """Every careless build must be noticed."""
    from .builds import BUILDS
    from .fire import Fire, Plan

    well, facts = True, []
    for name, build in BUILDS.items():
        if run.asked.build not in name:
            continue
        for _attempt in range(4):
            small = {"leads": 120, "seconds": 1.5, "scouts": 6, "patience": 1, "build": name}
            burnt = Fire(run.ground, run.fresh(), Plan(**small | build.plan), say=lambda _line: None).burn()
            if burnt.answers[build.rings]:
                break
        rung = {question: len(rows) for question, rows in burnt.answers.items() if rows}
        run.say(f"alarm {name}: {rung}, {len(burnt.strange)} strange")
        well = well and bool(burnt.answers[build.rings])
        facts.append({"build": name, "noticed by": build.rings, "rang": rung})
    run.keep("alarm", facts)
    return well


def fire(run: Run) -> bool:
    """The fire itself."""
    from .fire import Fire, Plan

    asked = run.asked
    plan = MID if asked.mid else SHORT if asked.short else LONG
    changes = {name: getattr(asked, name) for name in ("leads", "seconds") if getattr(asked, name)}
    burnt = Fire(run.ground, run.fresh(), Plan(**plan | changes), say=run.say).burn()
    for name, count in sorted(burnt.counts.items()):
        run.say(f"fire  {count:9,} {name}")
    for question, rows in burnt.answers.items():
        run.say(f"fire  {len(rows):9,} {question} {rows[:4] or ''}")
    for line in burnt.strange[:10]:
        run.say(f"fire  {line[:300]}")
    facts = {"leads": burnt.plan.leads, "counts": burnt.counts, "seconds": burnt.seconds, "strange": burnt.strange}
    facts |= {"answers": {name: len(rows) for name, rows in burnt.answers.items()}}
    run.keep("fire", facts | {"backlog": burnt.backlog, "calm": burnt.calm})
    run.say(f"fire  backlog {burnt.backlog:.1f} s, calm {burnt.calm}, whole {burnt.seconds:.0f} s")
    return burnt.well


def machine(run: Run) -> bool:
    """Stories of people, clients and time, the laws asked after each step."""
    from .telling import walk_apart

    stories = 10 if run.asked.short else run.asked.stories
    began = time.monotonic()
    steps, told = walk_apart([run.fresh() for _teller in range(TELLERS)], stories=stories, steps=50)
    rate = steps / (time.monotonic() - began)
    run.keep("machine", {"stories": stories, "steps": steps, "moved": told.total(), "broken": 0})
    run.say(f"machine {steps:,} steps, {rate:.0f} a second, moved: {dict(told.most_common())}")
    return True


SHORT = {
    "leads": 400, "seconds": 6, "kills": 25, "crashes": 1, "redis_kills": 1, "flushes": 1, "celery": True,
    # Among the other tests the machine is busy, and a worker that has just started is late.
    "patience": 60.0, "ticks": 30,
}  # fmt: skip
LONG = {
    "leads": 100_000, "seconds": 420, "scouts": 60, "kills": 1_100, "crashes": 20, "redis_kills": 20, "flushes": 5,
    "celery_kills": 40, "leavers": 12, "celery": True, "patience": 600.0,
}  # fmt: skip
MID = {
    "leads": 20_000, "seconds": 60, "scouts": 40, "kills": 150, "crashes": 3, "redis_kills": 3, "flushes": 1,
    "celery_kills": 6, "leavers": 6, "celery": True, "patience": 60.0,
}  # fmt: skip
WORK: dict[str, Callable[[Run], bool]] = {"machine": machine, "cut": cut, "race": race, "alarm": alarm, "fire": fire}


@contextlib.contextmanager
def ready() -> Iterator[Ground]:
    """A ground whose database has our tables; from here on this process is one of its people."""
    with ground() as ours:
        os.environ.update(ours.environment)
        get_ready()
        import django
        from django.core.management import call_command

        django.setup()
        call_command("migrate", verbosity=0)
        yield ours


def main(words: list[str]) -> int:
    """Runs the parts and returns the exit code."""
    parser = argparse.ArgumentParser(prog="python -m tests.chaos")
    parser.add_argument("parts", nargs="*", help=f"of {', '.join(PARTS)}; all of them otherwise")
    parser.add_argument("--short", action="store_true", help="the small form that is among the tests")
    parser.add_argument("--mid", action="store_true")
    parser.add_argument("--build", default="", help="a word of the one careless build to look at")
    parser.add_argument("--times", type=int, default=20, help="how often an act is cut after each statement")
    parser.add_argument("--stories", type=int, default=2_300)
    parser.add_argument("--leads", type=int, default=0)
    parser.add_argument("--seconds", type=float, default=0)
    asked = parser.parse_args(words)
    with ready() as ours:
        run = Run(ours, asked)
        well = {part: WORK[part](run) for part in asked.parts or PARTS}
        run.say(", ".join(f"{part}: {'well' if good else 'BROKEN'}" for part, good in well.items()))
    return 0 if all(well.values()) else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
