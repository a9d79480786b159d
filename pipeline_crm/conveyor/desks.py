"""What the three stages have in common as places of work: their model, their door, the namespace of their pages."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

from django.urls import get_script_prefix, reverse

from pipeline_crm.tiers.stages import Stage

from .records import BELT, ConveyorItem


@dataclass(frozen=True)
class Desk:
    """The pages of one stage."""

    stage: Stage
    namespace: str

    @property
    def model(self) -> type[ConveyorItem]:
        """The record worked here."""
        return BELT[self.stage]

    @property
    def door(self) -> str:
        """The door of every page of the stage."""
        return f"{self.namespace}.work"

    def url(self, page: str, *args: object) -> str:
        """The address of one of the stage's pages."""
        name = f"{self.namespace}:{page}"
        if len(args) == 1:
            before, after = _around(get_script_prefix(), name)
            return f"{before}{args[0]}{after}"
        return reverse(name, args=args) if args else _address(get_script_prefix(), name)


@cache
def _address(prefix: str, name: str) -> str:
    """An address without a number in it."""
    return reverse(name)


@cache
def _around(prefix: str, name: str) -> tuple[str, str]:
    """What stands before and behind the number in an address: a board draws hundreds of them."""
    before, _zero, after = reverse(name, args=(0,)).partition("/0/")
    return f"{before}/", f"/{after}"


DESKS = {stage: Desk(stage, f"{stage}s") for stage in Stage}
