"""Why the structure may not be changed as asked, in sentences that say what to do; never whose records stand in the way."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from django.db import connection, models
from django.db.models import PROTECT, Model, QuerySet
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from pipeline_crm.identity import system_scope

from .models import Pipeline, Product, Reason, Seat, Source, Step, Tier
from .stages import Stage

# What the admin reads when PostgreSQL itself refuses; the names are those of its constraints.
LAWS = {
    "every_stage_has_exactly_one_tier": gettext_lazy(
        "Each of the three stages must be worked by exactly one tier: tick every stage once."
    ),
    "leads_have_one_tier": gettext_lazy("Leads are worked by one tier only: leave this stage ticked at one tier."),
    "deals_have_one_tier": gettext_lazy("Deals are worked by one tier only: leave this stage ticked at one tier."),
    "accounts_have_one_tier": gettext_lazy(
        "Accounts are worked by one tier only: leave this stage ticked at one tier."
    ),
    "a_tier_works_some_stage": gettext_lazy("A tier must work at least one stage: tick one, or delete the tier."),
    "a_tier_works_stages_in_a_row": gettext_lazy(
        "A tier that works leads and accounts must work the deals between them too."
    ),
    "a_tier_has_its_own_name": gettext_lazy("Two tiers of a pipeline cannot have the same name: rename one."),
    "a_step_has_its_own_name": gettext_lazy("Two steps of a stage cannot have the same name: rename one."),
    "a_source_is_listed_once": gettext_lazy("A source is listed once: rename one of the two."),
    "a_product_is_listed_once": gettext_lazy("A product is listed once: rename one of the two."),
    "a_reason_is_listed_once": gettext_lazy("A reason is listed once: rename one of the two."),
    "a_day_is_off_once": gettext_lazy("A day is listed once: delete one of the two."),
    "a_ladder_has_each_act_but_a_reminder_once": gettext_lazy(
        "A ladder does each thing but a reminder once: change or delete one of the two rungs."
    ),
    "a_rung_is_written_once": gettext_lazy("A rung is written once: change or delete one of the two."),
    "only_a_reminder_comes_before_the_clock_runs_out": gettext_lazy(
        "Only a reminder may come before the clock runs out."
    ),
    "a_tier_does_not_help_itself": gettext_lazy("A tier cannot help itself out: choose another tier."),
    "nobody_is_their_own_substitute": gettext_lazy("Choose somebody else as the substitute."),
    "a_shift_has_a_weekday_or_a_rotation": gettext_lazy(
        "A weekly shift needs its weekday; a rotating one its first day, days on and days off."
    ),
    "a_person_has_one_seat_at_a_tier": gettext_lazy("A person has one seat at a tier: change the seat that is there."),
    "an_owner_sits_at_the_tier_of_the_record": gettext_lazy(
        "A seat that holds records stays at its tier: close it, and give the person a new seat at the other tier."
    ),
    "a_tier_is_of_the_pipeline_of_the_record": gettext_lazy("A tier that holds records stays with its pipeline."),
    "a_step_is_of_the_pipeline_of_the_record": gettext_lazy("A step that holds records stays with its pipeline."),
}
IN_USE = gettext_lazy("Something that you deleted is in use. Take it out of use instead, and save again.")
SOMETHING_ELSE = gettext_lazy(
    "The database refused the change, and nothing was saved. Read the page anew and try again."
)

INSTEAD: dict[type[Model], object] = {
    Seat: gettext_lazy("Close the seat instead: untick “open”."),
    Step: gettext_lazy("Rename it instead, or move the records to other steps first."),
    Tier: gettext_lazy(
        "Rename it instead; a tier leaves only when nobody sits there and nothing was ever worked there."
    ),
    Source: gettext_lazy("Untick “in use” instead."),
    Product: gettext_lazy("Untick “in use” instead."),
    Reason: gettext_lazy("Untick “in use” instead."),
    Pipeline: gettext_lazy("Untick “in use” instead."),
}


def ask_deferred_laws() -> None:
    """Lets PostgreSQL refuse now what it would refuse at the commit, which is that of the whole request."""
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE; SET CONSTRAINTS ALL DEFERRED")


def sentence(error: Exception) -> str:
    """What to tell an admin whose change the database refused."""
    if isinstance(error, models.ProtectedError | models.RestrictedError):
        return str(IN_USE)
    law = getattr(getattr(error.__cause__, "diag", None), "constraint_name", None)
    return str(LAWS.get(law or "", SOMETHING_ELSE))


@system_scope("whatever is in use is counted, also by who may see none of it")
def holders(rows: QuerySet[Model]) -> Counter[type[Model]]:
    """How many rows of which kind keep these from being deleted."""
    found: Counter[type[Model]] = Counter()
    for relation in rows.model._meta.related_objects:
        related = relation.related_model._base_manager.filter(**{f"{relation.field.name}__in": rows})
        if relation.on_delete is PROTECT:
            found[relation.related_model] += related.count()
        elif relation.on_delete is models.CASCADE:
            found += holders(related)
    return +found


def why_it_stays(row: Model) -> str | None:
    """Why a row cannot be deleted and what to do instead; None when it can."""
    found = holders(type(row)._base_manager.filter(pk=row.pk))
    if not found:
        return None
    counts = ", ".join(f"{model._meta.verbose_name_plural}: {count}" for model, count in found.items())
    said = _("“%(name)s” cannot be deleted, it is in use (%(counts)s).") % {
        "name": capfirst(str(row)),
        "counts": counts,
    }
    return f"{said} {INSTEAD.get(type(row), '')}".strip()


@system_scope("how many records somebody holds is a number")
def records_at(row: Tier | Seat, stage: Stage | None = None) -> int:
    """How many records of a stage, or of all, stand at a tier or are held by a seat."""
    return sum(rows.count() for rows in _records(row, stage))


@system_scope("whether a pipeline has clients is no word of theirs")
def is_in_work(pipeline: Pipeline) -> bool:
    """Whether a pipeline has had any client yet."""
    return any(rows.exists() for rows in _records(pipeline))


def _records(row: Pipeline | Tier | Seat, stage: Stage | None = None) -> Iterator[QuerySet[Model]]:
    for relation in type(row)._meta.related_objects:
        its = getattr(relation.related_model, "stage", None)
        if isinstance(its, Stage) and stage in (None, its):
            yield relation.related_model._base_manager.filter(**{relation.field.name: row.pk})
