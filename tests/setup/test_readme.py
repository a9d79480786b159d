"""The README tells the truth about what can be checked."""

import re

import pytest

from pipeline_crm.launch import places
from tests.setup.test_compose import read_by_us

README = (places.ROOT / "README.md").read_text()


def section(title: str) -> str:
    return README.split(f"\n## {title}\n")[1].split("\n## ")[0]


def first_cells(text: str) -> list[str]:
    rows = re.findall(r"^\| ([^|]+) \|", text, flags=re.MULTILINE)
    return [row.strip(" `") for row in rows]


def test_every_variable_that_is_read_is_explained_and_none_besides():
    explained = set(first_cells(section("Settings"))[1:])
    # Read by the health check only, and said there.
    assert explained == read_by_us() - {"PORT"}


def test_every_package_has_its_reason():
    listed = set(
        re.findall(r"^([a-z][a-z0-9-]+)", (places.ROOT / "requirements/production.in").read_text(), re.MULTILINE)
    )
    explained = {name for cell in first_cells(section("What it stands on"))[1:] for name in cell.split(", ")}

    assert explained == listed


def test_every_word_of_make_exists():
    words = set(re.findall(r"\bmake ([a-z]+)`", README)) | set(re.findall(r"^make ([a-z]+) ", README, re.MULTILINE))
    targets = set(re.findall(r"^([a-z]+):", (places.ROOT / "Makefile").read_text(), re.MULTILINE))

    assert words - targets == set()
    assert {"demo", "test", "dev", "lint", "reset"} <= words


def test_every_folder_of_the_map_exists():
    tree = section("Map of the house").split("```")[1]
    top = re.findall(r"^([a-z][a-z_./ ]*?)  ", tree, re.MULTILINE)
    rooms = re.findall(r"^  ([a-z]+)/", tree, re.MULTILINE)

    paths = [places.ROOT / name for line in top for name in line.split()]
    paths += [places.ROOT / "pipeline_crm" / room for room in rooms]
    assert [str(path) for path in paths if not path.exists()] == []
    assert len(rooms) == 15


@pytest.mark.parametrize("page", ["README.md", *(f"docs/{name}" for name in ("deploy.md", "privacy.md"))])
def test_every_link_leads_somewhere(page):
    path = places.ROOT / page
    links = re.findall(r"\]\(([^)#]+)\)", path.read_text())

    assert [link for link in links if "://" not in link and not (path.parent / link).exists()] == []
