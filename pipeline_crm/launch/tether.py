"""Ties a child process to its parent: when the parent dies, however it dies, the system signals the child."""

import ctypes
import os
from collections.abc import Callable
from signal import Signals

# From linux/prctl.h.
PR_SET_PDEATHSIG = 1


def to_parent(on_death: Signals) -> Callable[[], None] | None:
    """What `subprocess` calls in the child before it becomes its program; None where the system has no such tie."""
    try:
        prctl = ctypes.CDLL(None, use_errno=True).prctl
    except (OSError, AttributeError):
        return None
    parent = os.getpid()

    def tie() -> None:
        prctl(PR_SET_PDEATHSIG, int(on_death), 0, 0, 0)
        # The parent may have died before the tie was made.
        if os.getppid() != parent:
            os.kill(os.getpid(), on_death)

    return tie
