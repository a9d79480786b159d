"""How many questions a page puts to the database; what opens and closes a transaction asks nothing."""

from __future__ import annotations

from django.db import connection
from django.test.utils import CaptureQueriesContext

BRACKETS = ("BEGIN", "COMMIT", "ROLLBACK", "SAVEPOINT", "RELEASE SAVEPOINT", "SELECT set_config('role'")


class Questions(CaptureQueriesContext):
    """The questions of a block."""

    def __init__(self) -> None:
        super().__init__(connection)

    @property
    def captured_queries(self) -> list[dict[str, str]]:
        """Without the brackets around them; an identity that is put back at the end of a block is one, too."""
        return [query for query in super().captured_queries if not query["sql"].startswith(BRACKETS)]
