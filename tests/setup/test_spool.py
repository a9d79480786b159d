"""The broker of one machine never shows a message that is only half there."""

import threading

from kombu import Connection
from kombu.transport import resolve_transport

from pipeline_crm import spool


def test_a_message_is_whole_before_it_can_be_seen(tmp_path):
    """One writes, one reads as fast as they can: every message arrives once and whole, and nobody dies."""
    spool.install()
    folders = {
        "data_folder_in": tmp_path / "box",
        "data_folder_out": tmp_path / "box",
        "control_folder": tmp_path / "control",
    }
    for folder in set(folders.values()):
        folder.mkdir()
    options = {name: str(folder) for name, folder in folders.items()} | {"polling_interval": 0.001}
    sent, got = 300, []

    def write() -> None:
        with (
            Connection("filesystem://", transport_options=options) as connection,
            connection.SimpleQueue("doors") as queue,
        ):
            for number in range(sent):
                queue.put({"number": number, "padding": "x" * 2000})

    writer = threading.Thread(target=write)
    writer.start()
    with Connection("filesystem://", transport_options=options) as connection, connection.SimpleQueue("doors") as queue:
        for _ in range(sent):
            message = queue.get(timeout=10)
            got.append(message.payload["number"])
            message.ack()
    writer.join(10)

    assert sorted(got) == list(range(sent))


def test_celery_uses_it():
    import pipeline_crm.celery  # noqa: F401 - the app installs it

    assert resolve_transport("filesystem") is spool.Transport
