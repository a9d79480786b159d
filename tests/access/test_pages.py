"""Who meets what: every page and every act of the house by everybody, each cell written out.

in: led to the sign-in · 200 a page · 302 and 303 led on · - 404, whether hidden or absent · 405 not done by a link ·
409 somebody was first · 422 refused with a sentence.
"""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any
from uuid import uuid4

from allauth.usersessions.models import UserSession
from django.db import connection, transaction
from django.urls import reverse

from pipeline_crm.conveyor.models import BookMove
from pipeline_crm.erasure.models import Erasure
from pipeline_crm.exchange.models import Export
from pipeline_crm.sealing import seal
from pipeline_crm.tiers.models import Reason
from pipeline_crm.timeline.models import Task
from tests.access.test_doors import ACTS, addresses
from tests.access.world import PEOPLE, World
from tests.cast import MONDAY
from tests.marks import mark_of, written_to

TABLE = """
                                        sam    sue    lena   hal    fay    olga   ada    cody   stan   root   gone   nobody
  get:workbench:my-work                 200    200    302    200    200    302    302    302    200    302    in     in
  post:workbench:take-next              303    303    422    -      -      -      -      -      -      -      in     in
  post:workbench:pause                  303    303    422    303    303    422    422    422    303    422    in     in
  post:workbench:resume                 303    303    303    303    303    303    303    303    303    303    in     in
  get:workbench:find                    200    200    200    200    200    200    200    200    200    200    in     in
  get:workbench:notices                 200    200    200    200    200    200    200    200    200    200    in     in
  get:workbench:bell                    200    200    200    200    200    200    200    200    200    200    in     in
  get:workbench:notice-choice           200    200    200    200    200    200    200    200    200    200    in     in
  post:workbench:notice-choice          303    303    303    303    303    303    303    303    303    303    in     in
  post:workbench:read-notices           303    303    303    303    303    303    303    303    303    303    in     in
  post:workbench:language               303    303    303    303    303    303    303    303    303    303    303    303
  post:workbench:theme                  303    303    303    303    303    303    303    303    303    303    303    303
  post:workbench:pipeline               303    303    303    303    303    303    303    -      -      -      in     in
  get:access:join                       -      -      -      -      -      -      -      -      -      -      -      -
  post:access:join                      -      -      -      -      -      -      -      -      -      -      -      -
  get:access:glass                      -      -      -      -      -      -      -      -      -      200    in     in
  post:access:glass                     -      -      -      -      -      -      -      -      -      303    in     in
  post:access:close-glass               -      -      -      -      -      -      -      -      -      303    in     in
  post:access:end-device                303    -      -      -      -      -      -      -      -      -      in     in
  get:leads:new                         200    200    200    -      -      200    -      -      200    -      in     in
  post:leads:new                        303    303    303    -      -      303    -      -      303    -      in     in
  get:leads:list                        200    200    200    -      -      200    -      -      200    -      in     in
  get:leads:board                       200    200    200    -      -      200    -      -      200    -      in     in
  post:leads:claim                      409    -      409    -      -      409    -      -      -      -      in     in
  post:leads:release                    303    -      303    -      -      303    -      -      -      -      in     in
  post:leads:move                       303    -      303    -      -      303    -      -      -      -      in     in
  get:leads:note                        200    -      200    -      -      200    -      -      -      -      in     in
  post:leads:note                       303    -      303    -      -      303    -      -      -      -      in     in
  get:leads:task                        200    -      200    -      -      200    -      -      -      -      in     in
  post:leads:task                       303    -      303    -      -      303    -      -      -      -      in     in
  post:leads:task-done                  303    -      303    -      -      303    -      -      -      -      in     in
  post:leads:reveal                     303    -      303    -      -      303    -      -      -      -      in     in
  get:leads:consent                     200    -      200    -      -      200    -      -      -      -      in     in
  post:leads:consent                    303    -      303    -      -      303    -      -      -      -      in     in
  post:leads:dial                       422    -      422    -      -      422    -      -      -      -      in     in
  get:leads:reassign                    200    -      200    -      -      200    -      -      -      -      in     in
  post:leads:reassign                   422    -      303    -      -      303    -      -      -      -      in     in
  get:leads:share                       200    -      200    -      -      200    -      -      -      -      in     in
  post:leads:share                      422    -      303    -      -      422    -      -      -      -      in     in
  post:leads:unshare                    422    -      -      -      -      422    -      -      -      -      in     in
  get:leads:touch                       200    -      200    -      -      200    -      -      -      -      in     in
  post:leads:touch                      303    -      303    -      -      303    -      -      -      -      in     in
  get:leads:edit                        200    -      200    -      -      200    -      -      -      -      in     in
  post:leads:edit                       303    -      303    -      -      303    -      -      -      -      in     in
  get:leads:park                        200    -      200    -      -      200    -      -      -      -      in     in
  post:leads:park                       303    -      303    -      -      303    -      -      -      -      in     in
  post:leads:contact                    422    -      422    -      -      422    -      -      -      -      in     in
  get:leads:disqualify                  200    -      200    -      -      200    -      -      -      -      in     in
  post:leads:disqualify                 303    -      303    -      -      303    -      -      -      -      in     in
  post:leads:reopen                     422    -      422    -      -      422    -      -      -      -      in     in
  get:deals:offer                       200    -      200    -      -      200    -      -      -      -      in     in
  post:deals:offer                      303    -      303    -      -      303    -      -      -      -      in     in
  get:deals:list                        -      -      -      200    200    200    -      -      -      -      in     in
  get:deals:board                       -      -      -      200    200    200    -      -      -      -      in     in
  post:deals:claim                      -      -      -      409    -      409    -      -      -      -      in     in
  post:deals:release                    -      -      -      303    -      303    -      -      -      -      in     in
  post:deals:move                       -      -      -      303    -      303    -      -      -      -      in     in
  get:deals:note                        -      -      -      200    -      200    -      -      -      -      in     in
  post:deals:note                       -      -      -      303    -      303    -      -      -      -      in     in
  get:deals:task                        -      -      -      200    -      200    -      -      -      -      in     in
  post:deals:task                       -      -      -      303    -      303    -      -      -      -      in     in
  post:deals:task-done                  -      -      -      303    -      303    -      -      -      -      in     in
  post:deals:reveal                     -      -      -      303    -      303    -      -      -      -      in     in
  get:deals:consent                     -      -      -      200    -      200    -      -      -      -      in     in
  post:deals:consent                    -      -      -      303    -      303    -      -      -      -      in     in
  post:deals:dial                       -      -      -      422    -      422    -      -      -      -      in     in
  get:deals:reassign                    -      -      -      200    -      200    -      -      -      -      in     in
  post:deals:reassign                   -      -      -      422    -      303    -      -      -      -      in     in
  get:deals:share                       -      -      -      200    -      200    -      -      -      -      in     in
  post:deals:share                      -      -      -      422    -      422    -      -      -      -      in     in
  post:deals:unshare                    -      -      -      422    -      422    -      -      -      -      in     in
  post:deals:accept                     -      -      -      409    -      409    -      -      -      -      in     in
  post:deals:mark                       -      -      -      303    -      422    -      -      -      -      in     in
  get:deals:touch                       -      -      -      200    -      200    -      -      -      -      in     in
  post:deals:touch                      -      -      -      303    -      303    -      -      -      -      in     in
  get:deals:edit                        -      -      -      200    -      200    -      -      -      -      in     in
  post:deals:edit                       -      -      -      303    -      303    -      -      -      -      in     in
  get:deals:lines                       -      -      -      200    -      200    -      -      -      -      in     in
  post:deals:lines                      -      -      -      303    -      303    -      -      -      -      in     in
  get:deals:return                      -      -      -      200    -      200    -      -      -      -      in     in
  post:deals:return                     -      -      -      303    -      303    -      -      -      -      in     in
  get:deals:lose                        -      -      -      200    -      200    -      -      -      -      in     in
  post:deals:lose                       -      -      -      303    -      303    -      -      -      -      in     in
  post:deals:reopen                     -      -      -      422    -      422    -      -      -      -      in     in
  get:accounts:win                      -      -      -      200    -      200    -      -      -      -      in     in
  post:accounts:win                     -      -      -      303    -      303    -      -      -      -      in     in
  get:accounts:offer-again              -      -      -      200    -      200    -      -      -      -      in     in
  post:accounts:offer-again             -      -      -      303    -      303    -      -      -      -      in     in
  get:accounts:list                     -      -      -      -      200    200    -      -      -      -      in     in
  get:accounts:board                    -      -      -      -      200    200    -      -      -      -      in     in
  post:accounts:claim                   -      -      -      -      409    409    -      -      -      -      in     in
  post:accounts:release                 -      -      -      -      303    303    -      -      -      -      in     in
  post:accounts:move                    -      -      -      -      303    303    -      -      -      -      in     in
  get:accounts:note                     -      -      -      -      200    200    -      -      -      -      in     in
  post:accounts:note                    -      -      -      -      303    303    -      -      -      -      in     in
  get:accounts:task                     -      -      -      -      200    200    -      -      -      -      in     in
  post:accounts:task                    -      -      -      -      303    303    -      -      -      -      in     in
  post:accounts:task-done               -      -      -      -      303    303    -      -      -      -      in     in
  post:accounts:reveal                  -      -      -      -      303    303    -      -      -      -      in     in
  get:accounts:consent                  -      -      -      -      200    200    -      -      -      -      in     in
  post:accounts:consent                 -      -      -      -      303    303    -      -      -      -      in     in
  post:accounts:dial                    -      -      -      -      422    422    -      -      -      -      in     in
  get:accounts:reassign                 -      -      -      -      200    200    -      -      -      -      in     in
  post:accounts:reassign                -      -      -      -      422    303    -      -      -      -      in     in
  get:accounts:share                    -      -      -      -      200    200    -      -      -      -      in     in
  post:accounts:share                   -      -      -      -      422    422    -      -      -      -      in     in
  post:accounts:unshare                 -      -      -      -      422    422    -      -      -      -      in     in
  post:accounts:accept                  -      -      -      -      409    409    -      -      -      -      in     in
  post:accounts:mark                    -      -      -      -      303    422    -      -      -      -      in     in
  get:accounts:touch                    -      -      -      -      200    200    -      -      -      -      in     in
  post:accounts:touch                   -      -      -      -      303    303    -      -      -      -      in     in
  get:accounts:edit                     -      -      -      -      200    200    -      -      -      -      in     in
  post:accounts:edit                    -      -      -      -      303    303    -      -      -      -      in     in
  get:accounts:return                   -      -      -      -      200    200    -      -      -      -      in     in
  post:accounts:return                  -      -      -      -      422    422    -      -      -      -      in     in
  get:accounts:repeat                   -      -      -      -      200    200    -      -      -      -      in     in
  post:accounts:repeat                  -      -      -      -      303    303    -      -      -      -      in     in
  post:accounts:doubt                   -      -      -      -      303    303    -      -      -      -      in     in
  post:accounts:calm                    -      -      -      -      422    422    -      -      -      -      in     in
  get:accounts:churn                    -      -      -      -      200    200    -      -      -      -      in     in
  post:accounts:churn                   -      -      -      -      422    422    -      -      -      -      in     in
  post:accounts:win-back                -      -      -      -      422    422    -      -      -      -      in     in
  get:exchange:exports                  200    200    200    200    200    200    200    200    200    200    in     in
  get:exchange:new                      -      -      -      -      -      200    -      -      -      -      in     in
  post:exchange:new                     -      -      -      -      -      303    -      -      -      -      in     in
  get:exchange:export                   -      -      -      -      -      200    -      -      -      -      in     in
  post:exchange:approve                 -      -      -      -      -      422    -      -      -      -      in     in
  post:exchange:refuse                  -      -      -      -      -      422    -      -      -      -      in     in
  post:exchange:withdraw                -      -      -      -      -      303    -      -      -      -      in     in
  post:exchange:make                    -      -      -      -      -      303    -      -      -      -      in     in
  post:exchange:fetch                   -      -      -      -      -      422    -      -      -      -      in     in
  get:reports:conveyor                  -      -      -      -      -      200    200    -      -      -      in     in
  get:reports:conveyor-sweep            -      -      -      -      -      200    -      -      -      -      in     in
  get:reports:team                      -      -      200    -      -      200    -      -      -      -      in     in
  get:reports:team-sweep                -      -      200    -      -      200    -      -      -      -      in     in
  get:reports:team-book                 -      -      200    -      -      200    -      -      -      -      in     in
  post:reports:team-move                -      -      303    -      -      303    -      -      -      -      in     in
  post:reports:team-undo                -      -      303    -      -      303    -      -      -      -      in     in
  post:reports:team-close               -      -      303    -      -      303    -      -      -      -      in     in
  post:reports:team-open                -      -      303    -      -      303    -      -      -      -      in     in
  post:reports:team-away                -      -      303    -      -      303    -      -      -      -      in     in
  post:reports:team-pause               -      -      303    -      -      303    -      -      -      -      in     in
  post:reports:team-resume              -      -      303    -      -      303    -      -      -      -      in     in
  post:reports:team-back                -      -      303    -      -      303    -      -      -      -      in     in
  get:erasure:requests                  -      -      -      -      -      200    -      -      -      -      in     in
  get:erasure:person                    -      -      -      -      -      200    -      -      -      -      in     in
  post:erasure:erase                    -      -      -      -      -      303    -      -      -      -      in     in
  post:erasure:copy                     -      -      -      -      -      303    -      -      -      -      in     in
  get:erasure:act                       -      -      -      -      -      200    -      -      -      -      in     in
  post:erasure:stop                     -      -      -      -      -      303    -      -      -      -      in     in
  get:oversight:alarms                  -      -      -      -      -      200    -      -      -      -      in     in
  get:oversight:journal                 -      -      -      -      -      200    -      -      -      -      in     in
  get:oversight:who-sees                -      -      -      -      -      200    -      -      -      -      in     in
  get:oversight:view-as                 -      -      -      -      -      200    -      -      -      -      in     in
  post:oversight:view-as                -      -      -      -      -      422    -      -      -      -      in     in
  post:oversight:stop-viewing           -      -      -      -      -      303    -      -      -      -      in     in
  post:oversight:lay                    -      -      -      -      -      303    -      -      -      -      in     in
  post:oversight:take-up                -      -      -      -      -      -      -      -      -      -      in     in
  get:leads:record:mine.lead            200    -      200    -      -      200    -      -      -      -      in     in
  get:leads:record:sues.lead            -      200    200    -      -      200    -      -      -      -      in     in
  get:leads:record:pooled.lead          200    200    200    -      -      200    -      -      -      -      in     in
  get:leads:record:foreign.lead         -      -      -      -      -      -      -      -      200    -      in     in
  get:leads:record:gones.lead           -      -      200    -      -      200    -      -      -      -      in     in
  get:leads:record:moved.lead           -      200    200    -      -      200    -      -      -      -      in     in
  get:leads:record:lent.lead            200    200    200    -      -      200    -      -      -      -      in     in
  get:leads:record:lapsed.lead          200    -      200    -      -      200    -      -      -      -      in     in
  get:leads:record:junk.lead            200    -      200    -      -      200    -      -      -      -      in     in
  get:leads:record:handed.lead          -      -      200    -      -      200    -      -      -      -      in     in
  get:deals:record:handed.deal          -      -      -      200    -      200    -      -      -      -      in     in
  get:leads:record:offered.lead         -      -      200    -      -      200    -      -      -      -      in     in
  get:deals:record:offered.deal         -      -      -      200    -      200    -      -      -      -      in     in
  get:leads:record:waiting.lead         -      -      200    -      -      200    -      -      -      -      in     in
  get:deals:record:waiting.deal         -      -      -      200    -      200    -      -      -      -      in     in
  get:leads:record:returned.lead        200    -      200    -      -      200    -      -      -      -      in     in
  get:deals:record:returned.deal        -      -      -      -      -      200    -      -      -      -      in     in
  get:leads:record:lost.lead            -      -      200    -      -      200    -      -      -      -      in     in
  get:deals:record:lost.deal            -      -      -      200    -      200    -      -      -      -      in     in
  get:leads:record:kept.lead            -      -      200    -      -      200    -      -      -      -      in     in
  get:deals:record:kept.deal            -      -      -      -      -      200    -      -      -      -      in     in
  get:accounts:record:kept.account      -      -      -      -      200    200    -      -      -      -      in     in
  get:leads:record:fresh.lead           -      -      200    -      -      200    -      -      -      -      in     in
  get:deals:record:fresh.deal           -      -      -      -      -      200    -      -      -      -      in     in
  get:accounts:record:fresh.account     -      -      -      -      200    200    -      -      -      -      in     in
  get:leads:record:short.lead           -      -      200    -      -      200    -      -      -      -      in     in
  get:deals:record:short.deal           -      -      -      200    -      200    -      -      -      -      in     in
  get:accounts:record:short.account     -      -      -      -      -      200    -      -      -      -      in     in
  get:leads:record:again.lead           -      -      200    -      -      200    -      -      -      -      in     in
  get:deals:record:again.deal           -      -      -      -      -      200    -      -      -      -      in     in
  get:accounts:record:again.account     -      -      -      -      200    200    -      -      -      -      in     in
  get:deals:record:again.repeat         -      -      -      -      200    200    -      -      -      -      in     in
  get:reports:conveyor:another          -      -      -      -      -      -      -      -      -      -      in     in
  get:reports:team-book:another         -      -      -      -      -      -      -      -      -      -      in     in
  get:reports:team-sweep:another        -      -      -      -      -      -      -      -      -      -      in     in
  get:reports:conveyor-sweep:another    -      -      -      -      -      -      -      -      -      -      in     in
  get:reports:team:another              -      -      -      -      -      -      -      -      -      -      in     in
  get:reports:team:hunters              -      -      -      -      -      200    -      -      -      -      in     in
  post:workbench:pipeline:another       -      -      -      -      -      -      -      -      303    -      in     in
"""


