"""The machine that the three stages run on; the stages themselves stand beside it, at the top level."""

from pipeline_crm.celery import app as celery_app

__all__ = ["celery_app"]
