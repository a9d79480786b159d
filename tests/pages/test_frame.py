"""The frame around every page: own desks open, the others locked, the joints with one's own numbers and no names."""

import pytest

from pipeline_crm.tiers.stages import Stage
from tests.cast import make_contacted, make_lead, make_offer, seat_at


def places(frame):
    """The upright belt as one reads it: stage, whether mine, the words of its links, the joint below."""
    return [
        (
            place.stage.stage,
            place.stage.mine,
            [(link.word, link.count) for link in place.stage.links],
            place.joint and (place.joint.words, place.joint.state),
        )
        for place in frame.belt
    ]


def frame_for(browse, who):
    return browse(who).get("/").context["frame"]


def test_a_scout_sees_her_own_desk_and_locks_on_the_others(browse, sam, hal):
    make_lead(sam)
    make_lead(pipeline=sam.tier.pipeline)

    frame = frame_for(browse, sam)

    assert places(frame) == [
        ("lead", True, [("Board", None), ("My leads", 1), ("Pool", 1)], ("nothing answered in 30 days", "ahead")),
        ("deal", False, [], ("no sales in 30 days yet", "ahead")),
        ("account", False, [], None),
    ]
