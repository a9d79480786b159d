"""The payloads, one a line: name, text (`times` over), for which kinds of entry, and what must come of it.

`refused`: 4xx with a reason · `home`: leads nowhere but home · `any`: refused, or stored and shown as mere text. Whatever
the verdict: never a 5xx, and what is refused has changed nothing.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).parent


@dataclass(frozen=True)
class Payload:
    """One line of a file."""

    name: str
    text: str
    verdict: str
    kinds: tuple[str, ...]


def payloads(kind: str) -> list[Payload]:
    """Every payload for a kind of entry: text, script, number or way."""
    return [one for file in sorted(HERE.glob("*.jsonl")) for one in _read(file) if kind in one.kinds]


def _read(file: Path) -> list[Payload]:
    rows = [json.loads(line) for line in file.read_text().splitlines()]
    return [
        Payload(row["name"], row["text"] * row.get("times", 1), row["verdict"], tuple(row.get("kinds", ["text"])))
        for row in rows
    ]
