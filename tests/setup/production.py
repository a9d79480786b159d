"""Runs the project's commands as a server would: with an environment that holds only what is said here."""

import os
import subprocess
import sys

from pipeline_crm.launch import places

# A long random text that protects nothing.
SETTINGS = {
    "SECRET_KEY": "3Zr8-p0bWc_5tY1uQe7nLk2mXs9vGh4jDf6aRo-BxTzNqUiKwEyPlMHCVSJOGAFD",
    "DATA_KEYS": "mq3KZ0l2v7cQyq6yV0Yy4dX1bYb0s4x7Jp2nW8rT5uE=",
    "ALLOWED_HOSTS": "crm.example.com",
    "CSRF_TRUSTED_ORIGINS": "https://crm.example.com",
    "DATABASE_URL": "postgresql://crm@localhost/crm",
    "MAIL_URL": "smtp+tls://mail.example.com",
}


def manage(*words: str, **environment: str) -> "subprocess.CompletedProcess[str]":
    """Runs `manage.py` with nothing in the environment but the search path and what is given."""
    return subprocess.run(
        [sys.executable, str(places.ROOT / "manage.py"), *words],
        env={"PATH": os.environ["PATH"]} | environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
