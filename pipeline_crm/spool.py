"""Kombu's filesystem broker for one machine, with files that are whole before anybody can see them.

As it comes, a reader may find a message or a table that was opened but not yet written, and the worker dies of it.
"""

from __future__ import annotations

import os
import time
import uuid
from json import JSONDecodeError
from typing import Any

from kombu.transport import TRANSPORT_ALIASES, filesystem
from kombu.utils.json import dumps

PATIENCE = 40  # times to look again at a table that somebody is writing, 25 ms apart


class Channel(filesystem.Channel):
    """Puts a message into its folder by a rename, and waits for a table that is being written."""

    # Kombu's own classes disagree about the name of the second word.
    def _put(self, queue: str, payload: Any, **kwargs: Any) -> None:  # type: ignore[override]
        name = f"{round(time.monotonic() * 1000)}_{uuid.uuid4()}.{queue}.msg"
        whole = os.path.join(self.data_folder_out, name)
        part = os.path.join(self.data_folder_out, f"{uuid.uuid4()}.part")
        with open(part, "w", encoding="utf-8") as file:
            file.write(dumps(payload))
        os.replace(part, whole)

    def get_table(self, exchange: str) -> list[Any]:
        """The queues bound to an exchange."""
        return self._patiently(super().get_table, exchange)

    def _queue_bind(self, *binding: Any) -> None:
        self._patiently(super()._queue_bind, *binding)

    def _patiently(self, act: Any, *words: Any) -> Any:
        for _ in range(PATIENCE):
            try:
                return act(*words)
            except JSONDecodeError:
                time.sleep(0.025)
        return act(*words)


class Transport(filesystem.Transport):
    """The filesystem transport with whole files."""

    Channel = Channel


def install() -> None:
    """Makes filesystem:// mean this transport."""
    TRANSPORT_ALIASES["filesystem"] = f"{__name__}:Transport"
