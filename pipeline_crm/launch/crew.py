"""A crew of processes that live and die together."""

import contextlib
import os
import signal
import subprocess
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import FrameType

from pipeline_crm.launch import tether

# Celery ends its task first, which takes five to seven seconds; past this, nobody waits for anybody.
PATIENCE = 12.0
STOP_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class Asked(BaseException):
    """Somebody asked the crew to stop."""


@dataclass
class Member:
    """One process of the crew, and the file that it writes to, if it does not share the terminal."""

    name: str
    process: subprocess.Popen[bytes]
    log: Path | None


class Crew:
    """Starts processes, notices when one ends, and leaves none behind."""

    def __init__(self) -> None:
        self.members: list[Member] = []

    def start(
        self, name: str, command: Sequence[str], *, environment: Mapping[str, str], cwd: Path, log: Path | None
    ) -> None:
        """Starts a process in a group of its own; without a log it shares the terminal."""
        with contextlib.ExitStack() as stack:
            output = stack.enter_context(log.open("wb")) if log else None
            process = subprocess.Popen(
                list(command),
                cwd=cwd,
                env=dict(environment),
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT if output else None,
                # Ctrl-C at the keyboard is ours to pass on, in our order.
                start_new_session=True,
                preexec_fn=tether.to_parent(signal.SIGTERM),
            )
        self.members.append(Member(name, process, log))

    def fallen(self) -> Member | None:
        """The first member that has ended, if one has."""
        return next((member for member in self.members if member.process.poll() is not None), None)

    def stop(self) -> None:
        """Asks all to end, waits, and kills what is left of each group."""
        for member in self.members:
            if member.process.poll() is None:
                member.process.terminate()
        until = time.monotonic() + PATIENCE
        for member in self.members:
            with contextlib.suppress(subprocess.TimeoutExpired):
                member.process.wait(max(0.0, until - time.monotonic()))
            # The group has the number of its first process, and outlives it when that left children.
            with contextlib.suppress(ProcessLookupError):
                os.killpg(member.process.pid, signal.SIGKILL)
            member.process.wait()


def listen() -> None:
    """From now on Ctrl-C, SIGTERM or a closed terminal raises `Asked`, once."""

    def ask(number: int, frame: FrameType | None) -> None:
        deafen()
        raise Asked

    for each in STOP_SIGNALS:
        signal.signal(each, ask)


def deafen() -> None:
    """From now on we are stopping: being asked again must not tear the stopping apart."""
    for each in STOP_SIGNALS:
        signal.signal(each, signal.SIG_IGN)


def last_words(member: Member, lines: int = 12) -> str:
    """The end of what a process wrote, for the person at the keyboard."""
    if member.log is None:
        return ""
    written = member.log.read_text(errors="replace").splitlines()
    return "\n".join(f"    {line}" for line in written[-lines:])
