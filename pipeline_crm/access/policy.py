"""The policy: by what they are to a record people read its parts and act on it. Three tables, and nothing else decides.

No database and no Django here. What is not said is denied; who stands in several relations has the best of their verdicts.
`gate.visible` is compiled from these tables, acts and pages ask them.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from enum import IntEnum, StrEnum
from functools import cache
from types import MappingProxyType


class Relation(StrEnum):
    """What somebody is to a record, a tier or a pipeline."""

    OWNER = "owner"  # holds the record
    OFFERED = "offered"  # it waits for their answer
    POOL = "pool"  # it waits for anybody of a tier that they work
    LED = "led"  # it lies at a tier that they lead
    HEADED = "headed"  # it lies in a pipeline that they head
    SHARED = "shared"  # a team lead lent it to them until a date
    ANALYST = "analyst"  # they read the numbers of its pipeline
    GLASS = "glass"  # an administrator who said why, for some hours, stands as a head of its pipeline
    TOLD = "told"  # it was written to them, or asked for by them
    EXPORTER = "exporter"  # was given the right of files at its tier
    APPROVER = "approver"  # answers for the files of its pipeline: its head, or who was named
    WORKER = "worker"  # a seat at a tier where such records lie
    OFFICER = "officer"  # reads the journal of its pipeline
    KEEPER = "keeper"  # administers the house, and no client
    ANYBODY = "anybody"  # has signed in and works here


class Verdict(IntEnum):
    """What the policy says of one part."""

    DENY = 0
    MASK = 1
    ALLOW = 2


class Part(StrEnum):
    """A class of fields of a record, and the rows beside it that people ask for by themselves."""

    RECORD = "record"
    WISH = "wish"
    MONEY = "money"
    NAME = "name"
    BRIEF = "brief"
    CONTACT = "contact"
    HISTORY = "history"
    NOTES = "notes"
    TASKS = "tasks"
    HANDOFF = "handoff"
    NOTICE = "notice"
    EXPORT = "export"
    ERASURE = "erasure"


class Act(StrEnum):
    """What is done with a record, or at a tier or a pipeline."""

    TAKE = "take"
    ACCEPT = "accept"
    RETURN = "return"
    MARK = "mark"
    WORK = "work"
    NOTE = "note"
    TICK = "tick"
    REVEAL = "reveal"
    CONSENT = "consent"
    LIFT = "lift"
    RELEASE = "release"
    PARK = "park"
    HAND_OFF = "hand-off"
    OFFER_AGAIN = "offer-again"
    CLOSE = "close"
    REOPEN = "reopen"
    WIN_BACK = "win-back"
    REASSIGN = "reassign"
    SHARE = "share"
    EXPORT = "export"
    STEER = "steer"
    HEAD = "head"
    COUNT = "count"
    ANSWER = "answer"


# Who reads what. A masked contact is opened by the act `reveal`, one client at a time.
PARTS = """
               owner  offered  pool  led   headed  shared  glass  analyst  told approver  # of
  record       yes    yes      yes   yes   yes     yes     yes    -        -    -         # that it is there: step, state, clock
  wish         yes    yes      yes   yes   yes     yes     yes    -        -    -         # source, product
  money        yes    yes      yes   yes   yes     yes     yes    -        -    -         # amount
  name         yes    yes      -     yes   yes     yes     yes    -        -    -         # of the client and the company
  brief        yes    yes      -     yes   yes     yes     yes    -        -    -         # what the giver told at the hand-off
  contact      mask   -        -     mask  mask    mask    mask   -        -    -         # phones, e-mails
  history      yes    -        -     yes   yes     yes     yes    -        -    -         # timeline, place, campaign, comment
  notes        yes    -        -     yes   yes     yes     yes    -        -    -
  tasks        yes    -        -     yes   yes     yes     yes    -        -    -
  handoff      -      yes      -     yes   yes     -       yes    -        -    -         # the row of a crossing, by itself
  notice       -      -        -     -     -       -       -      -        yes  -         # a line of the bell
  export       -      -        -     -     -       -       -      -        yes  yes       # a wish for a file, and what became of it
  erasure      -      -        -     -     yes     -       yes    -        -    -         # the act of an erasure, without a name
"""

# Who does what; `when` is what the record must be: open (offered among it), in the pool, offered, or any of these and closed.
ACTS = """
               stages             when     owner  offered  pool  led   headed  shared  glass  analyst  exporter  # such as
  take         lead,deal,account  pooled   -      -        yes   -     -       -       -      -        -         # and take next
  accept       deal,account       offered  -      yes      yes   -     -       -       -      -        -
  return       deal,account       any      yes    yes      -     yes   yes     -       yes    -        -
  mark         deal,account       any      yes    -        -     -     -       -       -      -        -         # the brief, 1 to 5
  work         lead,deal,account  open     yes    -        -     yes   yes     yes     yes    -        -         # touch, task, edit, step
  note         lead,deal,account  any      yes    -        -     yes   yes     yes     yes    -        -
  tick         lead,deal,account  any      yes    -        -     yes   yes     yes     yes    -        -         # a task that is done
  reveal       lead,deal,account  any      yes    -        -     yes   yes     yes     yes    -        -         # the contact in full
  consent      lead,deal,account  any      yes    -        -     yes   yes     yes     yes    -        -         # given, taken back, do not contact
  lift         lead,deal,account  any      -      -        -     yes   yes     -       -      -        -         # a new consent after that
  release      lead,deal,account  open     yes    -        -     yes   yes     -       yes    -        -         # into the pool
  park         lead               open     yes    -        -     yes   yes     -       yes    -        -         # and wake
  hand-off     lead,deal,account  open     yes    -        -     yes   yes     -       yes    -        -         # offer, win, repeat
  offer-again  deal               any      yes    -        -     yes   yes     -       yes    -        -
  close        lead,deal,account  open     yes    -        -     yes   yes     -       yes    -        -         # disqualify, lose, churn
  reopen       lead,deal          any      -      -        -     yes   yes     -       yes    -        -
  win-back     account            any      yes    -        -     yes   yes     -       yes    -        -
  reassign     lead,deal,account  open     -      -        -     yes   yes     -       yes    -        -
  share        lead,deal,account  open     -      -        -     yes   -       -       -      -        -
  export       lead,deal,account  any      -      -        -     -     yes     -       -      -        yes       # what one sees of them, as a file
  steer        tier               any      -      -        -     yes   yes     -       yes    -        -         # seats, books, pauses
  head         pipeline           any      -      -        -     -     yes     -       yes    -        -         # the whole sweep
  count        pipeline           any      -      -        -     -     yes     -       yes    yes      -         # numbers, no persons
  answer       pipeline           any      -      -        -     -     yes     -       -      -        -         # a client's own request: copy, erasure
