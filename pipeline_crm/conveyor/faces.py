"""What the pages draw, as plain facts: a clock, a belt, the frame around a page. Nothing here asks the database.

Rooms fill these in; the tags of `{% load belt %}` and `templates/pieces/` draw them. docs/look.md shows each in use.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Literal

from .words import DAY, MINUTE, seconds_between, time_late, time_left, waiting_words

ClockState = Literal["ok", "soon", "over", "paused"]
GateState = Literal["passed", "waiting", "returned", "ahead"]
End = Literal["", "start", "both", "end"]
StretchState = Literal["done", "now", "ahead"]

STAGE_ICONS = {"lead": "user-search", "deal": "target-arrow", "account": "plant-2"}
GATE_ICONS: dict[str, str] = {
    "passed": "check",
    "waiting": "inbox",
    "returned": "arrow-back-up",
    "ahead": "arrow-right",
}

# A clock warns when a third of its time is left, an offer already at half: somebody waits at the other side of it.
WARN_AT, WARN_AT_ANSWER = 1 / 3, 1 / 2
ALWAYS_WARN = 10 * MINUTE
STEPS_ON_A_BELT = 6
NEIGHBOURS = 2


@dataclass(frozen=True, slots=True)
class ClockFace:
    """What may not wait: an arc (`left`, 0 to 100) and the words beside it; `hours` lets it go on in an open page."""

    state: ClockState
    left: int
    words: str
    hours: "ClockHours | None" = field(default=None, compare=False)


@dataclass(frozen=True, slots=True)
class ClockHours:
    """When a clock started, warns and runs out."""

    started_at: datetime
    soon_at: datetime
    due_at: datetime


def clock_face(
    due_at: datetime | None,
    started_at: datetime | None,
    now: datetime,
    clock_kind: str = "",
    paused_until: datetime | None = None,
) -> ClockFace | None:
    """The face of one clock at one hour; None where no clock runs. "answer" warns sooner, "parked" waits for its date."""
    waits_for = paused_until or (due_at if clock_kind == "parked" else None)
    if waits_for and waits_for > now:
        return ClockFace("paused", 0, waiting_words(waits_for, now=now))
    if due_at is None:
        return None
    left = seconds_between(now, due_at)
    hours = clock_hours(started_at or now, due_at, clock_kind)
    if left <= 0:
        return ClockFace("over", 0, time_late(-left), hours)
    whole = seconds_between(hours.started_at, due_at)
    share = min(round(100 * left / whole), 100) if whole > 0 else 100
    return ClockFace("soon" if now >= hours.soon_at else "ok", share, time_left(left), hours)


def clock_hours(started_at: datetime, due_at: datetime, clock_kind: str) -> ClockHours:
    """A clock warns for the last third of its time, an offer for the last half; ten minutes at least, a day at most."""
    share = WARN_AT_ANSWER if clock_kind == "answer" else WARN_AT
    warned = min(max(seconds_between(started_at, due_at) * share, ALWAYS_WARN), DAY)
    return ClockHours(started_at, due_at - timedelta(seconds=warned), due_at)


def initials(name: str) -> str:
    """Two letters that stand for a person on a parcel: “ИС” for “Ирина Соколова”."""
    words = [word for word in name.replace("-", " ").split() if word[0].isalnum()]
    if not words:
        return "·"
    return "".join(word[0] for word in (words[0], words[-1])[: min(len(words), 2)]).upper()


# The belt --------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Joint:
    """Where the owner changes. `note` stands under the gate; a line break in it is kept."""

    state: GateState
    note: str = ""
    icon: str = ""

    @property
    def sign(self) -> str:
        """The icon in the gate: its own, or that of the state."""
        return self.icon or GATE_ICONS[self.state]


def open_ends(joint_follows: Sequence[bool]) -> list[End]:
    """Where each capsule is open: towards a neighbour of the same tier, that is, where no joint stands between."""
    last = len(joint_follows) - 1
    ends: list[End] = []
    for place, follows in enumerate(joint_follows):
        before, after = place > 0 and not joint_follows[place - 1], place < last and not follows
        ends.append("both" if before and after else "start" if before else "end" if after else "")
    return ends


@dataclass(frozen=True, slots=True)
class Stretch:
    """One stage on the belt. `current` counts the steps from 1; nothing rides where there is no `parcel`."""

    stage: str
    state: StretchState
    word: str
    who: str = ""
    steps: Sequence[str] = ()
    current: int = 0
    parcel: str = ""
    clock: ClockFace | None = None
    open: End = ""

    @property
    def icon(self) -> str:
        """The stage's own sign."""
        return STAGE_ICONS[self.stage]

    @property
    def fill(self) -> int:
        """How much of the track is behind the client, 0 to 100."""
        if self.state != "now" or not self.steps or self.current < 2:
            return 0
        return 100 * (self.current - 1) // len(self.steps)

    @property
    def clock_side(self) -> str:
        """The clock stands after the parcel, or before it where the belt ends soon."""
        return "start" if self.current > len(self.steps) * 0.7 else "end"

    def short(self) -> "Stretch":
        """The same with at most six steps: with more, the current one and its neighbours."""
        if len(self.steps) <= STEPS_ON_A_BELT:
            return self
        last = len(self.steps) - 2 * NEIGHBOURS
        first = min(max(self.current - NEIGHBOURS, 1), last)
        shown = self.steps[first - 1 : first + 2 * NEIGHBOURS]
        return replace(self, steps=shown, current=max(self.current - first + 1, 0))


