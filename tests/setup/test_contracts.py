"""The floors of the house: imports point down only."""

import os
import subprocess
import sys
from pathlib import Path

from pipeline_crm.launch import places

LINT = str(Path(sys.executable).parent / "lint-imports")


def test_every_import_keeps_the_contracts(tmp_path):
    done = subprocess.run(
        [LINT, "--cache-dir", str(tmp_path)],
        cwd=places.ROOT,
        env=os.environ | {"COLUMNS": "200"},
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 0, done.stdout
    assert "0 broken" in done.stdout
