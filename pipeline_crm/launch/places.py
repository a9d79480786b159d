"""Where things lie on this machine; knows no Django, because the starter runs before it is configured."""

import hashlib
import os
import tempfile
from pathlib import Path
from typing import Any
from urllib.parse import quote

ROOT = Path(__file__).resolve().parents[2]
# Everything that is written while the house runs; nothing in it is ever committed.
VAR = Path(os.environ.get("VAR_DIR") or ROOT / "var").absolute()
DEMO = VAR / "demo"
DATABASE = "pipeline"
# The system's limit on the path of a socket is 107 bytes; PostgreSQL adds a name of 13 and a lock's name of 18.
LONGEST_SOCKET_FOLDER = 85


def socket_folder(cluster: Path) -> Path:
    """The folder of a database's socket: the cluster itself, or a short one where its path is too long."""
    if len(str(cluster).encode()) <= LONGEST_SOCKET_FOLDER:
        return cluster
    mark = hashlib.sha256(str(cluster).encode()).hexdigest()[:12]
    return Path(tempfile.gettempdir()) / f"pipeline-crm-{mark}"


def database_url(cluster: Path) -> str:
    """The address of the embedded database whose files lie in this folder."""
    return f"postgresql://postgres@/{DATABASE}?host={quote(str(socket_folder(cluster)))}"


def demo_cluster() -> Path:
    """The folder of the demo's database."""
    return DEMO / "postgres"


def demo_database_url() -> str:
    """The address of the demo's database."""
    return database_url(demo_cluster())


def mail_url() -> str:
    """The address of the folder that takes mail where there is no mail server: a file for each."""
    return f"files:{quote(str(DEMO / 'mail'))}"


def beat_schedule() -> Path:
    """The file in which beat keeps its place; beat does not make the folder for it."""
    file = VAR / "beat" / "schedule"
    file.parent.mkdir(parents=True, exist_ok=True)
    return file


def file_broker() -> dict[str, Any]:
    """Options of Celery's broker that needs no server; its folders have to exist before it is opened."""
    messages, control = VAR / "broker" / "messages", VAR / "broker" / "control"
    for folder in (messages, control):
        folder.mkdir(parents=True, exist_ok=True)
    return {
        "data_folder_in": str(messages),
        "data_folder_out": str(messages),
        "control_folder": str(control),
        "polling_interval": 0.2,
    }