@dataclass(frozen=True, slots=True)
class Belt:
    """Stretches in order; `joints[i]` stands after stretch i, or None where the same tier goes on."""

    stretches: Sequence[Stretch]
    joints: Sequence[Joint | None]
    flat: bool = False

    def parts(self) -> list[tuple[Stretch, Joint | None]]:
        """Each stretch, told where its capsule is open, with the joint that follows it."""
        after = [*self.joints[: len(self.stretches) - 1], None]
        ends = open_ends([joint is not None for joint in after])
        return [
            (replace(stretch.short(), open=end), joint)
            for stretch, end, joint in zip(self.stretches, ends, after, strict=True)
        ]


# The frame -------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Link:
    """A place to go, or with `post` a thing to do. `count`, `icon` and `key` are drawn only when given."""

    url: str
    word: str
    icon: str = ""
    count: int | str | None = None
    current: bool = False
    key: str = ""
    line: str = ""
    post: bool = False


@dataclass(frozen=True, slots=True)
class NavStage:
    """One stage on the upright belt: hatched and open with its lists when it is mine, dashed and locked when not."""

    stage: str
    word: str
    mine: bool = False
    links: Sequence[Link] = ()
    open: End = ""

    @property
    def icon(self) -> str:
        """The stage's own sign."""
        return STAGE_ICONS[self.stage]


@dataclass(frozen=True, slots=True)
class NavJoint:
    """One joint of the upright belt, with my own numbers in words: “1 offer for you”."""

    words: str
    state: GateState = "ahead"
    icon: str = ""
    url: str = ""

    @property
    def sign(self) -> str:
        """The icon in the gate: its own, or that of the state."""
        return self.icon or GATE_ICONS[self.state]


@dataclass(frozen=True, slots=True)
class Place:
    """One stage of the upright belt with the joint below it; None where my tier goes on, or after the last."""

    stage: NavStage
    joint: NavJoint | None = None


@dataclass(frozen=True, slots=True)
class Person:
    """Who is signed in."""

    name: str
    line: str = ""

    @property
    def initials(self) -> str:
        """Two letters for the small square."""
        return initials(self.name)


@dataclass(frozen=True, slots=True)
class LinkGroup:
    """Links under one small heading, e.g. “Set up”; an empty heading is not drawn."""

    word: str
    links: Sequence[Link]


@dataclass(frozen=True, slots=True)
class Frame:
    """All that stands around a page. What is empty is not drawn, so nobody is shown a dead link."""

    person: Person
    stage: str = "none"
    pipeline: str = ""
    line: str = ""
    pipelines: Sequence[Link] = ()
    top: Sequence[Link] = ()
    belt: Sequence[Place] = ()
    groups: Sequence[LinkGroup] = ()
    tabs: Sequence[Link] = ()
    unread: int = 0
    notices_url: str = ""
    profile_url: str = ""
    theme_url: str = ""
    language_url: str = ""
    sign_out_url: str = ""
    drawn: dict[str, str] = field(default_factory=dict, compare=False, repr=False)  # its pieces as HTML, by template

    @property
    def upright(self) -> list[Place]:
        """The belt of the sidebar, each stage told where its capsule is open."""
        ends = open_ends([place.joint is not None for place in self.belt])
        return [
            replace(place, stage=replace(place.stage, open=end)) for place, end in zip(self.belt, ends, strict=True)
        ]
