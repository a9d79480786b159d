"""A lead export is read as other systems write it."""

import codecs
import csv
import io
import re
import tracemalloc
from contextlib import suppress
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline_crm.exchange.headers import Field, field_of
from pipeline_crm.exchange.reading import LeadRow, Rejected, Row, Unreadable, read_leads
from tests.exchange.exports import PHONE, leads, read

AMOCRM = {
    "ID": "1001",
    "Название сделки": "Кухня угловая",
    "Бюджет ": "185 000",
    "Ответственный": "Ольга Белова",
    "Дата создания сделки": "01.11.2026 10:15",
    "Теги сделки": "",
    "Примечание": "Просит замер",
    "Этап сделки": "Первичный контакт",
    "Воронка": "Продажи",
    "Основной контакт": "Ирина Соколова",
    "Компания контакта": "",
    "Рабочий телефон (контакт)": "8 (916) 123-45-67",
    "Мобильный телефон (контакт)": "",
    "Рабочий email (контакт)": "Irina@Mail.Example",
    "utm_source": "yandex",
    "utm_campaign": "осень",
}
BITRIX = {
    "ID": "77",
    "Стадия": "Не обработан",
    "Название лида": "Заявка с сайта",
    "Имя": "Ирина",
    "Отчество": "Павловна",
    "Фамилия": "Соколова",
    "Населенный пункт": "Тверь",
    "Рабочий телефон": "",
    "Мобильный телефон": "89161234567",
    "Рабочий e-mail": "irina@mail.example",
    "Название компании": 'ООО "Ромашка"',
    "Комментарий": "Просит замер",
    "Сумма": "185000.50",
    "Валюта": "Российский рубль",
    "Источник": "Веб-сайт",
    "Ответственный": "Ольга Белова",
}
HUBSPOT = {
    "Record ID": "501",
    "First Name": "Irina",
    "Last Name": "Sokolova",
    "Email": "irina@mail.example",
    "Phone Number": "",
    "Mobile Phone Number": "'+7 916 123-45-67",
    "Company Name": "Chamomile, Ltd",
    "City": "Tver",
    "State/Region": "Tver Oblast",
    "Preferred language": "English",
    "Lead Status": "NEW",
    "Contact owner": "olga@firm.example",
    "Original Source": "Organic Search",
    "Notes": "Wants a kitchen\nbefore spring",
}
PLAIN = {
    "имя": "Ирина Соколова",
    "телефон": "916 123 45 67",
    "почта": "irina@mail.example",
    "город": "Тверь",
}


def written(row: dict[str, str], delimiter: str) -> str:
    out = io.StringIO(newline="")
    csv.writer(out, delimiter=delimiter).writerows([row.keys(), row.values()])
    return out.getvalue()


def test_an_export_of_amocrm_is_understood():
    reading = read(written(AMOCRM, ";"), "cp1251")

    assert [row.lead for row in reading] == [
        LeadRow(
            name="Ирина Соколова",
            phones=(PHONE,),
            emails=("irina@mail.example",),
            source="yandex",
            campaign="осень",
            amount=Decimal("185000.00"),
            comment="Кухня угловая\nПросит замер",
        )
    ]
    assert reading.ruled == ("Ответственный", "Этап сделки", "Воронка")
    assert reading.ignored == ("ID", "Дата создания сделки", "Теги сделки")


def test_an_export_of_bitrix24_is_understood():
    assert leads(written(BITRIX, ";"), "utf-8-sig") == [
        LeadRow(
            name="Ирина Павловна Соколова",
            company='ООО "Ромашка"',
            phones=(PHONE,),
            emails=("irina@mail.example",),
            source="Веб-сайт",
            city="Тверь",
            amount=Decimal("185000.50"),
            currency="RUB",
            comment="Заявка с сайта\nПросит замер",
        )
    ]


def test_an_export_of_hubspot_is_understood():
    assert leads(written(HUBSPOT, ",")) == [
        LeadRow(
            name="Irina Sokolova",
            company="Chamomile, Ltd",
            phones=(PHONE,),
            emails=("irina@mail.example",),
            source="Organic Search",
            region="Tver Oblast",
            city="Tver",
            language="en",
            comment="Wants a kitchen\nbefore spring",
        )
    ]


def test_a_plain_spreadsheet_is_understood():
    reading = read(written(PLAIN, "\t"), "utf-16")

    assert (reading.encoding, reading.delimiter) == ("utf-16", "\t")
    assert [row.lead for row in reading] == [
        LeadRow(name="Ирина Соколова", phones=(PHONE,), emails=("irina@mail.example",), city="Тверь")
    ]


@pytest.mark.parametrize("delimiter", [",", ";", "\t"], ids=["comma", "semicolon", "tab"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1251"])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"], ids=["lf", "crlf", "cr"])
@pytest.mark.parametrize("names", ["имя,телефон,почта", "Name,Phone,E-mail"])
def test_every_way_of_writing_is_found_out(delimiter, encoding, end, names):
    rows = [names.split(","), ["Соколова, Ирина; Тверь", "8 916 123-45-67", "i@mail.example"]]
    out = io.StringIO(newline="")
    csv.writer(out, delimiter=delimiter, lineterminator=end).writerows(rows)

    reading = read(out.getvalue(), encoding)

    assert (reading.encoding, reading.delimiter) == (encoding, delimiter)
    assert [(row.line, row.lead) for row in reading] == [
        (2, LeadRow(name="Соколова, Ирина; Тверь", phones=(PHONE,), emails=("i@mail.example",)))
    ]


