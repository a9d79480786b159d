"""The door through which a web server that speaks WSGI calls the site."""

import os
from importlib import import_module

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "pipeline_crm.settings")

application = get_wsgi_application()

# The holidays of all countries are read once, before the workers are forked: so they share them.
import_module("holidays.countries")
