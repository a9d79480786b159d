"""Measures every journey beside its floor: `make bench`, or `make bench ARGS=--short` in about a minute."""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import platform
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import psycopg2

from pipeline_crm.launch import commands, places, postgres

from . import journeys, sites
from .figures import Book

BUFFERS = "512MB"  # as docker-compose.yml gives PostgreSQL
FULL, SHORT = (20_000, 200_000, 1_000_000), (2_000, 20_000)


def main(words: list[str]) -> int:
    """The command line."""
    asked = _arguments(words)
    sizes = [int(size) for size in asked.rows.split(",")] if asked.rows else list(SHORT if asked.short else FULL)
    measure = journeys.Measure(
        rounds=asked.rounds or (20 if asked.short else 100),
        seconds=1 if asked.short else 3,
        pages_only=asked.pages,
        longest_sweep=20 if asked.short else 60,
    )
    with contextlib.ExitStack() as stack:
        cluster = stack.enter_context(postgres.throw_away(shared_buffers=BUFFERS))
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        _manage(cluster.url, "migrate", "--verbosity", "0")
        _say(f"seeding {', '.join(f'{size:,}' for size in sizes)} leads …")
        firms = _seeded(cluster, sizes, folder)
        book = Book(_conditions(firms))
        book.head()
        for firm in firms:
            book.note(f"seeding {firm['leads']:,} leads", firm["seconds"], "s")
        try:
            journeys.walk(book, firms, measure)
        except sites.Failed as reason:
            print(reason, file=sys.stderr)
            return 1
        book.close(places.VAR / "bench.jsonl")
    return 0


def _arguments(words: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="make bench", description=__doc__)
    parser.add_argument("--short", action="store_true", help="small tables and few requests: about a minute")
    parser.add_argument("--rows", default="", help="numbers of leads with commas between, from the smallest up")
    parser.add_argument("--pages", action="store_true", help="the pages alone: no crowd, no sweep, no kinds of workers")
    parser.add_argument("--rounds", type=int, default=0, help="requests for each figure")
    return parser.parse_args(words)


def _say(words: str) -> None:
    print(words, file=sys.stderr, flush=True)


def _manage(database: str, *words: str) -> None:
    subprocess.run(commands.manage(*words), check=True, env=sites.environment(database), stdout=subprocess.DEVNULL)


def _seeded(cluster: postgres.Cluster, sizes: list[int], folder: Path) -> list[dict[str, Any]]:
    """A database for each size, made from the migrated one and filled by a process of its own."""
    started = []
    for size in sizes:
        name = f"leads_{size}"
        with contextlib.closing(psycopg2.connect(cluster.url.replace(f"/{places.DATABASE}?", "/postgres?"))) as server:
            server.autocommit = True
            server.cursor().execute(f"CREATE DATABASE {name} TEMPLATE {places.DATABASE}")
        database = cluster.url.replace(f"/{places.DATABASE}?", f"/{name}?")
        file = folder / f"{size}.json"
        command = [sys.executable, "-m", "benchmarks.seeding", str(size), str(file)]
        process = subprocess.Popen(command, env=sites.environment(database), cwd=places.ROOT)
        started.append((process, database, file))
    if any(process.wait() for process, _database, _file in started):
        raise SystemExit("The tables could not be seeded.")
    return [json.loads(file.read_text()) | {"database": database} for _process, database, file in started]


def _conditions(firms: list[dict[str, Any]]) -> dict[str, object]:
    return {
        "leads": [firm["leads"] for firm in firms],
        "cores": os.cpu_count(),
        "python": platform.python_version(),
        "load": round(os.getloadavg()[0], 1),
        "workers": " ".join(sites.SHIPPED),
        "database": f"embedded PostgreSQL, {BUFFERS} of shared buffers, no fsync",
    }


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
