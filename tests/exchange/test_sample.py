"""The sample export is believable, and spoilt exactly where it says."""

import io

import pytest
from django.core.management import CommandError, call_command

from pipeline_crm.exchange.reading import Rejected, read_leads
from pipeline_crm.exchange.sample import DIALECTS, FLAW_EVERY, Flaw, count_flaws, flaw_of, stories, write_sample


def sample(**options) -> bytes:
    stream = io.BytesIO()
    write_sample(stream, **options)
    return stream.getvalue()


def test_the_same_seed_makes_the_same_file():
    assert sample(rows=40) == sample(rows=40)
    assert sample(rows=40) != sample(rows=40, seed=7)


def test_flaws_take_turns():
    assert [flaw_of(FLAW_EVERY * turn) for turn in range(1, 7)] == [*Flaw, Flaw.NO_CONTACT]
    assert sum(flaw_of(number) is not None for number in range(1, 501)) == count_flaws(500) == 29


def test_every_good_row_has_a_phone_of_its_own():
    good = [story.phone for story in stories(2_000) if flaw_of(story.number) is None]

    assert len(set(good)) == len(good)


def test_there_are_russian_and_english_names():
    languages = [story.language for story in stories(500)]

    assert languages.count("English") > 80
    assert languages.count("Russian") > 300


@pytest.mark.parametrize("dialect", DIALECTS)
def test_each_dialect_is_read_with_the_flaws_it_was_given(dialect):
    reading = read_leads(io.BytesIO(sample(dialect=dialect)), region="RU")
    rows = list(reading)

    assert (reading.encoding, reading.delimiter) == (DIALECTS[dialect].encoding, DIALECTS[dialect].delimiter)
    assert len(rows) == 500
    spoilt = [number for number, row in enumerate(rows, 1) if isinstance(row, Rejected)]
    # A client that is told twice is for the import to see.
    expected = [number for number in range(1, 501) if flaw_of(number) not in (None, Flaw.TWICE)]
    assert spoilt == expected


def test_the_command_writes_the_file(tmp_path, capsys):
    file = tmp_path / "leads.csv"

    call_command("make_sample_leads", str(file), "--rows", "34", "--as", "hubspot", "--delimiter", "tab")

    assert file.read_bytes() == sample(rows=34, dialect="hubspot", delimiter="\t")
    assert capsys.readouterr().out == f"{file}: 34 leads as hubspot writes them, 2 of them spoilt on purpose.\n"


@pytest.mark.parametrize(
    ("name", "rows", "sentence"),
    [("no/folder.csv", "5", "cannot be written"), ("leads.csv", "-5", "below zero")],
)
def test_the_command_refuses_with_a_sentence(tmp_path, name, rows, sentence):
    with pytest.raises(CommandError, match=sentence):
        call_command("make_sample_leads", str(tmp_path / name), f"--rows={rows}")
