"""The project's settings, with the floor's template and address; only the measurements read them."""

from pipeline_crm.settings import *  # noqa: F403
from pipeline_crm.settings import BASE_DIR, DATABASES, TEMPLATES

ROOT_URLCONF = "benchmarks.urls"
TEMPLATES[0]["DIRS"] = [*TEMPLATES[0]["DIRS"], BASE_DIR / "benchmarks" / "templates"]
# Whoever puts no identity on is the owner of the tables: the floor, and the site without its walls.
DATABASES["default"].setdefault("OPTIONS", {})["options"] = "-c role=none"
# What `django-admin startproject` would have written: a floor has nothing of ours.
BARE_MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
]
