"""The door through which a web server that speaks ASGI calls the site."""

import os

from django.core.asgi import get_asgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "pipeline_crm.settings")

application = get_asgi_application()
