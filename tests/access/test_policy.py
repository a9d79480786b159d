"""The policy reads as it is meant: short tables, nothing said twice, and nothing opened by what is not said."""

from __future__ import annotations

import pytest

from pipeline_crm.access.gate import DOORS, WORK
from pipeline_crm.access.policy import DOES, OPENS, READS, Act, Part, Relation, Verdict, doers, may_do, readers, verdict

# No relation by itself opens a client to those who only set up, only count, or are only told.
WITHOUT_CLIENTS = {
    Relation.ANALYST,
    Relation.OFFICER,
    Relation.TOLD,
    Relation.WORKER,
    Relation.KEEPER,
    Relation.ANYBODY,
    Relation.EXPORTER,
    Relation.APPROVER,
}
OF_RECORDS = [part for part in Part if part not in (Part.NOTICE, Part.EXPORT)]


def test_every_part_and_every_act_has_its_line() -> None:
    assert set(READS) == set(Part)
    assert set(DOES) == set(Act)
    assert OPENS == DOORS
    assert set(WORK) < set(OPENS)


@pytest.mark.parametrize("part", OF_RECORDS)
def test_who_counts_configures_or_is_a_stranger_reads_nothing(part: Part) -> None:
    assert verdict(part, frozenset()) == Verdict.DENY
    assert verdict(part, frozenset(WITHOUT_CLIENTS)) == Verdict.DENY


def test_whoever_stands_in_two_relations_has_the_better_verdict_of_each() -> None:
    both = frozenset({Relation.POOL, Relation.LED})

    assert [verdict(Part.NAME, frozenset({one})) for one in (Relation.POOL, Relation.LED)] == [0, 2]
    assert verdict(Part.NAME, both) == Verdict.ALLOW
    assert verdict(Part.CONTACT, both) == Verdict.MASK
    assert may_do(Act.TAKE, "lead", both)
    assert may_do(Act.REASSIGN, "lead", both)
    assert not may_do(Act.REASSIGN, "lead", {Relation.POOL})


def test_a_contact_is_in_full_by_an_act_alone() -> None:
    assert {verdict(Part.CONTACT, frozenset({who})) for who in Relation} == {Verdict.DENY, Verdict.MASK}
    assert doers(Act.REVEAL) == readers(Part.CONTACT)


def test_whoever_reads_a_part_sees_the_record() -> None:
    for part in set(OF_RECORDS) - {Part.HANDOFF}:
        assert readers(part) <= readers(Part.RECORD), part


def test_through_broken_glass_one_reads_as_a_head_does() -> None:
    """`rows_of` says both by the pipelines that are headed; a table that told them apart would be a lie."""
    for part in OF_RECORDS:
        assert READS[part][Relation.GLASS] == READS[part][Relation.HEADED], part


def test_an_act_is_for_its_own_stages() -> None:
    assert may_do(Act.PARK, "lead", {Relation.OWNER})
    assert not may_do(Act.PARK, "deal", {Relation.OWNER})
    assert not may_do(Act.TAKE, "lead", {Relation.HEADED})


def test_nothing_is_done_in_no_relation() -> None:
    assert [act for act in Act for stage in ("lead", "deal", "account") if may_do(act, stage, ())] == []