def cell(answer: Any) -> str:
    """An answer as the table writes it."""
    if answer.status_code == 302 and answer.headers["Location"].startswith("/auth/login/"):
        return "in"
    return "-" if answer.status_code == 404 else str(answer.status_code)


def read(table: str) -> dict[tuple[str, str], str]:
    """The cells of a table."""
    head, *rows = [line.split() for line in table.strip().splitlines()]
    assert head == PEOPLE
    return {(row[0], who): word for row in rows for who, word in zip(head, row[1:], strict=True)}


def written(cells: dict[tuple[str, str], str]) -> str:
    """A table of the cells, as it stands above."""
    rows = list(dict.fromkeys(row for row, _who in cells))
    lines = [" " * 40 + "".join(f"{who:<7}" for who in PEOPLE)]
    lines += [f"  {row:<38}" + "".join(f"{cells[row, who]:<7}" for who in PEOPLE) for row in rows]
    return "\n".join(line.rstrip() for line in lines)


# What is asked ---------------------------------------------------------------------------------------------------

# Each record's page is asked for in every relation; its acts, at one record of each stage.
AT = {"leads": "mine.lead", "deals": "handed.deal", "accounts": "kept.account"}
OVER = {"deals:offer": "mine.lead", "accounts:win": "handed.deal", "accounts:offer-again": "short.deal"}
SENT: dict[str, dict[str, Any]] = {
    "share": {"until": "2026-11-20T12:00"},
    "note": {"text": "Likes to be called early."},
    "erase": {"basis": "asked", "although_open": "on"},
    "consent": {"says": "yes", "source": "call"},
    "task": {"title": "Send the plan", "due_at": "2026-11-20T12:00"},
    "touch": {"kind": "call", "outcome": "no_answer"},
    "edit": {"name": "Another Name", "cadence_days": 20},
    "park": {"until": "2026-11-20T12:00"},
    "offer": {"summary": "Wants two rooms."},
    "win": {"summary": "Bought two rooms."},
    "offer-again": {"summary": "Bought two rooms, and a place for the car."},
    "repeat": {"summary": "Wants a third room."},
    "mark": {"mark": 4},
    "lines": {"lines-TOTAL_FORMS": 0, "lines-INITIAL_FORMS": 0},
    "language": {"language": "en"},
    "theme": {"theme": "dark"},
    "notice-choice": {"rhythm": "never", "hour": 8},
    "new": {"name": "Newcomer", "phone": "+7 916 000-11-22"}
    | {"format": "csv", "contacts": "none", "reason": "For the report of the year."},
    "refuse": {"words": "Ask for sums instead."},
    "team-away": {"first_day": "2026-11-20", "last_day": "2026-11-21"},
    "team-pause": {"length": "hour"},
    "pause": {"length": "day"},
}
READ_ONLY = {
    "workbench:my-work",
    "workbench:find",
    "workbench:notices",
    "workbench:bell",
    "exchange:exports",
    "exchange:export",
    "oversight:who-sees",
    "erasure:requests",
    "erasure:person",
    "erasure:act",
    "oversight:alarms",
    "oversight:journal",
    "reports:conveyor",
    "reports:conveyor-sweep",
    "reports:team",
    "reports:team-book",
    "reports:team-sweep",
}
READ_ONLY |= {f"{room}:{page}" for room in AT for page in ("list", "board", "record")}
NEEDS_REASON = {"disqualify": "disqualify", "lose": "lose", "churn": "churn", "return": "return"}


