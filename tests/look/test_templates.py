"""What every template of ours keeps to, because the site's policy or its readers would suffer otherwise."""

import re
from pathlib import Path

import pytest
from django.conf import settings

FOLDERS = ("templates", "leads", "deals", "accounts", "pipeline_crm")
TEMPLATES = sorted(path for folder in FOLDERS for path in (settings.BASE_DIR / folder).glob("**/*.html"))
# The admin's pages are Unfold's, under a policy of their own.
OURS = [path for path in TEMPLATES if "admin" not in path.parts]
FORBIDDEN = {
    "a style of its own": re.compile(r"<style|\sstyle="),
    "a script of its own": re.compile(r"<script(?![^>]*\bsrc=)"),
    "a handler": re.compile(r"\son[a-z]+=|hx-on|['\"]js:"),
    "text that is not escaped": re.compile(r"\|\s*safe\b|autoescape off"),
}


@pytest.mark.parametrize("path", OURS, ids=lambda path: str(path.relative_to(settings.BASE_DIR)))
def test_a_template_has_nothing_that_the_policy_forbids(path: Path) -> None:
    words = path.read_text()

    assert [what for what, pattern in FORBIDDEN.items() if pattern.search(words)] == []


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: str(path.relative_to(settings.BASE_DIR)))
def test_a_template_is_short_enough_to_be_read(path: Path) -> None:
    assert len(path.read_text().splitlines()) < 160


def test_a_form_that_changes_something_carries_the_token() -> None:
    form = re.compile(r"<form\b[^>]*method=\"post\".*?</form>", re.DOTALL | re.IGNORECASE)
    forms = [(path.name, opened_up(found)) for path in OURS for found in form.findall(path.read_text())]

    assert [name for name, found in forms if "csrf_token" not in found] == []
    assert len(forms) > 5


def opened_up(words: str) -> str:
    """A form with what it includes."""
    included = re.findall(r'{% include "([^"]+)"', words)
    return words + "".join((settings.BASE_DIR / "templates" / name).read_text() for name in included)