"""

# Whom a page lets in at all; what it shows and does there is asked anew of the tables above.
DOORS = """
                    anybody  worker  led   headed  glass  analyst  officer  keeper
  self              yes      yes     yes   yes     yes    yes      yes      yes
  leads.work        -        yes     -     yes     yes    -        -        -
  deals.work        -        yes     -     yes     yes    -        -        -
  accounts.work     -        yes     -     yes     yes    -        -        -
  tier.lead         -        -       yes   yes     yes    -        -        -
  pipeline.head     -        -       -     yes     yes    -        -        -
  person.answer     -        -       -     yes     -      -        -        -
  sight.explain     -        -       -     yes     -      -        -        -
  pipeline.numbers  -        -       -     yes     yes    yes      -        -
  journal.read      -        -       -     yes     -      -        yes      -
  traps.lay         -        -       -     yes     -      -        -        -
  house.administer  -        -       -     -       -      -        -        yes
"""

# By what a page may be sifted, sorted and paged; every other word of an address is left out before a page sees it.
# Whose name is hidden is not sorted or found by it either: see `Scope.named`; owners are asked for by those in charge.
ASKS = """
  leads:list           pipeline view q late sort after step state owner source product
  leads:board          pipeline view q late sort after step state owner source product
  leads:record         show before
  leads:new            pipeline
  deals:list           pipeline view q late sort after step state owner product
  deals:board          pipeline view q late sort after step state owner product
  deals:record         show before
  accounts:list        pipeline view q late sort after step state owner
  accounts:board       pipeline view q late sort after step state owner
  accounts:record      show before
  reports:conveyor     days
  reports:team-book    what from to substitute first_day last_day reason
  exchange:new         pipeline view q late sort after step state owner source product
  oversight:journal    person kind client contact since until before
  workbench:my-work    skip
  workbench:find       q
  workbench:notices    after
  workbench:bell       shown
"""

WORDS = {"yes": Verdict.ALLOW, "mask": Verdict.MASK, "-": Verdict.DENY}


def _lines(table: str) -> tuple[list[str], list[list[str]]]:
    head, *lines = [line.partition("#")[0].split() for line in table.strip().splitlines()]
    return head, lines


def _cells(head: list[str], words: list[str]) -> Mapping[Relation, Verdict]:
    return MappingProxyType({Relation(who): WORDS[word] for who, word in zip(head, words, strict=True)})


def _parts() -> Mapping[Part, Mapping[Relation, Verdict]]:
    head, lines = _lines(PARTS)
    return MappingProxyType({Part(line[0]): _cells(head, line[1:]) for line in lines})


def _doors() -> Mapping[str, frozenset[Relation]]:
    head, lines = _lines(DOORS)
    cells = {line[0]: _cells(head, line[1:]) for line in lines}
    return MappingProxyType({door: frozenset(who for who in row if row[who]) for door, row in cells.items()})


def _acts() -> Mapping[Act, tuple[frozenset[str], str, frozenset[Relation]]]:
    head, lines = _lines(ACTS)
    acts = {}
    for act, stages, when, *words in lines:
        cells = _cells(head[2:], words)
        acts[Act(act)] = frozenset(stages.split(",")), when, frozenset(who for who in cells if cells[who])
    return MappingProxyType(acts)


READS, DOES, OPENS = _parts(), _acts(), _doors()

MAY_ASK = MappingProxyType(
    {name: frozenset(keys) for name, *keys in (line.split() for line in ASKS.strip().splitlines())}
)


def asked_of(address: str) -> frozenset[str]:
    """The words that an address may ask its page by; none for one that is not listed."""
    return MAY_ASK.get(address, frozenset())


@cache
def verdict(part: Part, relations: frozenset[Relation]) -> Verdict:
    """What somebody in these relations reads of a part."""
    return max((READS[part].get(who, Verdict.DENY) for who in relations), default=Verdict.DENY)


@cache
def readers(part: Part) -> frozenset[Relation]:
    """The relations by which a part is read, masked or not."""
    return frozenset(who for who, said in READS[part].items() if said)


def doers(act: Act) -> frozenset[Relation]:
    """The relations by which an act is done."""
    return DOES[act][2]


def may_do(act: Act, subject: str, relations: Iterable[Relation]) -> bool:
    """Whether somebody in these relations does an act at a stage, a tier or a pipeline; the record's state is not asked."""
    subjects, _when, who = DOES[act]
    return subject in subjects and not who.isdisjoint(relations)


def when(act: Act) -> str:
    """What a record must be for an act: `open`, `pooled`, `offered` or `any`."""
    return DOES[act][1]
