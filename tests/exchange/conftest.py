"""Whom the tests of exchange know besides the cast."""

from __future__ import annotations

import pytest
from guardian.shortcuts import assign_perm

from pipeline_crm.tiers.models import Pipeline
from pipeline_crm.users.models import User
from tests.cast import make_person


@pytest.fixture
def second(pipeline: Pipeline) -> User:
    """Another head of sales."""
    person = make_person("otto", "Otto Ostrov")
    assign_perm("tiers.head_pipeline", person, pipeline)
    return person
