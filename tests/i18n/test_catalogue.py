"""The Russian catalogue is whole: every string of the sources stands in it, said in Russian, with the same gaps."""

import re

import polib
import pytest
from django.conf import settings

from pipeline_crm.launch.gathering import gather

CATALOGUE = settings.BASE_DIR / "locale" / "ru" / "LC_MESSAGES" / "django.po"
PO = polib.pofile(str(CATALOGUE))
GAP = re.compile(r"%%|%\(\w+\)[sd]|%[sd]|\{\w*\}")
# Words that a Russian sentence keeps in Latin letters: codes, formats, trade marks, and examples of what to type.
LATIN = re.compile(
    r"\b(Pipeline|CRM|amoCRM|Bitrix24|HubSpot|Excel|CSV|UTF-8|UTF-16|PDF|SLA|RU|GB|RUB|EUR|Europe/Moscow|cp1251|JavaScript|PIN"
    r"|name@firm\.example)\b"
)


def forms(entry: polib.POEntry) -> list[str]:
    """All that one entry says in Russian."""
    return list(entry.msgstr_plural.values()) if entry.msgid_plural else [entry.msgstr]


def test_every_string_has_words_and_none_is_a_guess():
    without_words = [entry.msgid for entry in PO if not entry.obsolete and not all(forms(entry))]

    assert (without_words, [entry.msgid for entry in PO.fuzzy_entries()]) == ([], [])


def test_every_number_has_its_three_forms():
    assert [entry.msgid for entry in PO if entry.msgid_plural and len(forms(entry)) != 3] == []
    assert "nplurals=3" in PO.metadata["Plural-Forms"]


def test_the_gaps_of_a_sentence_are_the_same_in_both_languages():
    wrong = [
        entry.msgid
        for entry in PO
        for said in forms(entry)
        if sorted(GAP.findall(said)) != sorted(GAP.findall(entry.msgid_plural or entry.msgid))
    ]

    assert wrong == []


def test_lines_and_blanks_are_the_same_in_both_languages():
    wrong = [
        entry.msgid
        for entry in PO
        for said in forms(entry)
        if said != said.strip() or "  " in said or said.count("\n") != entry.msgid.count("\n")
    ]

    assert wrong == []


def test_a_sentence_ends_as_it_ends_in_english():
    ends = {".", "!", "?", ":"}
    wrong = [
        (entry.msgid, said)
        for entry in PO
        if entry.msgctxt != "money"  # “тыс.” is an abbreviation
        for said in forms(entry)
        if {entry.msgid[-1:], said[-1:]} & ends and entry.msgid[-1:] != said[-1:]
    ]

    assert wrong == []


def test_russian_is_set_by_its_own_rules():
    politely_loud = re.compile(r"(?<=[а-яё,;:–—»)] )(Вы|Вас|Вам|Вами|Ваш\w*)\b")
    quotes = re.compile(r"[“”\"]|(?<!\w)'|'(?!\w)")
    wrong = [said for entry in PO for said in forms(entry) if politely_loud.search(said) or quotes.search(said)]

    assert wrong == []


def test_a_russian_sentence_has_no_english_word():
    wrong = [
        said for entry in PO for said in forms(entry) if re.search(r"[A-Za-z]{2,}", LATIN.sub("", GAP.sub("", said)))
    ]

    assert wrong == []


def test_the_catalogue_has_what_the_sources_say_and_nothing_else():
    # `make messages` writes the missing ones down and takes the others out.
    def key(singular: str, plural: str | None, context: str | None) -> tuple[str, str, str]:
        return singular, plural or "", context or ""

    said = {key(entry.msgid, entry.msgid_plural, entry.msgctxt) for entry in PO if not entry.obsolete}
    found = {
        key(*(message.id if isinstance(message.id, tuple) else (message.id, None)), message.context)
        for message in gather()
        if message.id
    }

    assert (found - said, said - found, PO.obsolete_entries()) == (set(), set(), [])


@pytest.mark.parametrize(("count", "form"), [(1, 0), (21, 0), (2, 1), (34, 1), (5, 2), (11, 2), (12, 2), (111, 2)])
def test_russian_counts_by_one_few_and_many(count: int, form: int):
    rule = PO.metadata["Plural-Forms"].partition("plural=")[2].strip("; ")
    # The rule is written in C: its choices and its “and” are read here as Python's.
    one, few = re.fullmatch(r"\((.+?) \? 0 : (.+) \? 1 : 2\)", rule).groups()
    holds = [eval(part.replace("&&", "and").replace("||", "or"), {"n": count}) for part in (one, few)]  # noqa: S307

    assert (0 if holds[0] else 1 if holds[1] else 2) == form
