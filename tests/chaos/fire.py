"""One fire: the firm works, the sweepers sweep, everything is shot at; then calm, and ten questions."""

from __future__ import annotations

import os
import random
import signal
import sys
import time
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

from django.db import DatabaseError, connection, transaction

from pipeline_crm.launch import crew, places
from pipeline_crm.tiers.models import Seat
from pipeline_crm.users.models import User
from tests.laws.ten import ten

from . import builds, world
from .ground import TICK, Ground
from .hands import Hands, lost_its_server
from .jobs import use

SEEN = "an answer to what was seen"
_SEEN = "SELECT stage || ' ' || record_id FROM chaos_act WHERE verb <> 'claim' AND became - seen > 1"
CALM_COHORT = 500


@dataclass(frozen=True)
class Plan:
    """How big a fire is."""

    leads: int
    seconds: float
    scouts: int = 12
    sweepers: int = 3
    owners: int = 3
    kills: int = 0
    crashes: int = 0
    redis_kills: int = 0
    flushes: int = 0
    celery_kills: int = 0
    leavers: int = 2
    celery: bool = False
    build: str = ""
    room: float = 1.12  # of what is held at the beginning; when people leave, there is too little of it
    patience: float = 20.0  # seconds for the backlog once the shooting has ended
    acts: int = 0  # so many acts of people there must be, however slow the machine
    ticks: int = 3  # rings of beat that Celery alone may take for what falls due in the calm


@dataclass
class Report:
    """What happened, and what the questions found."""

    plan: Plan
    counts: Counter[str] = field(default_factory=Counter)
    strange: list[str] = field(default_factory=list)
    answers: dict[str, list[str]] = field(default_factory=dict)
    seconds: float = 0.0
    backlog: float = 0.0
    calm: float | None = None

    @property
    def well(self) -> bool:
        """Nothing is broken and nothing unexpected happened."""
        return not self.strange and not any(self.answers.values()) and not self.late

    @property
    def late(self) -> bool:
        """Whether what was due, or fell due in the calm, was not dealt with in time."""
        return self.backlog >= self.plan.patience or (self.calm is not None and self.calm > self.plan.ticks * TICK)


