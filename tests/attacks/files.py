"""Files that mean no good, made when they are needed: each with its name, its content and what must come of it."""

from __future__ import annotations

import gzip
import io
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass

HEAD = "name,phone\n"
GOOD = "Zoe,+7 916 000-11-22\n"
XXE = (
    '<?xml version="1.0"?><!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]><workbook><sheet>&e;</sheet></workbook>'
)
LAUGHS = '<?xml version="1.0"?><!DOCTYPE l [<!ENTITY a "ha">' + "".join(f'<!ENTITY a{n} "&a{n - 1 or ""};&a{n - 1 or ""};">' for n in range(1, 30)) + "]><l>&a29;</l>"  # fmt: skip


@dataclass(frozen=True)
class File:
    """`leads` is how many leads come of it; None when the whole file is refused with a sentence."""

    name: str
    content: bytes
    leads: int | None


def book(**parts: str) -> bytes:
    """A workbook with these parts, however large they would be unpacked."""
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as packed:
        packed.writestr("[Content_Types].xml", "<Types/>")
        for name, text in parts.items():
            packed.writestr(f"xl/{name}.xml", text)
    return made.getvalue()


def every_file() -> Iterator[File]:
    """The corpus."""
    yield from _no_tables()
    yield from _written_oddly()
    yield from _with_odd_cells()
    yield from _with_stolen_columns()


def _no_tables() -> Iterator[File]:
    yield File("nothing", b"", None)
    yield File("spaces", b"   \n\n  ", None)
    yield File("a workbook that unpacks to a gigabyte", book(sheet="0" * (64 << 20)), None)
    yield File("a workbook that asks for a file", book(workbook=XXE), None)
    yield File("a workbook of a billion laughs", book(sharedStrings=LAUGHS), None)
    yield File("a workbook with a macro, renamed", book(vbaProject="Sub Auto_Open()"), None)
    yield File("a workbook cut short", book(sheet="x")[:60], None)
    yield File("a packed table", gzip.compress((HEAD + GOOD).encode()), None)
    yield File("an old workbook", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 512, None)
    yield File("a picture", b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 4, None)
    yield File("a program", b"\x7fELF" + b"\0\1\2\3" * 200, None)
    yield File("a page", b"<html><script>HIT(1)</script></html>", None)
    yield File("XML that asks for a file", XXE.encode(), None)
    yield File("a billion laughs", LAUGHS.encode(), None)
    yield File("JSON", b'[{"phone": "+79160001122"}]' + b"[" * 10_000, None)
    yield File("a head without contacts", b"name,owner\nZoe,1\n", None)
    yield File("ten thousand columns", ",".join(f"c{n}" for n in range(10_000)).encode() + b",phone\n", None)


def _written_oddly() -> Iterator[File]:
    text = HEAD + GOOD
    for encoding in ("utf-8-sig", "utf-16", "cp1251"):
        yield File(f"in {encoding}", text.encode(encoding), 1)
    yield File("mixed line ends", b"name,phone\r\nZoe,+7 916 000-11-22\rYan,+7 916 000-11-23\nZed,+7 916 000-11-24", 3)
    yield File("a head twice", b"name,name,phone,phone\nZoe,Yan,+7 916 000-11-22,+7 916 000-11-22\n", 1)
    yield File("a quote that never ends", (HEAD + GOOD + '"Zed,+7 916 000-11-24\n' + "x" * 100_000).encode(), 1)
    yield File("quotes upon quotes", (HEAD + GOOD + '"' * 99_999 + ",1\n").encode(), 1)
    yield File("a line of ten million letters", (HEAD + GOOD).encode() + b"x" * 10_000_000 + b",1\n", 1)
    yield File("a NUL", (HEAD + GOOD).encode() + b"Z\0d,+7 916 000-11-24\n", 2)
    yield File(
        "broken letters",
        (HEAD + GOOD).encode() + b"\xed\xa0\x80,+7 916 000-11-24\n" + "Ёжик,+7 916 000-11-25\n".encode(),
        3,
    )
    yield File("too many cells", (HEAD + GOOD + "Zed,+7 916 000-11-24" + ",1" * 5_000 + "\n").encode(), 1)


def _with_odd_cells() -> Iterator[File]:
    cells = (
        "=1+1",
        "+1+1",
        "-2+3",
        "@SUM(1)",
        "\t=1+1",
        "\r=1+1",
        "＝1+1",
        " =1+1",
        "=cmd|' /C calc'!A0",
        '=HYPERLINK("http://evil.example")',
    )
    rows = "".join(f'"{cell.replace(chr(34), chr(34) * 2)}",+7 916 000-12-{n:02}\n' for n, cell in enumerate(cells))
    yield File("formulas for names", (HEAD + rows).encode(), len(cells))
    yield File("a formula for a head", ("=1+1,phone\n" + GOOD).encode(), 1)
    dates = ("1900-02-29", "1904-01-01", "0001-01-01", "9999-12-31")
    rows = "".join(f"{date},+7 916 000-13-{n:02}\n" for n, date in enumerate(dates))
    yield File("dates for names", (HEAD + rows).encode(), len(dates))
    phones = (
        "tel:+79160001401;ext=1",
        "+7 (916) 000-14-02",
        "8 916 000 14 03",
        "٠١٢٣٤٥٦٧٨٩",
        "9" * 400,
        "+0",
        "NaN",
        "1e10",
    )
    yield File("odd phones", (HEAD + "".join(f"Zoe {n},{phone}\n" for n, phone in enumerate(phones))).encode(), 3)
    amounts = ("1e999", "NaN", "-1", "9" * 60, "1 000,50", "0x10")
    rows = "".join(f'Zoe,+7 916 000-15-{n:02},"{amount}"\n' for n, amount in enumerate(amounts))
    yield File("odd sums", ("name,phone,amount\n" + rows).encode(), len(amounts))


def _with_stolen_columns() -> Iterator[File]:
    titles = "name,phone,owner,seat_id,stage,state,tier_id,pipeline_id,role,is_staff,id,version,created_at,client_id"
    yield File("columns that nobody may fill", f"{titles}\nZoe,+7 916 000-11-22,1,1,account,won,3,2,lead,1,1,9,2020-01-01,1\n".encode(), 1)  # fmt: skip
