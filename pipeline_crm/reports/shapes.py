"""What the two pages show, as frozen facts; nothing here asks the database."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
from datetime import date, datetime, timedelta
from typing import Literal

from pipeline_crm.conveyor.faces import STAGE_ICONS, ClockFace, End, GateState, initials

type SeatState = Literal["work", "away", "closed", "gone"]

SEATS_SHOWN = 12


@dataclass(frozen=True, slots=True)
class Load:
    """What lies with one seat, or in a pool."""

    open: int = 0
    late: int = 0
    soon: int = 0
    offered: int = 0
    offered_late: int = 0
    oldest: datetime | None = None

    def __add__(self, other: Load) -> Load:
        counts = {f.name: getattr(self, f.name) + getattr(other, f.name) for f in fields(self) if f.name != "oldest"}
        return Load(**counts, oldest=min(filter(None, (self.oldest, other.oldest)), default=None))


@dataclass(frozen=True, slots=True)
class Heap:
    """What lies on one step; `stay` is the mean time there."""

    open: int = 0
    late: int = 0
    untouched: int = 0
    offered: int = 0
    offered_late: int = 0
    stay: timedelta | None = None
    oldest: datetime | None = None


@dataclass(frozen=True, slots=True)
class Tally:
    """Offers by their answer."""

    waiting: int = 0
    accepted: int = 0
    returned: int = 0
    unanswered: int = 0

    def __add__(self, other: Tally) -> Tally:
        return Tally(*(getattr(self, f.name) + getattr(other, f.name) for f in fields(self)))

    @property
    def offers(self) -> int:
        """All of them."""
        return self.waiting + self.ended

    @property
    def ended(self) -> int:
        """Those that wait no more, answered or not."""
        return self.accepted + self.returned + self.unanswered

    @property
    def share(self) -> int | None:
        """How many of a hundred were accepted; nothing to say where none has ended."""
        return round(100 * self.accepted / self.ended) if self.ended else None


@dataclass(frozen=True, slots=True)
class Flow:
    """Records that came to a stage and that left it."""

    came: int = 0
    left: int = 0


@dataclass(frozen=True, slots=True)
class Ladder:
    """What the stale ladder did; `rescued` of those it reminded of were touched after."""

    reminded: int = 0
    warned: int = 0
    reassigned: int = 0
    pooled: int = 0
    rescued: int = 0


@dataclass(frozen=True, slots=True)
class SeatRow:
    """One seat with its person, what it holds and how it stands to its clocks."""

    pk: int
    name: str
    leads: bool
    capacity: int
    state: SeatState
    load: Load
    touches: int = 0
    away_to: date | None = None
    away_why: str = ""
    absence: int | None = None
    substitute: str = ""
    paused_to: datetime | None = None
    own: bool = False

    @property
    def initials(self) -> str:
        """Two letters for the small square."""
        return initials(self.name)

    @property
    def free(self) -> int:
        """How many more the seat can take."""
        return max(self.capacity - self.load.open, 0)

    @property
    def over(self) -> bool:
        """Whether the seat holds more than it may."""
        return self.load.open > self.capacity

    @property
    def takes(self) -> bool:
        """Whether the rule may give it something new."""
        return self.state == "work" and self.free > 0 and self.paused_to is None

    @property
    def on_list(self) -> bool:
        """A closed seat that holds nothing is past."""
        return self.state in ("work", "away") or self.load.open > 0


# The team page ---------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Risk:
    """A record whose clock ran out or soon will, and who has it."""

    url: str
    client: str
    owner: str
    clock: str
    face: ClockFace | None


@dataclass(frozen=True, slots=True)
class Pair:
    """How one person's clients are received by another; `seconds` is working time."""

    giver: str
    receiver: str
    tally: Tally
    seconds: float | None


@dataclass(frozen=True, slots=True)
class Door:
    """One joint of a tier over 30 days: what waits there now, how it was answered, why it came back."""

    incoming: bool
    tier: str
    tally: Tally
    late: int
    reasons: Sequence[tuple[str, int]] = ()
    pairs: Sequence[Pair] = ()

    @property
    def state(self) -> GateState:
        """How the gate is drawn."""
        return "waiting" if self.tally.waiting else "passed"

    @property
    def sign(self) -> str:
        """The icon in the gate."""
        return "hourglass" if self.late else ""


