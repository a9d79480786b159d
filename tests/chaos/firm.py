"""The firm in which every story of the state machine begins."""

from __future__ import annotations

from datetime import datetime

from pipeline_crm.tiers import actions as drawing
from pipeline_crm.tiers.models import Pipeline, Rung, Seat, Tier
from tests import cast
from tests.cast import MOSCOW, make_head, make_person, seat_at

# Ahead of us, because people's absences are kept in mind from the day before yesterday on.
BEGIN = datetime(2031, 3, 17, 10, 0, tzinfo=MOSCOW)
PEOPLE = {
    "sam": "lead",
    "sue": "lead",
    "sid": "lead",
    "hal": "deal",
    "hana": "deal",
    "fay": "account",
    "fred": "account",
}


def found() -> None:
    """The firm in which every story begins: seven people, one team lead, one chief, and a ladder of four rungs."""
    pipeline = drawing.draw("Belt")
    for name, stage in PEOPLE.items():
        seat_at(pipeline, stage, make_person(name), capacity=4)
    seat_at(pipeline, "lead", make_person("lena"), role=Seat.Role.LEAD, capacity=0)
    make_head(pipeline)
    Tier.objects.update(cherry_picking=True, hop_limit=2, untouched_limit=3)
    scouts = pipeline.tier_for("lead")
    Rung.objects.filter(tier=scouts).delete()
    for act, delay in ((Rung.Act.REMIND, -30), (Rung.Act.REMIND, 0), (Rung.Act.WARN, 30), (Rung.Act.REASSIGN, 60)):
        Rung.objects.create(tier=scouts, act=act, delay_minutes=delay)
    _some_clients(pipeline)


def _some_clients(pipeline: Pipeline) -> None:
    """A belt in the middle of a day: clients in the pool, new, talked with, offered, worked and won."""
    seats = {seat.user.username: Seat.objects.get(pk=seat.pk) for seat in Seat.objects.select_related("user")}
    cast.make_lead(pipeline=pipeline, now=BEGIN)
    cast.make_lead(pipeline=pipeline, now=BEGIN)
    cast.make_lead(seats["sam"], now=BEGIN)
    cast.make_lead(seats["sue"], now=BEGIN)
    cast.make_contacted(seats["sam"], now=BEGIN)
    cast.make_contacted(seats["sid"], now=BEGIN)
    cast.make_offer(seats["sue"], now=BEGIN)
    cast.make_offer(seats["sid"], now=BEGIN)
    cast.make_deal(seats["sam"], seats["hal"], now=BEGIN)
    cast.make_account(seats["sue"], seats["hana"], seats["fay"], now=BEGIN)