def places(world: World) -> dict[str, list[Any]]:
    """The arguments of every address that has some, save the records' own."""
    tier = world.seats["sam"].tier
    return {
        "workbench:take-next": [tier.pk, "lead"],
        "workbench:pipeline": [world.pipeline.pk],
        "access:join": ["no-such-token"],
        "access:end-device": [device_of(world).pk],
        "exchange:new": ["lead"],
        **{f"exchange:{act}": [export_of(world).key] for act in EXPORT},
        "oversight:who-sees": ["lead", world.items["mine.lead"].pk],
        **{f"erasure:{act}": ["lead", world.items["mine.lead"].pk] for act in ("person", "erase", "copy")},
        **{f"erasure:{act}": [erasure_of(world).key] for act in ("act", "stop")},
        "oversight:take-up": [world.items["mine.lead"].client_id],
        "reports:conveyor": [world.pipeline.pk],
        "reports:conveyor-sweep": [world.pipeline.pk],
        "reports:team": [tier.pk],
        "reports:team-book": [tier.pk],
        "reports:team-sweep": [tier.pk],
        "reports:team-undo": [tier.pk, book_of(world).pk],
        "reports:team-pause": [tier.pk, world.seats["sam"].pk],
        "reports:team-resume": [tier.pk, world.seats["sam"].pk],
        "reports:team-move": [tier.pk],
        "reports:team-close": [tier.pk, world.seats["sam"].pk],
        "reports:team-open": [tier.pk, world.seats["sam"].pk],
        "reports:team-away": [tier.pk, world.seats["sam"].pk],
        "reports:team-back": [tier.pk, absence_of(world).pk],
    }


