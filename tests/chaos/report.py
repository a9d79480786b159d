"""What the long form found out, kept in `var/chaos.json` and shown in docs/chaos.md between its marks."""

from __future__ import annotations

import json
import os
import re
import subprocess
from datetime import UTC, datetime
from typing import Any

from pipeline_crm.launch import places

KEPT = places.ROOT / "var" / "chaos.json"
PAGE = places.ROOT / "docs" / "chaos.md"
SHOTS = ("kill -9: sweep", "kill -9: work", "kill -9: Celery", "kill -9: Celery child")


def keep(part: str, facts: Any) -> None:
    """Remembers what one part of a long run found out, and the circumstances."""
    kept = json.loads(KEPT.read_text()) if KEPT.exists() else {}
    commit = subprocess.run(
        ["git", "rev-parse", "--short", "HEAD"], cwd=places.ROOT, capture_output=True, text=True, check=False
    )
    about = {"on": f"{datetime.now(UTC):%Y-%m-%d}", "commit": commit.stdout.strip(), "cores": os.cpu_count()}
    kept[part] = {"about": about, "facts": facts}
    KEPT.parent.mkdir(parents=True, exist_ok=True)
    KEPT.write_text(json.dumps(kept, indent=1))


def write() -> None:
    """Puts the tables of the latest runs into the page."""
    kept = json.loads(KEPT.read_text())
    page = PAGE.read_text()
    for part, table in TABLES.items():
        if part in kept:
            about = kept[part]["about"]
            words = f"Run on {about['on']} at commit {about['commit']}, {about['cores']} cores."
            lines = "\n".join([words, "", *table(kept[part]["facts"])])
            page = re.sub(
                rf"(<!-- {part} -->\n).*?(<!-- /{part} -->)",
                lambda m, put=lines: f"{m[1]}{put}\n{m[2]}",
                page,
                flags=re.S,
            )
    PAGE.write_text(page)


def _table(head: list[str], rows: list[list[Any]]) -> list[str]:
    """Rows of a Markdown table."""
    return [f"| {' | '.join(str(cell) for cell in row)} |" for row in (head, ["---"] * len(head), *rows)]


def _fire(facts: dict[str, Any]) -> list[str]:
    counts, seconds = facts["counts"], facts["seconds"]
    kills = sum(counts.get(name, 0) for name in SHOTS)
    moved = sum(n for name, n in counts.items() if name.startswith("moved: "))
    head = ["leads", "seconds", "kill -9", "of Celery", "PostgreSQL crashes", "Redis kills", "FLUSHALL", "people gone"]
    celery = sum(counts.get(name, 0) for name in SHOTS[2:])
    row = [f"{facts['leads']:,}", f"{seconds:.0f}", f"{kills:,}", celery, counts.get("PostgreSQL crashes", 0)]
    row += [counts.get("Redis kills", 0), counts.get("FLUSHALL", 0), counts.get("people gone", 0)]
    acts = sum(n for name, n in counts.items() if name.startswith("act: "))
    done = [
        ["movements", f"{moved:,}"],
        [
            "of them by the sweep",
            f"{sum(counts.get(f'moved: {c}', 0) for c in ('stale', 'expired', 'assigned', 'seat_closed')):,}",
        ],
        ["acts of people that came through", f"{acts:,}"],
        ["acts refused with a sentence", f"{sum(n for name, n in counts.items() if name.startswith('refused')):,}"],
        ["notices", f"{counts.get('notices', 0):,}"],
        ["looks at random records in between", f"{counts.get('look', 0):,}"],
        ["deadlocks", counts.get("deadlocks broken by the server", 0)],
        ["things nobody expected", len(facts["strange"])],
        ["seconds until the backlog was swept, once the shooting ended", f"{facts['backlog']:.1f}"],
        ["seconds until Celery alone had swept 500 leads that fell due at once", f"{facts['calm'] or 0:.1f}"],
    ]
    asked = [[name, n] for name, n in facts["answers"].items()]
    return [
        *_table(head, [row]), "", *_table(["what happened", "how often"], done), "",
        *_table(["question", "records that break it"], asked),
    ]  # fmt: skip


def _cut(facts: list[dict[str, Any]]) -> list[str]:
    rows = [[cut["act"], cut["statements"], f"{cut['kills']:,}", len(cut["wrong"])] for cut in facts]
    return _table(["act", "statements", "kill -9", "not whole"], rows)


def _race(facts: dict[str, Any]) -> list[str]:
    row = [
        facts["claimers"],
        f"{facts['records']:,}",
        f"{facts['claimed']:,}",
        facts["twice"],
        f"{facts['seconds']:.0f}",
    ]
    return _table(["claimers", "records", "claimed", "claimed twice", "seconds"], [row])


def _machine(facts: dict[str, Any]) -> list[str]:
    row = [f"{facts['stories']:,}", f"{facts['steps']:,}", f"{facts['moved']:,}", facts["broken"]]
    return _table(["stories", "steps", "movements", "laws broken"], [row])


def _alarm(facts: list[dict[str, Any]]) -> list[str]:
    rows = [
        [row["build"], row["noticed by"], ", ".join(f"{name} ({n})" for name, n in row["rang"].items())]
        for row in facts
    ]
    return _table(["careless build", "must be noticed by", "what rang (records)"], rows)


TABLES = {"fire": _fire, "cut": _cut, "race": _race, "machine": _machine, "alarm": _alarm}