class Fire:
    """Lays, lights, puts out and asks."""

    def __init__(self, ground: Ground, database: str, plan: Plan, *, say: Callable[[str], None]) -> None:
        self.ground, self.plan, self.say = ground, plan, say
        self.folder = ground.folder / database
        self.folder.mkdir()
        self.hands = Hands(database, self.folder, plan.build)
        self.crew = crew.Crew()
        self.report = Report(plan)
        self.luck = random.Random(plan.leads)
        use(database)

    def burn(self) -> Report:
        """The whole of it."""
        plan = self.plan
        self.world = world.lay(leads=plan.leads, seconds=plan.seconds, scouts=plan.scouts, room=plan.room)
        builds.put_to_sleep(plan.build)
        self.say(f"{plan.leads} leads laid")
        began = time.monotonic()
        try:
            self._start()
            self._shoot()
            self._calm()
        finally:
            self.hands.stop()
            self.crew.stop()
        self.report.seconds = time.monotonic() - began
        self._ask()
        return self.report

    # The people and the workers -----------------------------------------------------------------------------------

    def _start(self) -> None:
        for seat in range(self.plan.sweepers):
            self.hands.start("sweep", seat)
        for seat in range(self.plan.owners):
            self.hands.start("work", seat)
        self.hands.start("look")
        if self.plan.celery:
            for name in ("worker", "skewed", "beat1", "beat2"):
                self._join(name)

    def _join(self, name: str) -> None:
        """Starts one process of Celery, as it is shipped; one worker's clock goes two hours ahead."""
        module = "tests.chaos.skewed" if name == "skewed" else "celery"
        command = [sys.executable, "-m", module, "--app", "pipeline_crm.celery:app"]
        if name.startswith("beat"):
            command += ["beat", "--loglevel", "ERROR", "--pidfile", "", "--schedule", str(self.folder / name)]
        else:
            command += ["worker", "--concurrency", "2", "--loglevel", "ERROR", "--hostname", f"{name}@fire"]
            command += ["--without-gossip", "--without-mingle"]
        environment = self.ground.environment | {"DATABASE_URL": self._url(), "VAR_DIR": str(self.folder / "var")}
        log = self.folder / f"{name}.{self.report.counts['celery starts']}.out"
        self.report.counts["celery starts"] += 1
        self.crew.start(name, command, environment=environment, cwd=places.ROOT, log=log)

    def _url(self) -> str:
        return self.ground.postgres.url.replace(f"/{places.DATABASE}?", f"/{self.hands.database}?")

    # The shots ----------------------------------------------------------------------------------------------------

    def _shoot(self) -> None:
        plan = self.plan
        shots: list[tuple[float, Callable[[], None]]] = []
        for count, shot in (
            (plan.kills, self._kill),
            (plan.crashes, self._crash),
            (plan.redis_kills, self._kill_redis),
            (plan.flushes, self._flush),
            (plan.celery_kills, self._kill_celery),
            (plan.leavers, self._leave),
        ):
            gap = plan.seconds / (count + 1)
            shots += [((n + self.luck.uniform(0.6, 1.4)) * gap, shot) for n in range(count)]
        began = time.monotonic()
        for at, shot in sorted(shots, key=lambda pair: pair[0]):
            time.sleep(max(0.0, began + at - time.monotonic()))
            shot()
            self._look_after()
        time.sleep(max(0.0, began + plan.seconds - time.monotonic()))
        while self._insist(_acts) < plan.acts and time.monotonic() < began + 20 * plan.seconds:
            time.sleep(0.1)

    def _kill(self) -> None:
        jobs = ["sweep"] * 5 + ["work"] * (1 if self.plan.owners else 0)
        job = self.luck.choice(jobs)
        self.hands.kill(self.luck.choice([hand for hand in self.hands.hands if hand.job == job]))
        self.report.counts[f"kill -9: {job}"] += 1

    def _crash(self) -> None:
        self.ground.postgres.crash()
        self.report.counts["PostgreSQL crashes"] += 1

    def _kill_redis(self) -> None:
        self.ground.redis.crash()
        self.report.counts["Redis kills"] += 1

    def _flush(self) -> None:
        self.ground.redis.flush()
        self.report.counts["FLUSHALL"] += 1

    def _kill_celery(self) -> None:
        """A worker with its pool, a child of a pool, or a beat."""
        member = self.luck.choice(self.crew.members)
        children = Path(f"/proc/{member.process.pid}/task/{member.process.pid}/children")
        pool = children.read_text().split() if children.exists() else []
        with suppress(ProcessLookupError):
            if pool and not member.name.startswith("beat") and self.luck.random() < 0.5:
                os.kill(int(self.luck.choice(pool)), signal.SIGKILL)
                self.report.counts["kill -9: Celery child"] += 1
                return
            os.killpg(member.process.pid, signal.SIGKILL)
            self.report.counts["kill -9: Celery"] += 1
        member.process.wait(10)

    def _leave(self) -> None:
        """Somebody is dismissed, or a seat is closed; from that commit on nobody may give them anything."""

        def go() -> None:
            with transaction.atomic():
                seats = Seat.objects.open().filter(pk__in=self.world.scouts).order_by("id")
                seat = self.luck.choice(list(seats))
                if self.report.counts["people gone"] % 2:
                    Seat.objects.filter(pk=seat.pk).update(is_open=False)
                else:
                    User.objects.filter(pk=seat.user_id).update(is_active=False)

        self._insist(go)
        self.report.counts["people gone"] += 1

    def _look_after(self) -> None:
        """What has ended by itself is noted and started again, as the supervisor of a real site would."""
        for member in [member for member in self.crew.members if member.process.poll() is not None]:
            self.crew.members.remove(member)
            if member.process.returncode != -signal.SIGKILL:
                self.report.counts["Celery processes that ended by themselves"] += 1
            self._join(member.name)
        for hand in self.hands.fallen():
            self.hands.hands.remove(hand)
            self.report.strange.append(f"{hand.job} ended by itself with {hand.process.exitcode}")
            self.hands.start(hand.job, hand.seat)

    # Calm ---------------------------------------------------------------------------------------------------------

    def _calm(self) -> None:
        """The shooting ends; what is late is swept up, and then Celery alone must do with what falls due now."""
        self.hands.stop("work")
        if self.plan.celery:
            self._look_after()
        self.report.backlog = self._until_nothing_is_due(self.plan.patience)
        self.hands.stop("sweep")
        if self.plan.celery:
            self._look_after()
            self._insist(_fall_due)
            self.report.calm = self._until_nothing_is_due(60 * TICK)
        self.hands.stop("look")

    def _until_nothing_is_due(self, patience: float) -> float:
        began = time.monotonic()
        while time.monotonic() < began + patience:
            if not self._insist(_due):
                break
            time.sleep(0.1)
        return time.monotonic() - began

    def _insist[Answer](self, act: Callable[[], Answer]) -> Answer:
        for _attempt in range(20):
            try:
                return act()
            except DatabaseError as error:
                if not lost_its_server(error):
                    raise
                connection.close()
                time.sleep(0.3)
        raise AssertionError("the database does not come back")

    def _ask(self) -> None:
        report = self.report
        connection.close()
        with connection.cursor() as cursor:
            cursor.execute("SELECT now()")
            (now,) = cursor.fetchone()
            cursor.execute("SELECT set_config('max_parallel_workers_per_gather', '0', false)")
            cursor.execute(_SEEN)
            seen = sorted(row[0] for row in cursor.fetchall())
        # What fell due a moment ago has its two ticks yet; whatever was due at the calm has had them.
        report.answers = ten(now=now, tick=timedelta(seconds=TICK), shortest=world.CLOCK) | {SEEN: seen}
        done, strange = self.hands.told()
        report.counts.update(done)
        report.strange += strange
        report.counts["deadlocks broken by the server"] = self.ground.postgres.deadlocks
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT cause, count(*) FROM timeline_movement WHERE at > now() - interval '1 day' GROUP BY 1"
            )
            report.counts.update({f"moved: {cause}": n for cause, n in cursor.fetchall()})
            cursor.execute("SELECT count(*) FROM outbox_notice")
            report.counts["notices"] = cursor.fetchone()[0]


def _acts() -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM chaos_act")
        return int(cursor.fetchone()[0])


def _due() -> int:
    with connection.cursor() as cursor:
        cursor.execute("""
            SELECT count(*) FROM (
                SELECT seat_id, stale_at, state FROM leads_lead UNION ALL SELECT seat_id, stale_at, state FROM deals_deal
            ) r LEFT JOIN tiers_seat s ON s.id = r.seat_id LEFT JOIN users_user u ON u.id = s.user_id
            WHERE stale_at <= now() OR (NOT (s.is_open AND u.is_active)
                AND r.state IN ('new', 'contacted', 'parked', 'offered', 'open'))
        """)
        return int(cursor.fetchone()[0])


def _fall_due() -> None:
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET LOCAL session_replication_role = replica")
        cursor.execute(
            "UPDATE leads_lead SET stale_at = now(), due_at = now() WHERE id IN (SELECT id FROM leads_lead"
            " WHERE state = 'new' AND version = 1 AND seat_id IS NOT NULL ORDER BY id LIMIT %s)",
            [CALM_COHORT],
        )
