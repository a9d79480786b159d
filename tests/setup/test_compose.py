"""docker-compose.yml and Dockerfile cannot be run by the tests, so every name in them is looked up in the project."""

import importlib.util
import re
import subprocess
import sys

import pytest
import yaml

from benchmarks.__main__ import BUFFERS
from pipeline_crm.launch import places

COMPOSE_TEXT = (places.ROOT / "docker-compose.yml").read_text()
COMPOSE = yaml.safe_load(COMPOSE_TEXT)
SERVICES = COMPOSE["services"]
OURS = {name: service for name, service in SERVICES.items() if service["image"] == "pipeline-crm"}
# Not for a house of containers: a developer's machine, a folder that is a volume, a pooler that is not there.
NOT_IN_COMPOSE = {"DEBUG", "DEMO", "VAR_DIR", "DATABASE_POOLER", "DATABASE_CONNECTION_SECONDS"}
DOCKERFILE = (places.ROOT / "Dockerfile").read_text()
SOURCES = "\n".join(
    (places.ROOT / "pipeline_crm" / name).read_text() for name in ("settings.py", "launch/probe.py", "launch/places.py")
)


def read_by_us() -> set[str]:
    """The variables that the settings and the probes read."""
    named = r'environment\.(?:required|optional|flag|number|words|keys)\(\s*"([A-Z_]+)"|os\.environ(?:\.get\(|\[)"([A-Z_]+)"'
    return {first or second for first, second in re.findall(named, SOURCES)}


def check_command(words: list[str]) -> None:
    """Fails when the command is not one of the project's or its tools'."""
    match words:
        case ["python", "manage.py", command, *options]:
            done = subprocess.run(
                [sys.executable, "manage.py", "help", command],
                cwd=places.ROOT,
                capture_output=True,
                text=True,
                check=True,
            )
            assert [word for word in options if word not in done.stdout] == []
        case ["python", "-m", module, *arguments]:
            assert importlib.util.find_spec(module) is not None
            assert arguments in ([], ["web"], ["beat"])
        case ["gunicorn", application, *options]:
            check_gunicorn(application, options)
        case ["celery", "--app", "pipeline_crm.celery:app", *rest]:
            check_celery(rest)
        case _:
            pytest.fail(f"unknown command: {words}")


def check_gunicorn(application: str, options: list[str]) -> None:
    from gunicorn.config import Config

    module, _, name = application.partition(":")
    Config().parser().parse_args([*options, application])
    source = places.ROOT / f"{module.replace('.', '/')}.py"
    assert re.search(rf"^{name} =", source.read_text(), flags=re.MULTILINE)


def check_celery(words: list[str]) -> None:
    from celery.bin.celery import celery
    from click import Context

    # An unknown option raises; the command itself is not called, for it would look for Redis.
    subcommand = celery.commands[words[0]]
    subcommand.make_parser(Context(subcommand)).parse_args(words[1:])


def commands_of(service: dict) -> list[list[str]]:
    found = [service["command"]]
    match service.get("healthcheck", {}).get("test"):
        case ["CMD", *words]:
            found.append(words)
        case ["CMD-SHELL", line]:
            found.append(line.split())
    return found


def test_the_five_are_there_and_one_that_migrates():
    assert set(SERVICES) == {"web", "worker", "beat", "postgres", "redis", "migrate"}
    assert set(OURS) == {"web", "worker", "beat", "migrate"}


@pytest.mark.parametrize("name", sorted(OURS))
def test_every_command_and_health_check_exists_in_the_project(name):
    for words in commands_of(OURS[name]):
        check_command(words)


@pytest.mark.parametrize("name", sorted(OURS))
def test_every_variable_is_one_that_the_project_reads(name):
    assert set(OURS[name]["environment"]) - read_by_us() == set()


