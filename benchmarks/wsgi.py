"""The site as shipped, and in the same process, under /floor/, a bare Django over the same tables."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from typing import Any

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "benchmarks.settings")

from django.conf import settings
from django.core.handlers.wsgi import WSGIHandler
from django.test.utils import override_settings

from pipeline_crm.wsgi import application as site

from . import walls
from .sites import WALLS_DOWN

if WALLS_DOWN in os.environ:
    walls.take_down()

with override_settings(MIDDLEWARE=settings.BARE_MIDDLEWARE):
    bare = WSGIHandler()


def application(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
    """One server for both, so that they share workers, connections and luck."""
    answers = bare if environ["PATH_INFO"] == "/floor/" else site
    return answers(environ, start_response)
