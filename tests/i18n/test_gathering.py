"""Strings are gathered without gettext on the machine, and the words that were there stay."""

from pathlib import Path

import polib
import pytest

from pipeline_crm.launch.gathering import HEADER, gather, renew

VIEW = """
def greet(name):
    first, _, last = name.partition(" ")
    return [_("Hello, %(name)s"), pgettext("door", "Open"), ngettext("%(n)d lead", "%(n)d leads", 2), _(name)]
"""
PAGE = """
{% load i18n %}<p title="{% translate "A hint" %}">
    {% blocktranslate trimmed count n=count %}
        {{ n }} step
    {% plural %}
        {{ n }} steps
    {% endblocktranslate %}{{ word|default:_("nothing") }} {# not this #} don't</p>
"""
SAID = """
msgid "Hello, %(name)s"
msgstr "Здравствуйте, %(name)s"

#, fuzzy
msgid "A hint"
msgstr "Угадано"

msgid "Gone"
msgstr "Ушло"
"""


def lay(root: Path, view: str = VIEW, page: str = PAGE) -> Path:
    """A small house: one room, one page, one catalogue."""
    for path, words in (("leads/views.py", view), ("templates/page.html", page)):
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text(words)
    catalogue = root / "locale" / "ru" / "LC_MESSAGES" / "django.po"
    catalogue.parent.mkdir(parents=True)
    catalogue.write_text(HEADER + SAID)
    return catalogue


def test_code_and_pages_are_read(tmp_path: Path):
    lay(tmp_path)

    found = [(message.id, message.context) for message in gather(tmp_path) if message.id]

    assert found == [
        ("Hello, %(name)s", None),
        ("Open", "door"),
        (("%(n)d lead", "%(n)d leads"), None),
        ("A hint", None),
        (("%(n)s step", "%(n)s steps"), None),
        ("nothing", None),
    ]


def test_words_stay_guesses_and_what_is_gone_do_not(tmp_path: Path):
    catalogue = lay(tmp_path)

    silent = renew(catalogue, gather(tmp_path))

    after = polib.pofile(str(catalogue))
    assert [(entry.msgid, entry.msgstr) for entry in after if entry.msgstr] == [
        ("Hello, %(name)s", "Здравствуйте, %(name)s")
    ]
    assert (len(after), len(silent), after.obsolete_entries(), after.fuzzy_entries()) == (6, 5, [], [])
    assert [len(entry.msgstr_plural) for entry in after if entry.msgid_plural] == [3, 3]


def test_a_second_gathering_changes_nothing(tmp_path: Path):
    catalogue = lay(tmp_path)
    renew(catalogue, gather(tmp_path))
    once = catalogue.read_bytes()

    renew(catalogue, gather(tmp_path))

    assert catalogue.read_bytes() == once


def test_a_string_stands_with_a_number_or_without_never_both(tmp_path: Path):
    lay(tmp_path, view='ngettext("Same", "All the same", 2)', page='{% load i18n %}{% translate "Same" %}')

    with pytest.raises(ValueError, match="Same"):
        gather(tmp_path)