@dataclass(frozen=True, slots=True)
class Team:
    """A tier as its team lead steers it."""

    seats: Sequence[SeatRow]
    pool: Load
    total: Load
    risks: Sequence[Risk]
    incoming: Door | None
    outgoing: Door | None

    @property
    def capacity(self) -> int:
        """What the people at work can hold together."""
        return sum(seat.capacity for seat in self.seats if seat.state == "work")

    @property
    def held(self) -> int:
        """What lies with people, not in the pool."""
        return self.total.open - self.pool.open

    @property
    def at_work(self) -> int:
        """How many people take records today."""
        return sum(1 for seat in self.seats if seat.state == "work")

    @property
    def are_away(self) -> int:
        """How many are absent today."""
        return sum(1 for seat in self.seats if seat.state == "away")

    @property
    def are_closed(self) -> int:
        """How many seats are closed."""
        return len(self.seats) - self.at_work - self.are_away

    @property
    def at_risk(self) -> int:
        """Records whose clock ran out or soon will."""
        return self.total.late + self.total.soon

    @property
    def doors(self) -> list[Door]:
        """The joints that this tier has."""
        return [door for door in (self.incoming, self.outgoing) if door]


# The conveyor page -----------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Pile:
    """One step with what lies on it; times are seconds of working time."""

    step: int
    name: str
    stage: str
    open: int = 0
    late: int = 0
    untouched: int = 0
    stay: float | None = None
    limit: float | None = None
    stuck: bool = False


@dataclass(frozen=True, slots=True)
class Stretch:
    """One stage of the whole belt."""

    stage: str
    word: str
    tier: str
    seats: int
    open: End
    piles: Sequence[Pile]
    on_belt: int
    oldest: float | None
    out: float
    offered: int = 0

    @property
    def icon(self) -> str:
        """The stage's own sign."""
        return STAGE_ICONS[self.stage]


@dataclass(frozen=True, slots=True)
class Joint:
    """One joint of the whole belt: how offers are answered, and what waits."""

    tally: Tally
    face: ClockFace | None
    waiting: int
    late: int

    @property
    def state(self) -> GateState:
        """Amber where an offer waits longer than it may."""
        return "waiting" if self.late else "passed"

    @property
    def sign(self) -> str:
        """The icon in the gate."""
        return "hourglass" if self.late else "check"


@dataclass(frozen=True, slots=True)
class TierLoad:
    """The seats of one tier with what they hold."""

    pk: int
    name: str
    stage: str
    seats: Sequence[SeatRow]
    pool: Load
    url: str = ""

    @property
    def in_use(self) -> int:
        """How many seats may hold records."""
        return sum(1 for seat in self.seats if seat.state in ("work", "away"))

    @property
    def fullest(self) -> Sequence[SeatRow]:
        """As many as a column shows; where there are more, those who hold most."""
        if len(self.seats) <= SEATS_SHOWN:
            return self.seats
        return sorted(self.seats, key=lambda seat: (-seat.load.open, seat.name))[:SEATS_SHOWN]

    @property
    def more(self) -> int:
        """How many more there are."""
        return len(self.seats) - len(self.fullest)

    @property
    def working(self) -> list[SeatRow]:
        """Who is at work and may hold records."""
        return [seat for seat in self.seats if seat.state == "work" and seat.capacity]

    @property
    def away(self) -> list[SeatRow]:
        """Who is away and still holds records."""
        return [seat for seat in self.seats if seat.state != "work" and seat.load.open]


@dataclass(frozen=True, slots=True)
class Reason:
    """Why the belt is slow, in a sentence with its numbers, and one thing to do; `weight` is how many records it holds."""

    title: str
    words: str
    weight: int
    url: str = ""
    act: str = ""


@dataclass(frozen=True, slots=True)
class Pressure:
    """A tier at which nobody has room: how many wait, since when, and what its setting does with them."""

    tier: str
    stage: str
    held: int
    limit: int
    waiting: int
    since: datetime | None
    setting: str
    url: str = ""


@dataclass(frozen=True, slots=True)
class Whole:
    """The whole conveyor."""

    parts: Sequence[tuple[Stretch, Joint | None]]
    unit: int
    worst: Pile | None
    reasons: Sequence[Reason]
    growth: str
    ladder: Ladder
    tiers: Sequence[TierLoad]
    pressures: Sequence[Pressure] = ()
