from __future__ import annotations

from collections.abc import Callable

import pytest
from django.test import Client as Browser

from pipeline_crm.users.models import User


@pytest.fixture
def desk(cody: User, browse: Callable[[User], Browser]) -> Browser:
    """The browser of the configurator."""
    return browse(cody)