@pytest.mark.parametrize(
    ("header", "field"),
    [
        ("Рабочий телефон (контакт)", Field.PHONE),
        ("МОБИЛЬНЫЙ ТЕЛЕФОН", Field.PHONE),
        ("Телефон 2", Field.PHONE),
        ("phone_number", Field.PHONE),
        ("Населённый пункт", Field.CITY),
        (" E-mail: ", Field.EMAIL),
        ("\ufeffEmail", Field.EMAIL),
        ("Original Source Drill-Down 1", Field.CAMPAIGN),
        ("UTM_SOURCE", Field.SOURCE),
        ("Ответственный", Field.RULED),
        ("owner", Field.RULED),
        ("Lifecycle Stage", Field.RULED),
        ("is_superuser", Field.RULED),
        ("Номер", None),
        ("", None),
        ("=cmd|' /C calc'!A0", None),
    ],
)
def test_a_column_is_known_by_its_name(header, field):
    assert field_of(header) == field


def test_a_file_cannot_choose_owner_stage_or_role():
    reading = read("name,phone,owner,stage,role,is_staff\nIrina,89161234567,boss,deal,admin,1\n")

    assert [row.lead for row in reading] == [LeadRow(name="Irina", phones=(PHONE,))]
    assert reading.ruled == ("owner", "stage", "role", "is_staff")


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"", "The file is empty."),
        (b" \r\n\r\n", "The file is empty."),
        (b"\xef\xbb\xbf", "The file is empty."),
        (
            b"PK\x03\x04\x14\x00rest",
            "This is an Excel workbook or an archive. Save it as CSV (UTF-8) and import that file.",
        ),
        (b"\xd0\xcf\x11\xe0rest", "This is an old Excel workbook. Save it as CSV (UTF-8) and import that file."),
        (b"%PDF-1.7", "This is a PDF. Export the leads as CSV and import that file."),
        (b"\x1f\x8b\x08rest", "This file is compressed. Unpack it and import the CSV inside."),
        (
            "имя;телефон\nИрина;89161234567".encode("utf-16-le"),
            "This file is in UTF-16 without its mark. Save it as CSV (UTF-8) and import that file.",
        ),
        (bytes(range(1, 32)) * 20, "This is not a text file. Export the leads as CSV and import that file."),
        (
            b"Irina;89161234567\nOlga;89261234567\n",
            "No line names the columns. The first line must say which column is the name, the phone, the e-mail.",
        ),
        (b"name;city\nIrina;Tver\n", "No column holds phones or e-mail addresses. The columns are: name, city."),
        (b"phone;" + b"x;" * 2000 + b"\n1\n", "The file has more than 1000 columns."),
    ],
    ids=lambda value: value[:24] if isinstance(value, str) else "",
)
def test_a_file_that_is_no_list_of_leads_is_refused_with_a_sentence(content, sentence):
    with pytest.raises(Unreadable, match=f"^{re.escape(sentence)}$"):
        read(content)


def test_a_header_without_rows_is_an_empty_list():
    assert leads("name;phone\n") == []


@pytest.mark.parametrize(("encoding", "told"), [("koi8-r", "koi8-r"), ("cp866", "CP866"), ("utf-8-sig", "UTF8")])
def test_an_encoding_can_be_told(encoding, told):
    (lead,) = leads("имя;phone\nИрина;89161234567\n", encoding, told=told)

    assert lead.name == "Ирина"


@pytest.mark.parametrize("encoding", ["klingon", "base64", "rot13", "idna"])
def test_an_unknown_encoding_is_refused(encoding):
    with pytest.raises(Unreadable, match="is not known"):
        read("phone\n89161234567\n", told=encoding)


def test_a_few_bad_bytes_do_not_make_cp1251_of_utf8():
    text = "имя;телефон\n" + "Ирина Соколова;89161234567\n" * 50
    content = text.encode() + b"\xff\xfe;89161234567\n" + "Ольг".encode()[:-1]

    reading = read(content)
    rows = list(reading)

    assert reading.encoding == "utf-8"
    assert [row.line for row in rows if isinstance(row, Rejected)] == [52, 53]


def test_cyrillic_far_down_the_file_still_decides_the_encoding():
    content = b"name;phone\n" + b"Irina;\n" * 20_000 + "Ирина;89261234567\n".encode("cp1251")

    reading = read(content)

    assert reading.encoding == "cp1251"
    assert [row.lead.name for row in reading if isinstance(row, Row)] == ["Ирина"]


def test_half_of_a_pair_in_utf16_spoils_only_its_row():
    text = "name;phone\nA\ud800;89161234567\nIrina;89261234567\n"
    content = codecs.BOM_UTF16_LE + text.encode("utf-16-le", "surrogatepass")

    assert [type(row) for row in read(content)] == [Rejected, Row]


def test_the_file_is_never_held_whole():
    content = io.BytesIO(b"phone;note\n" + (b"89161234567;" + b"x" * 2_000 + b"\n") * 2_000)
    tracemalloc.start()

    count = sum(1 for _ in read_leads(content, region="RU"))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()

    assert count == 2_000
    assert peak < 1_500_000


def test_the_stream_stays_with_its_owner():
    stream = io.BytesIO(b"phone\n89161234567\n")

    list(read_leads(stream, region="RU"))

    assert not stream.closed


@settings(max_examples=200)
@given(st.binary(max_size=400), st.sampled_from(["utf-8", "utf-8-sig", "utf-16", "cp1251"]))
def test_any_bytes_are_answered_calmly(content, encoding):
    with suppress(Unreadable):
        for row in read("имя;телефон\n".encode(encoding) + content):
            text = repr(row.lead) if isinstance(row, Row) else "".join(row.cells) + row.reason
            assert "\x00" not in text
            text.encode()