def device_of(world: World) -> Any:
    """A telephone on which Sam is signed in, too."""
    facts = {"user": world.users["sam"], "ip": "127.0.0.1", "user_agent": "Telephone"}
    return UserSession.objects.get_or_create(session_key="a-telephone", defaults=facts)[0]


DAY = timedelta(days=1)
EXPORT = ("export", "approve", "refuse", "withdraw", "make", "fetch")


def export_of(world: World) -> Any:
    """A file that the head of sales has asked for and nobody has made."""
    told = {"view": "team", "sort": "due"}
    facts = {"stage": "lead", "question": seal(json.dumps(told)), "language": "en", "rows": 1, "free_rows": 500}
    return Export.objects.get_or_create(
        asker=world.users["olga"],
        defaults=facts | {"pipeline": world.pipeline, "state": "queued", "reason": "For the year.", "asked_at": MONDAY},
    )[0]


def erasure_of(world: World) -> Any:
    """A client who has asked the head of sales to be erased."""
    client = world.items["sues.lead"].client
    facts = {"basis": "asked", "mark": uuid4(), "by": world.users["olga"], "asked_at": MONDAY, "runs_at": MONDAY + DAY}
    return Erasure.objects.get_or_create(client=client, defaults=facts | {"pipelines": [world.pipeline.pk]})[0]


