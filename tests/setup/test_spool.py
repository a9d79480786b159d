"""The broker of one machine never shows a message that is only half there."""

import json
import subprocess
import sys

from kombu import Connection
from kombu.transport import resolve_transport

from pipeline_crm import spool
from pipeline_crm.launch import places

WRITER = """
import json, sys
from kombu import Connection
from pipeline_crm import spool
spool.install()
options, sent = json.loads(sys.argv[1]), int(sys.argv[2])
with Connection("filesystem://", transport_options=options) as connection, connection.SimpleQueue("doors") as queue:
    for number in range(sent):
        queue.put({"number": number, "padding": "x" * 2000})
"""


def test_a_message_is_whole_before_it_can_be_seen(tmp_path):
    """One writes, one reads as fast as they can: every message arrives once and whole, and nobody dies.

    They are two processes, as web and worker are: two threads would share what kombu remembers of its queues.
    """
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

    writer = subprocess.Popen([sys.executable, "-c", WRITER, json.dumps(options), str(sent)], cwd=places.ROOT)
    with Connection("filesystem://", transport_options=options) as connection, connection.SimpleQueue("doors") as queue:
        for _ in range(sent):
            message = queue.get(timeout=30)
            got.append(message.payload["number"])
            message.ack()
    assert writer.wait(30) == 0

    assert sorted(got) == list(range(sent))


def test_celery_uses_it():
    import pipeline_crm.celery  # noqa: F401 - the app installs it

    assert resolve_transport("filesystem") is spool.Transport
