"""The measurements run through their front door, on the smallest firm that has everything."""

import json
import os
import subprocess
import sys

from pipeline_crm.launch import places

FIGURES = {"list", "board", "record", "search by phone", "search by name", "state change", "capture", "hand-off"}


def test_the_smallest_bench_prints_a_table_and_writes_every_figure_with_its_goal(tmp_path):
    command = [sys.executable, "-m", "benchmarks", "--rows", "2000", "--rounds", "2", "--pages"]

    done = subprocess.run(
        command,
        cwd=places.ROOT,
        env=os.environ | {"VAR_DIR": str(tmp_path)},
        capture_output=True,
        text=True,
        timeout=300,
    )

    assert (done.returncode, "Traceback" in done.stderr) == (0, False), done.stderr
    figures = [json.loads(line) for line in (tmp_path / "bench.jsonl").read_text().splitlines()]
    assert FIGURES - {each["figure"] for each in figures} == set()
    assert {tuple(sorted(each)) for each in figures} == {("better", "conditions", "figure", "goal", "unit", "value")}
    assert {each["better"] for each in figures} <= {"lower", "higher"}
    assert "goals reached" in done.stdout