def absence_of(world: World) -> Any:
    return world.seats["sue"].absences.get_or_create(first_day="2026-11-30", last_day="2026-12-01")[0]


def book_of(world: World) -> Any:
    """A book that was moved a moment ago and holds nothing that could come back."""
    seat = world.seats["sue"]
    return BookMove.objects.get_or_create(seat=seat, cause="relieved", defaults={"at": MONDAY})[0]


def asked(world: World) -> dict[str, tuple[str, str, dict[str, Any]]]:
    """Every row of the table: the method, the address and what is sent."""
    rows, at = {}, places(world)
    for address in addresses():
        if not address.is_ours:
            continue
        room, name = address.name.split(":")
        item = world.items.get(OVER.get(address.name) or AT.get(room, ""))
        args = at.get(address.name) or ([item.pk] if "<int:pk>" in address.route and item else [])
        if "task_id" in address.route:
            args = [*args, task_of(item)]
        if "share_id" in address.route:
            args = [*args, 0]
        url = reverse(address.name, args=args)
        # That an act answers no link, and that a page takes no form, is promised by the walk over the doors.
        if name != "record" and address.name not in ACTS:
            rows[f"get:{address.name}"] = ("get", url, {})
        if address.name not in READ_ONLY:
            rows[f"post:{address.name}"] = ("post", url, sent(world, name, item))
    for name, item in world.items.items():
        room = {"lead": "leads", "account": "accounts"}.get(name.partition(".")[2], "deals")
        rows[f"get:{room}:record:{name}"] = ("get", reverse(f"{room}:record", args=[item.pk]), {})
    other = world.other
    rows["get:reports:conveyor:another"] = ("get", reverse("reports:conveyor", args=[other.pk]), {})
    rows["get:reports:team-book:another"] = ("get", reverse("reports:team-book", args=[other.tiers.first().pk]), {})
    rows["get:reports:team-sweep:another"] = ("get", reverse("reports:team-sweep", args=[other.tiers.first().pk]), {})
    rows["get:reports:conveyor-sweep:another"] = ("get", reverse("reports:conveyor-sweep", args=[other.pk]), {})
    rows["get:reports:team:another"] = ("get", reverse("reports:team", args=[other.tiers.first().pk]), {})
    rows["get:reports:team:hunters"] = ("get", reverse("reports:team", args=[world.seats["hal"].tier_id]), {})
    rows["post:workbench:pipeline:another"] = ("post", reverse("workbench:pipeline", args=[other.pk]), {})
    return rows


