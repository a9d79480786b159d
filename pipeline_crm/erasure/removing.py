"""What is removed outside of the client's own rows: files that wait for somebody, what was searched for, words half said."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass

from django.contrib.sessions.backends.db import SessionStore
from django.contrib.sessions.models import Session

from pipeline_crm.clients.models import Client, ContactPoint
from pipeline_crm.conveyor.records import ConveyorItem
from pipeline_crm.exchange import vault
from pipeline_crm.exchange.models import Export, ExportPart
from pipeline_crm.sealing import seal, unseal

FLASHES = "_messages"  # what the next page would say; it may name a client
SHORTEST = 4  # a shorter name is a part of too many words
ALIVE = (Export.State.WAITING, Export.State.QUEUED, Export.State.READY)


@dataclass(frozen=True)
class Words:
    """By what a client may be named in what people wrote about other things."""

    points: tuple[tuple[str, str], ...]
    told: tuple[str, ...]

    def are_in(self, text: str) -> bool:
        """Whether a text names the client, or is a part of what they are called."""
        text = text.lower().strip()
        return bool(text) and any(word.lower() in text or text in word.lower() for word in self.told)


def words_of(client: Client) -> Words:
    """The client's names and contacts, read once more before they go."""
    points = tuple((point.kind, point.opened()) for point in ContactPoint.objects.filter(client=client))
    digits = [value.lstrip("+")[-10:] for kind, value in points if kind == ContactPoint.Kind.PHONE]
    told = [client.name, client.company, *(value for _kind, value in points), *digits]
    return Words(points, tuple(dict.fromkeys(word for word in told if len(word) >= SHORTEST)))


def remove_exports(items: Iterable[ConveyorItem], words: Words) -> tuple[int, int]:
    """Takes away the files that hold a record of the client, and the searches that named them; how many parts and wishes."""
    theirs = {(item.stage, item.pk) for item in items}
    parts = wishes = 0
    for export in Export.objects.select_for_update().order_by("pk"):
        question = json.loads(unseal(export.question))
        named = words.are_in(str(question.get("q", "")))
        holds = any((export.stage, pk) in theirs for pk in export.records)
        if not (named or holds):
            continue
        wishes += 1
        parts += ExportPart.objects.filter(export=export).count()
        if export.state in ALIVE:
            vault.empty(export)
            export.end(Export.Why.ERASED)
        if named:
            question.pop("q")
            export.question = seal(json.dumps(question))
        export.digest = ""
        export.save()
    return parts, wishes


def remove_flashes() -> int:
    """Takes what the next page would say out of every session, for it may name the client."""
    removed = 0
    for session in Session.objects.select_for_update().order_by("pk"):
        told = session.get_decoded()
        if told.pop(FLASHES, None):
            session.session_data = SessionStore().encode(told)
            session.save(update_fields=["session_data"])
            removed += 1
    return removed
