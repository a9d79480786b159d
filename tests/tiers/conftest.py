from __future__ import annotations

from collections.abc import Callable

import pytest
from django.test import Client as Browser

from pipeline_crm.tiers.configurators import make_configurator
from pipeline_crm.users.models import User
from tests.cast import make_person


@pytest.fixture
def connie(db: None) -> User:
    """A configurator."""
    person = make_person("connie", "Connie Field")
    make_configurator(person)
    return person


@pytest.fixture
def desk(connie: User, browse: Callable[[User], Browser]) -> Browser:
    """The browser of the configurator."""
    return browse(connie)
