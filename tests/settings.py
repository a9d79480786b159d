"""The project's settings as the tests want them; lends a throw-away PostgreSQL when nobody else has given one."""

import atexit
import os
import tempfile
from contextlib import ExitStack

from pipeline_crm.launch.postgres import throw_away

os.environ["DEBUG"] = "1"
# Playwright keeps an event loop running in the thread of the test, and Django would refuse to touch the database there.
os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"
os.environ.pop("REDIS_URL", None)
os.environ.setdefault("AUDIT_FILE", f"{tempfile.gettempdir()}/pipeline-crm-anchors-{os.getpid()}.txt")
os.environ.setdefault("ERASED_FILE", f"{tempfile.gettempdir()}/pipeline-crm-erased-{os.getpid()}.txt")
if "DATABASE_URL" not in os.environ:
    # The environment is inherited, so the helpers of pytest-xdist find it set and share the one server.
    stack = ExitStack()
    os.environ["DATABASE_URL"] = stack.enter_context(throw_away()).url
    atexit.register(stack.close)

from pipeline_crm.settings import *  # noqa: F403

# What a test itself reads and writes, it does as the owner of the tables; whatever a request does is done as somebody.
DATABASES["default"]["OPTIONS"]["options"] = "-c role=none"  # noqa: F405

# Hashing slowly on purpose is for real passwords.
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
MAILERS = {"default": {"BACKEND": "django.core.mail.backends.locmem.EmailBackend"}}
CELERY_BROKER_URL = "memory://"
CELERY_BROKER_TRANSPORT_OPTIONS: dict[str, object] = {}
# The cast signs in more often in a minute than an office does in a day; one test turns the counting on again.
ACCOUNT_RATE_LIMITS = False
