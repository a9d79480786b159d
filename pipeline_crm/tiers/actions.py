"""What an admin does to the structure of the firm."""

from __future__ import annotations

from collections.abc import Iterable

from django.contrib.auth.models import Permission
from django.db import transaction
from django.db.models import Model
from simple_history.utils import bulk_create_with_history

from pipeline_crm.users.models import User

from .models import Pipeline, PipelineUserObjectPermission, Product, Reason, Rung, Source, Step, Tier, WorkingHours
from .presets import DESKS, GENERAL, PRESETS, Preset
from .presets.plan import DeskPlan, NoTurn
from .stages import DIVISION, Stage, Structure


@transaction.atomic
def draw(
    name: str,
    *,
    structure: Structure | str | None = None,
    preset: str | None = None,
    language: str = "en",
    currency: str = "RUB",
    time_zone: str = "Europe/Moscow",
    country: str = "RU",
) -> Pipeline:
    """Makes a whole pipeline out of a structure or an industry's preset, ready for people to be seated."""
    plan = PRESETS[preset] if preset else GENERAL
    structure = Structure(structure or plan.structure)
    pipeline = Pipeline.objects.create(
        name=name, currency=currency, time_zone=time_zone, country=country, cadence_days=plan.cadence_days
    )
    _draw_tiers(pipeline, plan, structure, language)
    _draw_steps(pipeline, plan, language)
    _draw_lists(pipeline, plan, language)
    _draw_hours(pipeline, plan)
    return pipeline


def _draw_tiers(pipeline: Pipeline, plan: Preset, structure: Structure, language: str) -> None:
    # An industry's own names fit its own structure only: "Call centre" does not close deals.
    desks = plan.desks if plan.desks and structure == plan.structure else DESKS[structure]
    tiers = [
        _draw_tier(pipeline, desk, stages, language) for desk, stages in zip(desks, DIVISION[structure], strict=True)
    ]
    _draw_rows(Rung(tier=tier, act=act, delay_minutes=delay) for tier in tiers for act, delay in plan.ladder)


def _draw_tier(pipeline: Pipeline, desk: DeskPlan, stages: Iterable[Stage], language: str) -> Tier:
    return Tier.objects.create(
        pipeline=pipeline,
        name=desk.name.speak(language),
        strategy=desk.strategy,
        answer_minutes=desk.clocks.answer,
        first_touch_minutes=desk.clocks.first_touch,
        silence_minutes=desk.clocks.silence,
        pool_minutes=desk.clocks.pool,
        cherry_picking=desk.cherry_picking,
        **{f"works_{stage.value}": True for stage in stages},
    )


def _draw_steps(pipeline: Pipeline, plan: Preset, language: str) -> None:
    _draw_rows(
        Step(
            pipeline=pipeline,
            stage=stage,
            name=step.name.speak(language),
            position=position,
            limit_minutes=step.limit_minutes,
            probability=step.probability,
        )
        for stage, steps in plan.steps.items()
        for position, step in enumerate(steps)
    )


def _draw_lists(pipeline: Pipeline, plan: Preset, language: str) -> None:
    _draw_rows(
        Source(pipeline=pipeline, name=source.speak(language), position=position)
        for position, source in enumerate(plan.sources)
    )
    _draw_rows(
        Reason(
            pipeline=pipeline,
            kind=kind,
            name=reason.speak(language),
            position=position,
            gives_turn_back=isinstance(reason, NoTurn),
        )
        for kind, reasons in plan.reasons.items()
        for position, reason in enumerate(reasons)
    )
    at_home = pipeline.currency == "RUB"
    _draw_rows(
        Product(
            pipeline=pipeline,
            name=product.name.speak(language),
            position=position,
            price=product.roubles if at_home else product.elsewhere,
        )
        for position, product in enumerate(plan.products)
    )


def _draw_hours(pipeline: Pipeline, plan: Preset) -> None:
    _draw_rows(
        WorkingHours(pipeline=pipeline, weekday=weekday, opens=opening.opens, closes=opening.closes)
        for opening in plan.hours
        for weekday in opening.weekdays
    )


def _draw_rows(rows: Iterable[Model]) -> None:
    """Rows of one table, and the history of each, in two statements."""
    if drawn := list(rows):
        bulk_create_with_history(drawn, type(drawn[0]))


def appointed(pipeline: Pipeline, codename: str) -> list[int]:
    """The people who head (`head_pipeline`) or analyse (`analyse_pipeline`) a pipeline, by their numbers."""
    grants = PipelineUserObjectPermission.objects.filter(content_object_id=pipeline.pk, permission__codename=codename)
    return list(grants.order_by("user_id").values_list("user_id", flat=True))


@transaction.atomic
def appoint(pipeline: Pipeline, codename: str, people: Iterable[User]) -> None:
    """Makes exactly these people the heads or the analysts of a pipeline; each change leaves its line of history."""
    wanted = {person.pk for person in people}
    permission = Permission.objects.get(
        codename=codename, content_type__app_label="tiers", content_type__model="pipeline"
    )
    grants = PipelineUserObjectPermission.objects.filter(content_object=pipeline, permission=permission)
    for grant in grants.exclude(user__in=wanted):
        grant.delete()
    for user_id in wanted - set(grants.values_list("user_id", flat=True)):
        PipelineUserObjectPermission.objects.create(content_object=pipeline, permission=permission, user_id=user_id)
