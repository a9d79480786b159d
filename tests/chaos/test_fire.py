"""The short form of the whole proof, on a PostgreSQL and a Redis of its own: `make chaos` is the long one."""

from __future__ import annotations

import shutil
import subprocess
import sys

import pytest

from pipeline_crm.launch import places
from tests.conftest import do_without


@pytest.mark.redis
def test_nothing_breaks_under_fire_and_every_careless_build_is_noticed():
    shutil.which("redis-server") or do_without("redis-server", "redis-server")

    fire = [sys.executable, "-m", "tests.chaos", "--short", "cut", "race", "alarm", "fire"]
    done = subprocess.run(fire, cwd=places.ROOT, capture_output=True, text=True, timeout=400, check=False)

    assert done.returncode == 0, f"{done.stdout}\n{done.stderr[-4000:]}"
