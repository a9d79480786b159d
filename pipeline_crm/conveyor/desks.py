"""What the three stages have in common as places of work: their model, their door, the namespace of their pages."""

from __future__ import annotations

from dataclasses import dataclass

from django.urls import reverse

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
        return reverse(f"{self.namespace}:{page}", args=args)


DESKS = {stage: Desk(stage, f"{stage}s") for stage in Stage}
