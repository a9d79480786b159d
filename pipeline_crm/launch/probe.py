"""Health checks for a container: `python -m pipeline_crm.launch.probe web|beat` ends with 0 when it is well."""

import os
import sys
import time
import urllib.request
from collections.abc import Callable

from pipeline_crm.launch import places

# Beat writes its file after every ring, once a minute.
SILENT_TOO_LONG = 180.0


def web() -> str:
    """Asks the web process, under a host name that it answers to; returns what is wrong, or nothing."""
    port = os.environ.get("PORT") or "8000"
    host = (os.environ.get("ALLOWED_HOSTS") or "localhost").split(",")[0].strip().lstrip(".")
    request = urllib.request.Request(f"http://127.0.0.1:{port}/healthz", headers={"Host": host})
    try:
        with urllib.request.urlopen(request, timeout=5):
            return ""
    except OSError as error:
        return f"The web process does not answer well: {error}"


def beat() -> str:
    """Looks when beat has last written its schedule; returns what is wrong, or nothing."""
    # The kind of file differs between Pythons, and with it the end of its name.
    written = [file.stat().st_mtime for file in places.beat_schedule().parent.glob("schedule*")]
    if not written:
        return "Beat has written no schedule yet."
    silence = time.time() - max(written)
    return "" if silence < SILENT_TOO_LONG else f"Beat has been silent for {silence:.0f} s."


def main(words: list[str]) -> int:
    """Prints what is wrong, if anything, and returns the exit code."""
    probes: dict[str, Callable[[], str]] = {"web": web, "beat": beat}
    probe = probes.get(" ".join(words))
    if probe is None:
        print(f"usage: python -m pipeline_crm.launch.probe {'|'.join(probes)}", file=sys.stderr)
        return 2
    wrong = probe()
    print(wrong or "well")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