def test_no_variable_that_production_must_have_is_forgotten():
    needed = {
        "SECRET_KEY",
        "DATA_KEYS",
        "DATABASE_URL",
        "REDIS_URL",
        "ALLOWED_HOSTS",
        "CSRF_TRUSTED_ORIGINS",
        "MAIL_URL",
    }

    assert needed - set(OURS["web"]["environment"]) == set()


def test_every_setting_of_the_readme_can_be_chosen_in_env():
    settings = re.findall(r"^\| `([A-Z_]+)` \|", (places.ROOT / "README.md").read_text(), flags=re.MULTILINE)

    assert set(settings) - set(OURS["web"]["environment"]) == NOT_IN_COMPOSE


@pytest.mark.parametrize(("name", "meant"), re.findall(r"([A-Z_]+): \$\{\1:-(.+)\}", COMPOSE_TEXT))
def test_what_is_not_chosen_is_as_the_readme_says(name, meant):
    row = re.search(rf"^\| `{name}` .*$", (places.ROOT / "README.md").read_text(), flags=re.MULTILINE)[0]

    assert f"`{meant}`" in row


@pytest.mark.parametrize("name", ["SECRET_KEY", "DATA_KEYS", "POSTGRES_PASSWORD", "MAIL_URL"])
def test_no_secret_has_a_default(name):
    uses = re.findall(rf"\$\{{{name}(.*?)\}}", COMPOSE_TEXT)

    assert uses != []
    assert [use for use in uses if not use.startswith(":?")] == []


@pytest.mark.parametrize("name", ["web", "worker", "beat", "postgres", "redis"])
def test_everyone_who_stays_has_a_health_check(name):
    assert {"test", "interval", "timeout", "retries"} <= set(SERVICES[name]["healthcheck"])


def test_the_ports_agree():
    published = SERVICES["web"]["ports"][0].rpartition(":")[2]

    assert f"0.0.0.0:{published}" in SERVICES["web"]["command"]
    assert f"EXPOSE {published}" in DOCKERFILE
    assert f'os.environ.get("PORT") or "{published}"' in SOURCES


def test_every_volume_has_a_name_and_a_user():
    used = {volume.partition(":")[0] for service in SERVICES.values() for volume in service.get("volumes", [])}

    assert used == set(COMPOSE["volumes"])


def test_the_volumes_are_where_the_settings_write():
    assert "beat:/app/var/beat" in SERVICES["beat"]["volumes"]
    assert places.beat_schedule().parent == places.VAR / "beat"
    assert "postgres:/var/lib/postgresql" in SERVICES["postgres"]["volumes"]


def test_the_database_has_the_memory_that_the_measurements_give_it():
    assert SERVICES["postgres"]["command"] == ["postgres", "-c", f"shared_buffers={BUFFERS}"]


def test_redis_writes_down_what_it_is_told_and_forgets_nothing():
    assert SERVICES["redis"]["command"] == ["redis-server", "--appendonly", "yes", "--maxmemory-policy", "noeviction"]


def test_the_image_does_not_run_as_root():
    users = re.findall(r"^USER (\S+)$", DOCKERFILE, flags=re.MULTILINE)

    assert users == ["crm"]
    assert DOCKERFILE.index("USER crm") < DOCKERFILE.index("CMD [")


def test_the_image_is_built_of_what_exists():
    copied = re.findall(r"^COPY (?!--from)(\S+) \S+$", DOCKERFILE, flags=re.MULTILINE)

    assert [path for path in copied if not (places.ROOT / path).exists()] == []
    assert 'CMD ["gunicorn"' in DOCKERFILE
    check_command(yaml.safe_load(re.search(r"^CMD (\[.*\])$", DOCKERFILE, flags=re.MULTILINE)[1]))


def test_whatever_the_image_needs_is_let_in():
    let_in = {line[1:] for line in (places.ROOT / ".dockerignore").read_text().splitlines() if line.startswith("!")}
    needed = {
        "manage.py",
        "pipeline_crm",
        "leads",
        "deals",
        "accounts",
        "templates",
        "static",
        "locale",
        "requirements",
        "ui",
    }

    assert needed - let_in == set()
