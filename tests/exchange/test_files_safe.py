"""Nothing in a file runs in a spreadsheet, and every file tells whose it is, however it was saved since."""

from __future__ import annotations

import csv
import io
import random
import re
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import openpyxl
import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone
from hypothesis import example, given, settings
from hypothesis import strategies as st

from pipeline_crm.exchange import sheets
from pipeline_crm.exchange.making import make_all
from pipeline_crm.exchange.marks import agreement, is_theirs, marked, spaces_in
from pipeline_crm.exchange.sheets import Csv, Stamp, Xlsx, disarmed
from tests.cast import make_lead
from tests.exchange.files_out import again, ask, fetch

STAMP = Stamp("Leads", ("Export 7", "asked for by Olga"), "Olga", timezone.now())
BEGINS = ["=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠", "|", "%"]
BEFORE = ["", " ", "\u00a0", '"', "'", "“", "\u200b", "\u200d", "\ufeff", "\u202e", ",", ";", "\t", ", ", '";"']
NASTY = st.builds(
    lambda before, sign, rest: before + sign + rest,
    st.sampled_from(BEFORE) | st.lists(st.sampled_from(BEFORE), max_size=4).map("".join),
    st.sampled_from(BEGINS),
    st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00"), max_size=30),
)
TEXTS = NASTY | st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00"), max_size=40)
# What a spreadsheet passes over before it asks whether a cell is a formula, and what it then takes for one.
RUNS = re.compile(r"^[\s\u00a0\"“”„\u200b-\u200f\u202a-\u202e\u2060\ufeff]*[=+\-@＝＋－＠]")


class Bytes(io.BytesIO):
    """A vault that keeps nothing secret."""

    def close(self) -> None:
        """Stays open to be read."""


def as_csv(cells: list[str], language: str) -> str:
    """A row as the file has it."""
    out: Any = Bytes()
    Csv(out, STAMP, language=language).row(cells)
    return out.getvalue().decode("utf-8-sig")


@settings(max_examples=300, deadline=None)
@given(st.lists(TEXTS, min_size=1, max_size=4), st.sampled_from(["en", "ru"]))
@example(["=1+1", "@SUM(A1)", "\t=1", "＝1"], "ru")
@example(["x,=1", "x;=1", 'a";=1', "x\n=1"], "en")
@example(["\u200d=cmd|' /C calc'!A0"], "en")
def test_no_cell_of_a_csv_runs_at_whatever_delimiter_it_is_cut(cells: list[str], language: str) -> None:
    text = as_csv(cells, language)

    for delimiter in (",", ";", "\t", "|"):
        for row in csv.reader(io.StringIO(text, newline=""), delimiter=delimiter):
            assert [cell for cell in row if RUNS.match(cell)] == []
    for row in csv.reader(io.StringIO(text, newline=""), delimiter=";" if language == "ru" else ","):
        assert [cell for cell in row if cell[:1] in ("\t", "\r", "\n", "|", "%")] == []


@given(st.text(st.characters(categories=["L", "N"]), min_size=1))
def test_an_honest_text_is_left_alone(text: str) -> None:
    assert disarmed(text) == text


@settings(max_examples=40, deadline=None)
@given(st.lists(TEXTS, min_size=1, max_size=6))
@example(["=1+1", "+7 916", "-5", "@x", "\t=1", "_x000D_", "x\x01y"])
def test_a_workbook_holds_texts_and_no_formulas(cells: list[str]) -> None:
    import tempfile

    out: Any = Bytes()
    with tempfile.TemporaryDirectory() as folder:
        sheet = Xlsx(out, STAMP, folder=Path(folder), words=("Leads", "About"))
        sheet.head(["x"] * len(cells))
        sheet.row(cells)
        sheet.close()
        assert list(Path(folder).iterdir()) == []

    rows = openpyxl.load_workbook(io.BytesIO(out.getvalue())).worksheets[0]
    read = [rows.cell(2, place) for place in range(1, len(cells) + 1)]
    assert {cell.data_type for cell, told in zip(read, cells, strict=True) if told} <= {"s"}
    for cell, told in zip(read, cells, strict=True):
        if told and told[0] in "=+-@":
            assert (cell.value is not None, cell.quotePrefix) == (True, True)


