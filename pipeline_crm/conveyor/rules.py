"""Which rule of assignment fits a record: pure answers on the rules as `setup()` keeps them, without a question.

To add a condition, write one field of `Conditions` and one line in `fit`.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from pipeline_crm.tiers.models import Rule
from pipeline_crm.tiers.stages import Stage

KEPT = "conditions"  # in the memory of a rule whose lists were read with it


@dataclass(frozen=True, slots=True)
class RecordFacts:
    """What a rule may ask of a record; `returning` when the client has been with the firm before."""

    source_id: int | None = None
    product_id: int | None = None
    region: str = ""
    language: str = ""
    amount: Decimal | None = None
    returning: bool = False


@dataclass(frozen=True, slots=True)
class Conditions:
    """What a rule asks, ready to be compared; what is empty asks nothing."""

    sources: frozenset[int]
    products: frozenset[int]
    regions: frozenset[str]
    languages: frozenset[str]
    amount_from: Decimal | None
    amount_to: Decimal | None
    returning: bool | None
    seats: frozenset[int]

    def fit(self, facts: RecordFacts) -> bool:
        """Whether every condition holds; a record that does not tell a thing fits no condition on it."""
        return (
            (not self.sources or facts.source_id in self.sources)
            and (not self.products or facts.product_id in self.products)
            and (not self.regions or _plain(facts.region) in self.regions)
            and (not self.languages or facts.language in self.languages)
            and (self.returning is None or facts.returning == self.returning)
            and self._fits_amount(facts.amount)
        )

    def _fits_amount(self, amount: Decimal | None) -> bool:
        if self.amount_from is None and self.amount_to is None:
            return True
        if amount is None:
            return False
        rises = self.amount_from is None or amount >= self.amount_from
        return rises and (self.amount_to is None or amount < self.amount_to)


def first_fit(rules: Iterable[Rule], facts: RecordFacts) -> Rule | None:
    """The first rule, by its place in the list, that is on and fits a record; None when the whole tier may receive."""
    fitting = (rule for rule in in_order(rules) if rule.is_on and conditions_of(rule).fit(facts))
    return next(fitting, None)


def in_order(rules: Iterable[Rule]) -> list[Rule]:
    """Rules as the admin has put them; one that is not saved yet comes last among its equals."""
    return sorted(rules, key=lambda rule: (rule.position, rule.pk or 2**63))


def conditions_of(rule: Rule) -> Conditions:
    """What a rule asks; remembered with a rule whose lists were prefetched, for such a row is read and never changed."""
    kept = rule.__dict__.get(KEPT)
    if kept is not None:
        return kept
    conditions = Conditions(
        sources=_keys(rule.sources),
        products=_keys(rule.products),
        regions=frozenset(plain for region in rule.regions if (plain := _plain(region))),
        languages=frozenset(rule.languages),
        amount_from=rule.amount_from,
        amount_to=rule.amount_to,
        returning=rule.returning,
        seats=_keys(rule.seats),
    )
    if {"sources", "products", "seats"} <= getattr(rule, "_prefetched_objects_cache", {}).keys():
        rule.__dict__[KEPT] = conditions
    return conditions


def facts_of(item: Any, *, returning: bool) -> RecordFacts:
    """What rules ask of a record of any stage; an account has no product and no amount, and keeps no source.

    The client must be at hand, and for a deal the lead it came from; a repeat deal has no source.
    """
    return RecordFacts(
        source_id=_source_of(item),
        product_id=None if item.stage == Stage.ACCOUNT else item.product_id,
        region=item.client.region,
        language=item.client.language,
        amount=None if item.stage == Stage.ACCOUNT else item.amount,
        returning=returning,
    )


def came_at(item: Any) -> datetime:
    """When the client came this time: with the lead from which the record grew, else with the record itself."""
    deal = item.deal if item.stage == Stage.ACCOUNT else item
    lead = getattr(deal, "lead", None)
    return lead.created_at if lead is not None else deal.created_at


def _source_of(item: Any) -> int | None:
    if item.stage == Stage.LEAD:
        return item.source_id
    if item.stage == Stage.DEAL and item.lead_id is not None:
        return item.lead.source_id
    return None


def _keys(rows: Any) -> frozenset[int]:
    return frozenset(row.pk for row in rows.all())


def _plain(word: str) -> str:
    return word.strip().casefold()
