"""Connections as the site opens them: signed in as the tables' owner, and the web's until somebody says who asks."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import connection


@contextmanager
def as_the_site() -> Iterator[None]:
    """Inside, what is not said is not known to the database, as in production; needs a test without a transaction."""
    assert not connection.in_atomic_block, "mark the test with transaction=True"
    options = connection.settings_dict["OPTIONS"]
    before = options["options"]
    connection.close()
    options["options"] = ""
    try:
        yield
    finally:
        connection.close()
        options["options"] = before
