"""The firm of the measurements: one pipeline of three tiers and fifty people in three roles."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from pipeline_crm.tiers import actions as drawing
from pipeline_crm.tiers.models import Pipeline, Reason, Rung, Seat, Strategy
from pipeline_crm.tiers.stages import Stage, Structure
from pipeline_crm.users.models import User

SCOUTS, HUNTERS, FARMERS = 25, 16, 8  # with the head of sales, fifty
# The last of each role hold no more than this, however large the firm: what they wait for shows what its size alone costs.
MODEST = 4
BOOK = {Stage.LEAD: 100, Stage.DEAL: 30, Stage.ACCOUNT: 100}
FIRST = ("Anna", "Boris", "Vera", "Gleb", "Daria", "Egor", "Zoya", "Ivan", "Kira", "Lev", "Maya", "Nikita")
SURNAMES = tuple(
    f"{root}{middle}{end}"
    for root in (
        "Or",
        "Pet",
        "Ryb",
        "Sok",
        "Tit",
        "Uv",
        "Fro",
        "Cher",
        "Shil",
        "Yud",
        "Bel",
        "Gor",
        "Zim",
        "Kon",
        "Lap",
        "Mur",
    )
    for middle in ("al", "ar", "ech", "el", "er", "ich", "il", "on", "osh", "un", "yan", "az")
    for end in ("in", "ov", "enko", "sky", "ich", "yuk", "evsky", "aev", "un", "kov")
)
LAST = ("Orlova", "Petrov", "Rybina", "Sokolov", "Titova", "Uvarov", "Frolova", "Chernov", "Shilova", "Yudin")


@dataclass(frozen=True)
class Firm:
    """What the rows of the measurements point at."""

    pipeline: Pipeline
    seats: dict[Stage, list[Seat]]
    tiers: dict[Stage, int]
    steps: dict[Stage, list[int]]
    sources: list[int]
    products: list[int]
    reasons: dict[str, list[int]]


def found() -> Firm:
    """Draws the pipeline and seats the people; one of each role leads the team."""
    pipeline = drawing.draw("Severny Park flats", preset="property_developer", structure=Structure.THREE)
    seats = {
        stage: _seated(pipeline, stage, count) for stage, count in zip(Stage, (SCOUTS, HUNTERS, FARMERS), strict=True)
    }
    head = _person(SCOUTS + HUNTERS + FARMERS, "head")
    drawing.appoint(pipeline, "head_pipeline", [head])
    return Firm(
        pipeline=pipeline,
        seats=seats,
        tiers={stage: pipeline.tier_for(stage).pk for stage in Stage},
        steps={stage: _keys(pipeline.steps.filter(stage=stage).order_by("position", "id")) for stage in Stage},
        sources=_keys(pipeline.sources.all()),
        products=_keys(pipeline.products.all()),
        reasons={kind: _keys(pipeline.reasons.filter(kind=kind)) for kind in Reason.Kind},
    )


def _keys(rows: Any) -> list[int]:
    return list(rows.values_list("pk", flat=True))


def _person(number: int, role: str) -> User:
    name, surname = FIRST[number % len(FIRST)], LAST[number % len(LAST)]
    person = User(username=f"{role}{number}", first_name=name, last_name=surname, email=f"{role}{number}@firm.example")
    person.set_unusable_password()
    person.save()
    return person


def _seated(pipeline: Pipeline, stage: Stage, count: int) -> list[Seat]:
    tier = pipeline.tier_for(stage)
    # Whatever the trade does by custom, the measurements need somebody to receive.
    tier.strategy, tier.off_hours = Strategy.LEAST_LOADED, True
    tier.save()
    tier.rungs.all().delete()
    Rung.objects.create(tier=tier, act=Rung.Act.REASSIGN, delay_minutes=0)
    largest = 32_000
    return [
        Seat.objects.create(
            tier=tier,
            user=_person(number, f"{stage}_"),
            role=Seat.Role.MEMBER if number else Seat.Role.LEAD,
            capacity=0 if number == 0 else largest if number < count - MODEST else BOOK[stage],
        )
        for number in range(count)
    ]