def task_of(item: Any) -> int:
    return Task.objects.filter(stage=item.stage, record_id=item.pk).values_list("pk", flat=True)[0]


def sent(world: World, name: str, item: Any) -> dict[str, Any]:
    """What an act needs to be done."""
    told = dict(SENT.get(name, {}))
    if name == "move" and item is not None:
        told["step"] = item.pipeline.steps.filter(stage=item.stage).exclude(pk=item.step_id)[0].pk
    if name == "share":
        told["seat"] = world.seats["sue"].pk
    if name == "lay":
        told |= {"stage": "lead", "number": world.items["mine.lead"].pk}
    if name == "glass":
        told |= {"pipeline": world.pipeline.pk, "hours": 1, "reason": "Nobody else is here today."}
    if name == "team-move":
        told["from"] = world.seats["sam"].pk
    if name in NEEDS_REASON:
        kind = f"return_{item.stage}" if name == "return" else NEEDS_REASON[name]
        told["reason"] = Reason.objects.filter(pipeline=item.pipeline, kind=kind)[0].pk
    return told


# What is checked -------------------------------------------------------------------------------------------------


def firms_tables() -> list[str]:
    """Where the rows of the firm lie; the journal tells of looks and refusals, too."""
    beside = ("django_", "auth_permission", "account_", "audit_")
    return [table for table in connection.introspection.table_names() if not table.startswith(beside)]


def test_everybody_and_everything(firm: World, bare_pages: None) -> None:
    rows, cells, tables = asked(firm), {}, firms_tables()
    before = mark_of(tables)
    for row, (method, url, told) in rows.items():
        for who in PEOPLE:
            with transaction.atomic():
                written_before = written_to(tables)
                answer = getattr(firm.browsers[who], method)(url, told)
                cells[row, who] = cell(answer)
                # What was written may have been taken back at once; only then is every row looked at. Looking changes
                # nothing either, but that a superuser who opens a client is written down.
                still = cells[row, who] != "303" if method == "post" else who != "root"
                if still and written_to(tables) != written_before:
                    assert mark_of(tables) == before, f"{row} by {who}: {cells[row, who]}"
                if method == "post" or who == "root":
                    transaction.set_rollback(True)
    assert mark_of(tables) == before

    assert written(cells) == written(read(TABLE))
