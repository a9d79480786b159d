"""The command line: `python -m tests.chaos`, with --short for the small form, or the names of some parts."""

from __future__ import annotations

import argparse
import contextlib
import itertools
import os
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from .ground import Ground, ground
from .hands import get_ready

PARTS = ("cut", "race", "alarm", "fire")


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

    name, times, well = run.fresh(), 1 if run.asked.short else 20, True
    house = House()
    for act in ACTS:
        done = cut_everywhere(name, act, house, times=times, stride=5 if run.asked.short else 1)
        run.say(f"cut   {act}: {done.statements} statements, {done.kills} kills, wrong: {list(done.wrong)}")
        well = well and not done.wrong
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
    return done.well


def alarm(run: Run) -> bool:
    """Every careless build must be noticed."""
    from .builds import BUILDS
    from .fire import Fire, Plan

    well = True
    for name, build in BUILDS.items():
        for _attempt in range(4):
            small = {"leads": 120, "seconds": 2, "scouts": 6, "patience": 2, "build": name}
            report = Fire(run.ground, run.fresh(), Plan(**small | build.plan), say=lambda _line: None).burn()
            if report.answers[build.rings]:
                break
        rung = {question: len(rows) for question, rows in report.answers.items() if rows}
        run.say(f"alarm {name}: {rung}, {len(report.strange)} strange")
        well = well and bool(report.answers[build.rings])
    return well


def fire(run: Run) -> bool:
    """The fire itself."""
    from .fire import Fire, Plan

    asked = run.asked
    plan = SHORT if asked.short else LONG
    changes = {name: getattr(asked, name) for name in ("leads", "seconds") if getattr(asked, name)}
    report = Fire(run.ground, run.fresh(), Plan(**plan | changes), say=run.say).burn()
    for name, count in sorted(report.counts.items()):
        run.say(f"fire  {count:9,} {name}")
    for question, rows in report.answers.items():
        run.say(f"fire  {len(rows):9,} {question} {rows[:4] or ''}")
    for line in report.strange[:10]:
        run.say(f"fire  {line[:300]}")
    run.say(f"fire  backlog {report.backlog:.1f} s, calm {report.calm}, whole {report.seconds:.0f} s")
    return report.well


SHORT = {
    "leads": 400, "seconds": 8, "kills": 30, "crashes": 1, "redis_kills": 1, "flushes": 1, "celery": True,
}  # fmt: skip
LONG = {
    "leads": 100_000, "seconds": 420, "scouts": 60, "kills": 1_100, "crashes": 20, "redis_kills": 20, "flushes": 5,
    "celery_kills": 40, "leavers": 12, "celery": True, "patience": 120.0,
}  # fmt: skip
WORK: dict[str, Callable[[Run], bool]] = {"cut": cut, "race": race, "alarm": alarm, "fire": fire}


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