def test_the_alarm_rings_for_an_export_that_disarms_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sheets, "disarmed", lambda text: text)

    rows = csv.reader(io.StringIO(as_csv(["=1+1", "Zoe"], "en"), newline=""))

    assert [cell for row in rows for cell in row if RUNS.match(cell)] == ["=1+1"]


# Whose it is -----------------------------------------------------------------------------------------------------

NAMES = [f"Client {first} of the {last} street" for first in ("Anna", "Boris", "Clara") for last in ("north", "south")]


def test_marks_of_one_export_are_no_marks_of_another() -> None:
    keys = [f"{number:032x}" for number in range(200)]
    texts = [marked(name, keys[7]) for name in NAMES]
    spaces = spaces_in(texts)

    told = [key for key in keys if is_theirs(agreement(spaces, key), len(spaces), candidates=len(keys))]

    assert (told, len(spaces)) == ([keys[7]], 30)
    assert [text.replace("\u00a0", " ") for text in texts] == NAMES


def test_a_text_without_a_mark_accuses_nobody() -> None:
    keys = [f"{number:032x}" for number in range(500)]
    plain, lasting = spaces_in(NAMES), spaces_in(name.replace(" ", "\u00a0") for name in NAMES)

    accused = [
        key
        for key in keys
        for spaces in (plain, lasting, [])
        if is_theirs(agreement(spaces, key), len(spaces), candidates=500)
    ]

    assert accused == []


def told_of(path: Path) -> str:
    """What the command says of a file."""
    out = io.StringIO()
    call_command("whose_export", str(path), stdout=out)
    return out.getvalue()


@pytest.fixture
def files(db, browse, olga, sam) -> SimpleNamespace:
    """Two exports of the same clients, a workbook and a text."""
    for name in NAMES:
        make_lead(sam, name=name)
    book, text = ask(browse(olga), view="team", kind="xlsx"), ask(browse(olga), view="team")
    make_all(now=timezone.now())
    return SimpleNamespace(
        book=book, text=text, of_book=fetch(browse(olga), again(book)), of_text=fetch(browse(olga), again(text))
    )


def cells_of_book(content: bytes) -> list[list[str]]:
    """The rows of the first sheet as texts."""
    return [
        [str(cell or "") for cell in row] for row in openpyxl.load_workbook(io.BytesIO(content)).worksheets[0].values
    ]


def test_a_file_tells_whose_it_is_however_it_was_saved(files: SimpleNamespace, tmp_path: Path) -> None:
    rows = cells_of_book(files.of_book)
    random.Random(5).shuffle(rows)
    kept = [[row[1], row[7]] for row in rows]
    forms = {
        "as made.xlsx": files.of_book,
        "as made.csv": files.of_text,
        "saved.csv": "\n".join(";".join(row) for row in rows).encode(),
        "by excel in russia.csv": "\r\n".join(";".join(f'"{cell}"' for cell in row) for row in rows).encode(
            "cp1251", "replace"
        ),
        "two columns.csv": "\n".join(",".join(row) for row in kept).encode("utf-8-sig"),
    }
    again_book = openpyxl.Workbook()
    for row in kept:
        again_book.active.append(row)
    again_book.save(tmp_path / "copied.xlsx")

    told = {}
    for name, content in forms.items():
        (tmp_path / name).write_bytes(content)
        told[name] = told_of(tmp_path / name).split(":")[0]
    told["copied.xlsx"] = told_of(tmp_path / "copied.xlsx").split(":")[0]

    assert told == dict.fromkeys(told, f"Export {files.book.pk}") | {"as made.csv": f"Export {files.text.pk}"}
    assert "Olga Orlova (olga)" in told_of(tmp_path / "saved.csv")


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04 no book", b"name\nAnna\n", b"\x00\xff" * 50])
def test_what_tells_nothing_accuses_nobody(files: SimpleNamespace, tmp_path: Path, content: bytes) -> None:
    (tmp_path / "found").write_bytes(content)

    with pytest.raises(CommandError):
        told_of(tmp_path / "found")
