from __future__ import annotations

from contextlib import AbstractContextManager
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from pipeline_crm.access.factors import reseal_factors
from pipeline_crm.access.identity import system_scope
from pipeline_crm.audit.actions import note
from pipeline_crm.audit.models import Kind
from pipeline_crm.clients.rotation import Rotation, older_points, rotate_points
from pipeline_crm.clients.suppression import reseal_peppers


class Command(BaseCommand):
    help = (
        "Seals and marks everything that is sealed in the database with the newest of DATA_KEYS; then the older keys can "
        "go. May be killed and begun again."
    )

    def handle(self, *args: Any, **options: Any) -> None:
        factors, contacts = reseal_factors(), rotate_points(within=_house)
        self.stdout.write(f"{factors} second factors are sealed with the newest key.")
        self.stdout.write(f"{contacts.done} contacts are sealed and marked with the newest key.")
        with _house():
            reseal_peppers()
            older = older_points()
            told = {"factors": factors, "contacts": contacts.done, "left": older}
            note(Kind.KEYS_ROTATED, by=None, now=timezone.now(), detail=told)
        if older:
            raise CommandError(_left(contacts) or f"{older} contacts lie under an older key still: run it again.")


def _house() -> AbstractContextManager[None]:
    """What everybody's contacts are read in: without it the database would show none, and all would seem done."""
    return system_scope("everybody's contacts change their key")


def _left(run: Rotation) -> str:
    """What keeps the older keys from going, in words."""
    told = []
    if run.locked:
        told.append(f"None of DATA_KEYS opens these contacts, a key is missing: {_few(run.locked)}.")
    if run.twice:
        told.append(
            f"Another client has these contacts under the newest key already, keep the older keys until one of "
            f"them is gone: {_few(run.twice)}."
        )
    return " ".join(told)


def _few(numbers: list[int]) -> str:
    return ", ".join(map(str, numbers[:20])) + (f" and {len(numbers) - 20} more" if len(numbers) > 20 else "")
