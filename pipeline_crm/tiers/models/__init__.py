from .desks import (
    PipelineGroupObjectPermission,
    PipelineUserObjectPermission,
    Rung,
    Step,
    Strategy,
    Tier,
    TierGroupObjectPermission,
    TierUserObjectPermission,
    WhenFull,
)
from .pipelines import DayOff, Pipeline, Product, Reason, Source, WorkingHours
from .rules import Rule
from .seats import Absence, Seat, Shift
from .stamps import Stamp

__all__ = [
    "Absence",
    "DayOff",
    "Pipeline",
    "PipelineGroupObjectPermission",
    "PipelineUserObjectPermission",
    "Product",
    "Reason",
    "Rule",
    "Rung",
    "Seat",
    "Shift",
    "Source",
    "Stamp",
    "Step",
    "Strategy",
    "Tier",
    "TierGroupObjectPermission",
    "TierUserObjectPermission",
    "WhenFull",
    "WorkingHours",
]
