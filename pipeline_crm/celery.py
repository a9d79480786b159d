"""Celery wakes somebody up; a lost or doubled message changes nothing, because the truth is in the database."""

import os
from pathlib import Path

from celery import Celery

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "pipeline_crm.settings")

app = Celery("pipeline_crm")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()


@app.on_after_finalize.connect
def make_room_for_the_schedule(sender: Celery, **_: object) -> None:
    """Beat keeps its place in a file and does not make the folder for it."""
    Path(sender.conf.beat_schedule_filename).parent.mkdir(parents=True, exist_ok=True)
