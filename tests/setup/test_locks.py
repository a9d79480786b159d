"""What is installed is pinned by version and hash, and by no address."""

import re

import pytest

from pipeline_crm.launch import places

REQUIREMENTS = places.ROOT / "requirements"
LOCKS = ["requirements/production.txt", "requirements/development.txt", "ui/package-lock.json"]


@pytest.mark.parametrize("lock", LOCKS)
def test_no_lock_holds_an_address(lock):
    text = (places.ROOT / lock).read_text()

    # Who pays for an npm package's author is not where it is fetched from.
    text = re.sub(r'"funding": (\{[^}]*\}|\[[^\]]*\])', "", text)
    assert re.findall(r"https?://\S+", text) == []


@pytest.mark.parametrize("name", ["production", "development"])
def test_every_package_is_pinned_by_hash(name):
    text = (REQUIREMENTS / f"{name}.txt").read_text()
    blocks = re.split(r"^(?=[a-z])", text, flags=re.MULTILINE)[1:]

    assert [block for block in blocks if "==" not in block or "--hash=sha256:" not in block] == []


def pins(name: str) -> dict[str, str]:
    return dict(re.findall(r"^([a-z][^=\s]*)==(\S+)", (REQUIREMENTS / f"{name}.txt").read_text(), flags=re.MULTILINE))


def test_what_is_tested_is_what_runs():
    production, development = pins("production"), pins("development")

    assert {name: development.get(name) for name in production} == production


def test_only_one_package_brings_the_state_machines_and_only_one_the_driver():
    names = pins("development")

    assert {"django-fsm", "psycopg"} & set(names) == set()
    assert {"django-fsm-2", "psycopg2-binary"} <= set(names)
