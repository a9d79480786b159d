"""The embedded database reads Cyrillic, is lent to a command, and is gone with whoever started it."""

import os
import subprocess
import sys
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
from django.db import connection

from pipeline_crm.launch import places
from tests.setup.test_crew import alive, soon

LEND = [sys.executable, "-m", "pipeline_crm.launch.postgres", "run", "--"]


def lend(*command: str) -> "subprocess.CompletedProcess[str]":
    environment = {name: value for name, value in os.environ.items() if name != "DATABASE_URL"}
    return subprocess.run(
        [*LEND, *command], cwd=places.ROOT, env=environment, capture_output=True, text=True, check=False
    )


def folder(url: str) -> Path:
    return Path(parse_qs(urlsplit(url).query)["host"][0])


def test_a_command_gets_a_database_which_is_gone_afterwards():
    done = lend("sh", "-c", "echo $DATABASE_URL; test -S $(echo $DATABASE_URL | sed s/.*host=//)/.s.PGSQL.5432")

    assert done.returncode == 0
    assert not folder(done.stdout.strip()).exists()


def test_the_exit_code_of_the_command_comes_back():
    assert lend("sh", "-c", "exit 7").returncode == 7


def test_a_killed_starter_leaves_no_server_and_the_next_one_sweeps_its_files():
    environment = {name: value for name, value in os.environ.items() if name != "DATABASE_URL"}
    command = [*LEND, "sh", "-c", "echo $DATABASE_URL; exec sleep 600"]
    with subprocess.Popen(command, cwd=places.ROOT, env=environment, stdout=subprocess.PIPE, text=True) as starter:
        files = folder(starter.stdout.readline().strip())
        server = int((files / "postmaster.pid").read_text().split()[0])
        assert alive(server)

        starter.kill()
        starter.wait()

    assert soon(lambda: not alive(server))
    assert files.exists()

    lend("true")

    assert not files.exists()


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("question", "answer"),
    [
        ("SELECT lower('ЩЁГОЛЬ Ivan')", "щёголь ivan"),
        ("SELECT 'Щёголь' ILIKE 'щЁ%'", True),
        ("SELECT current_setting('TimeZone')", "UTC"),
        ("SELECT current_setting('server_version_num')::int / 10000", 18),
    ],
)
def test_the_database_speaks_our_languages(question, answer):
    with connection.cursor() as cursor:
        # pytest's own marks for parameters would be taken for ours.
        cursor.execute(question.replace("%", "%%"), [])

        assert cursor.fetchone() == (answer,)


def test_a_long_path_gets_a_short_folder_for_its_socket(tmp_path):
    deep = tmp_path.joinpath(*["a-folder-with-a-long-name"] * 5)

    assert len(str(places.socket_folder(deep))) <= places.LONGEST_SOCKET_FOLDER
    assert places.socket_folder(deep) != places.socket_folder(deep / "postgres")
    assert places.socket_folder(Path("/srv/crm")) == Path("/srv/crm")
