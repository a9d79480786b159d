"""The demo firm is made by the same acts as the pages use, so every promise holds in it."""

import dataclasses
import io
from datetime import UTC, datetime

import pytest
from django.contrib.auth import authenticate
from django.core.management import CommandError, call_command

from deals.models import Deal
from leads.models import Lead
from pipeline_crm.clients.models import Client
from pipeline_crm.demo import people, story
from pipeline_crm.tiers.actions import draw
from pipeline_crm.tiers.models import Pipeline
from pipeline_crm.users.models import User
from tests.laws.checker import broken

WEDNESDAY_NOON = datetime(2026, 11, 18, 9, 0, tzinfo=UTC)


@pytest.fixture
def small_firm(db):
    """The firm with a few clients only."""
    firms = [dataclasses.replace(firm, clients=8) for firm in people.FIRMS]
    story.seed(now=WEDNESDAY_NOON, say=lambda words: None, firms=firms)


def test_the_demo_firm_keeps_every_promise(small_firm):
    assert broken() == {}


def test_the_demo_firm_has_three_structures_and_somebody_everywhere(small_firm):
    structures = sorted(pipeline.structure.value for pipeline in Pipeline.objects.all())

    assert structures == ["1", "2a", "3"]
    assert Client.objects.count() >= 24
    assert Lead.objects.open().exists()
    assert Deal.objects.exists()


def test_everybody_can_sign_in_with_the_password_in_the_table(small_firm):
    table = list(people.table())

    assert [row[0] for row in table] == [player.username for player in people.PLAYERS]
    assert authenticate(username=table[0][0], password=table[0][1]) == User.objects.get(username=table[0][0])


def test_the_demo_refuses_where_debug_is_off(db, settings):
    settings.DEBUG = False

    with pytest.raises(CommandError, match="DEBUG is off"):
        call_command("seed_demo")

    assert not User.objects.exists()


def test_the_demo_is_seeded_once(db, settings):
    settings.DEBUG = True
    draw(people.FIRMS[0].name, preset=people.FIRMS[0].preset)
    said = io.StringIO()

    call_command("seed_demo", stdout=said)

    assert said.getvalue() == "The demo firm is here already.\n"
    assert not User.objects.exists()
