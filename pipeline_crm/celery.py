"""Celery wakes somebody up; a lost or doubled message changes nothing, because the truth is in the database."""

import os
from logging.config import dictConfig
from typing import Any

from celery import Celery
from celery.signals import setup_logging
from django.conf import settings

from pipeline_crm import spool

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "pipeline_crm.settings")

spool.install()
app = Celery("pipeline_crm")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()


@setup_logging.connect
def write_the_same_lines(**_: Any) -> None:
    """Celery's own way of writing would put the words of an error, and so of a row, into the log."""
    dictConfig(settings.LOGGING)
