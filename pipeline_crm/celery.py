"""Celery wakes somebody up; a lost or doubled message changes nothing, because the truth is in the database."""

import os

from celery import Celery

from pipeline_crm import spool

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "pipeline_crm.settings")

spool.install()
app = Celery("pipeline_crm")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()
