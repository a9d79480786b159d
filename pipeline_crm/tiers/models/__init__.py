from .desks import (
    Absence,
    PipelineGroupObjectPermission,
    PipelineUserObjectPermission,
    Rung,
    Seat,
    Step,
    Strategy,
    Tier,
    TierGroupObjectPermission,
    TierUserObjectPermission,
)
from .pipelines import DayOff, Pipeline, Product, Reason, Source, WorkingHours

__all__ = [
    "Absence",
    "DayOff",
    "Pipeline",
    "PipelineGroupObjectPermission",
    "PipelineUserObjectPermission",
    "Product",
    "Reason",
    "Rung",
    "Seat",
    "Source",
    "Step",
    "Strategy",
    "Tier",
    "TierGroupObjectPermission",
    "TierUserObjectPermission",
    "WorkingHours",
]
