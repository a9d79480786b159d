"""A Python that is new enough is found by running candidates, not by trusting their names."""

import subprocess
import sys
from pathlib import Path

from pipeline_crm.launch import places

NONE = "No Python 3.12 or newer was found"


def find(path: str, home: Path, **environment: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        ["/bin/sh", str(places.ROOT / "bin" / "find-python")],
        env={"PATH": path, "HOME": str(home)} | environment,
        capture_output=True,
        text=True,
        check=False,
    )


def program(path: Path, script: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)
    return path


def tools(tmp_path: Path) -> str:
    """A search path with the system's small tools and no Python."""
    folder = tmp_path / "tools"
    folder.mkdir()
    for name in ("tr", "grep"):
        (folder / name).symlink_to(f"/usr/bin/{name}" if Path(f"/usr/bin/{name}").exists() else f"/bin/{name}")
    return str(folder)


def test_the_named_one_is_taken(tmp_path):
    done = find(tools(tmp_path), tmp_path, PYTHON=sys.executable)

    assert (done.returncode, done.stdout.strip()) == (0, sys.executable)


def test_a_named_one_that_does_not_work_is_refused(tmp_path):
    done = find(tools(tmp_path), tmp_path, PYTHON="/no/such/python")

    assert done.returncode == 1
    assert done.stderr.strip() == "PYTHON=/no/such/python is not a Python 3.12 or newer with venv and ensurepip."


def test_a_shim_that_refuses_is_passed_over_and_the_version_behind_it_is_found(tmp_path):
    path = tools(tmp_path)
    program(tmp_path / "pyenv" / "shims" / "python3.13", "exit 127")
    program(tmp_path / "pyenv" / "versions" / "3.13.0" / "bin" / "python", f'exec {sys.executable} "$@"')

    done = find(f"{tmp_path}/pyenv/shims:{path}", tmp_path)

    assert (done.returncode, done.stdout.strip()) == (0, sys.executable)


def test_an_old_one_is_not_enough(tmp_path):
    path = tools(tmp_path)
    program(tmp_path / "tools" / "python3", "exit 1")

    done = find(path, tmp_path)

    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith(NONE)
    assert done.stderr.count("\n") == 1
