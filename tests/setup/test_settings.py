"""The settings of production hold, and their absence is told in a sentence."""

import json

import pytest

from tests.setup import production


def test_production_passes_every_check_of_deployment():
    done = production.manage("check", "--deploy", "--fail-level", "WARNING", **production.SETTINGS)

    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize("missing", ["SECRET_KEY", "DATA_KEYS", "DATABASE_URL", "ALLOWED_HOSTS", "MAIL_URL"])
def test_production_does_not_start_without(missing):
    rest = {name: value for name, value in production.SETTINGS.items() if name != missing}

    done = production.manage("check", **rest)

    assert done.returncode == 1
    assert f"{missing} is not set" in done.stderr.splitlines()[-1]


def test_debug_is_off_unless_asked_for():
    done = production.manage("diffsettings", "--all", **production.SETTINGS)

    assert "DEBUG = False" in done.stdout.splitlines() or "### DEBUG = False" in done.stdout.splitlines()


def test_celery_differs_in_one_setting_only():
    script = (
        "from django.conf import settings; import json;"
        "print(json.dumps({n: str(getattr(settings, n)) for n in dir(settings) if n.startswith('CELERY_')}))"
    )
    without = json.loads(production.manage("shell", "-v", "0", "-c", script, **production.SETTINGS).stdout)
    given = production.SETTINGS | {"REDIS_URL": "redis://localhost:6379/0"}
    with_redis = json.loads(production.manage("shell", "-v", "0", "-c", script, **given).stdout)

    different = {name for name in without if without[name] != with_redis[name]}
    assert different == {"CELERY_BROKER_URL", "CELERY_BROKER_TRANSPORT_OPTIONS"}
    assert without["CELERY_BROKER_URL"] == "filesystem://localhost/"
    assert with_redis["CELERY_BROKER_URL"] == "redis://localhost:6379/0"
