"""A lead export is read as other systems write it, and every row is answered."""

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
from pipeline_crm.exchange.reading import LeadRow, Reading, Rejected, Row, Unreadable, read_leads

PHONE, SECOND_PHONE = "+79161234567", "+79261234567"


def read(text: str | bytes, encoding: str = "utf-8", *, told: str | None = None) -> Reading:
    content = text if isinstance(text, bytes) else text.encode(encoding)
    return read_leads(io.BytesIO(content), region="RU", encoding=told)


def leads(text: str | bytes, encoding: str = "utf-8", *, told: str | None = None) -> list[LeadRow]:
    rows = list(read(text, encoding, told=told))
    assert [row for row in rows if isinstance(row, Rejected)] == []
    return [row.lead for row in rows if isinstance(row, Row)]


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
    ("cell", "amount", "currency"),
    [
        ("1 200 000,50 ₽", "1200000.50", "RUB"),
        ("1\u00a0200\u202f000,50 руб.", "1200000.50", "RUB"),
        ("1,200,000.50", "1200000.50", ""),
        ("1.200.000,50 €", "1200000.50", "EUR"),
        ("$1,200", "1200.00", "USD"),
        ("1.200", "1200.00", ""),
        ("0.500", "0.50", ""),
        ("1,5", "1.50", ""),
        ("1'200.00", "1200.00", ""),
        ("185000|RUB", "185000.00", "RUB"),
        ("0", "0.00", ""),
        ("+5", "5.00", ""),
    ],
)
def test_a_sum_is_read_in_any_writing(cell, amount, currency):
    (lead,) = leads(f"phone;amount\n89161234567;{cell}\n")

    assert (lead.amount, lead.currency, lead.unread) == (Decimal(amount), currency, ())


@pytest.mark.parametrize("cell", ["-5", "5 млн", "много", "NaN", "1e999", "1,2,3", "1.2.3,4", "9" * 13, "5 $ ₽", "1/2"])
def test_a_sum_that_is_none_is_kept_as_it_was(cell):
    (lead,) = leads(f"phone;amount\n89161234567;{cell}\n")

    assert (lead.amount, lead.unread) == (None, (cell,))


def test_the_currency_may_stand_in_its_own_column():
    (lead,) = leads("phone,amount,currency\n89161234567,5,USD\n")

    assert (lead.amount, lead.currency) == (5, "USD")


def test_all_contacts_of_a_row_are_kept_once():
    header = "phone,mobile,email,other email\n"
    (lead,) = leads(header + "89161234567;89261234567,+79161234567,a@m.example,A@M.example b@m.example\n")

    assert (lead.phones, lead.emails) == ((PHONE, SECOND_PHONE), ("a@m.example", "b@m.example"))


def test_contacts_in_the_wrong_column_are_found():
    (lead,) = leads("phone,email\n79261234567@mail.example,8 916 123-45-67\n")

    assert (lead.phones, lead.emails) == ((PHONE,), ("79261234567@mail.example",))


def test_a_bad_phone_beside_a_good_address_is_kept_as_it_was():
    (lead,) = leads("phone,email\n12-34,a@mail.example\n")

    assert (lead.phones, lead.unread) == ((), ("12-34",))


@pytest.mark.parametrize(
    ("row", "name"),
    [
        ("Irina,Sokolova,,Kitchen,", "Irina Sokolova"),
        (",,Chamomile,Kitchen,", "Chamomile"),
        (",,,Kitchen,", "Kitchen"),
        (",,,Call from 8 916 123-45-67,", ""),
        ("89161234567,,,,", ""),
        ("\u202eIrina\u202c\u200b,Soko\u0000lova,,,", "Irina Sokolova"),
        ("  Irina  , \u00a0Sokolova,,,", "Irina Sokolova"),
        ("Bu\u0308rger,,,,", "B\u00fcrger"),
    ],
)
def test_a_lead_has_a_name_that_is_no_phone(row, name):
    (lead,) = leads(f"first name,last name,company,title,note,phone\n{row},89161234567\n")

    assert lead.name == name


def test_the_first_filled_of_two_equal_columns_counts():
    rows = leads("phone,city,city\n89161234567,,Tver\n89261234567,Omsk,Tver\n")

    assert [lead.city for lead in rows] == ["Tver", "Omsk"]


def test_lines_are_counted_as_an_editor_counts_them():
    text = 'sep=;\n\nphone;note\n"89161234567";"one\ntwo\r\nthree"\n\n89261234567;four\nno;five\n'

    rows = list(read(text))

    assert [(type(row), row.line) for row in rows] == [(Row, 4), (Row, 8), (Rejected, 9)]
    assert rows[0].lead.comment == "one\ntwo\nthree"


def test_words_above_the_header_are_passed_over():
    assert len(leads("Leads of November\n\nname;phone\nIrina;89161234567\n")) == 1


def test_empty_rows_are_no_rows():
    assert len(list(read("name;phone\n;\n;;;\nIrina;89161234567\n ; \n"))) == 1


def test_a_short_row_has_its_last_cells_empty():
    assert leads("phone;name;city\n89161234567\n") == [LeadRow(name="", phones=(PHONE,))]


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        ("Irina;;", "There is neither a phone nor an e-mail address."),
        ("Irina;12-34;", "No phone or e-mail address could be read in “12-34”."),
        ("Irina;;irina@", "No phone or e-mail address could be read in “irina@”."),
        ("Irina;89161234567;;one;more", "There are 5 cells, but only 3 columns have names."),
        ("I" * 121 + ";89161234567;", "The name is longer than 120 characters."),
        ("I" * 140_000 + ";89161234567;", "The row is too long."),
        ('"Irina;89161234567;', "A quote is opened and not closed."),
        ("Irina\udcff;89161234567;", "Some letters could not be read. Check the encoding of the file."),
    ],
    ids=["no contact", "bad phone", "bad address", "too many cells", "long name", "long row", "quote", "bytes"],
)
def test_a_row_that_is_no_lead_says_why_and_harms_no_other(row, reason):
    good = "Ирина Соколова;89261234567;\n"
    content = f"name;phone;email\n{good}{row}\n{good}".encode("utf-8", "surrogateescape")

    rows = list(read(content))

    assert [(row.line, row.reason) for row in rows if isinstance(row, Rejected)] == [(3, reason)]
    assert [row.line for row in rows if isinstance(row, Row)] == [2, 4]


def test_an_open_quote_swallows_no_good_row():
    good = "Irina;89161234567;\n" * 300

    rows = list(read(f'name;phone;email\n"Olga;89261234567;\n{good}"Petr;89261234567;\n{good}'))

    assert [row.line for row in rows if isinstance(row, Rejected)] == [2, 303]
    assert len(rows) == 602


@pytest.mark.parametrize("name", ['"ООО "Ромашка""', '"say \\"hi\\""', 'disk 5"'])
def test_stray_quotes_in_a_name_are_forgiven(name):
    assert len(leads(f"name;phone\n{name};89161234567\n")) == 1


def test_what_looks_like_a_formula_is_only_text():
    (lead,) = leads("name;phone\n=HYPERLINK(1);89161234567\n")

    assert lead.name == "=HYPERLINK(1)"


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
    content = b"name;phone\n" + b"Irina;89161234567\n" * 10_000 + "Ирина;89261234567\n".encode("cp1251")

    reading = read(content)

    assert [row.lead.name for row in reading][-1] == "Ирина"
    assert reading.encoding == "cp1251"


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


signs = st.characters(exclude_categories=["Cs", "Cc"]) | st.sampled_from('\n\r\t";,')


@settings(max_examples=100, deadline=None)
@given(st.lists(st.text(signs, max_size=40), min_size=1, max_size=6))
def test_whatever_stands_in_the_cells_each_row_is_answered_once(cells):
    out = io.StringIO(newline="")
    writer = csv.writer(out)
    writer.writerow(["phone", "name", "note"])
    writer.writerows(["89161234567", f"x{cell}", cell] for cell in cells)

    rows = list(read(out.getvalue()))

    assert len(rows) == len(cells)
    assert all(isinstance(row, Row) for row in rows)


@settings(max_examples=200, deadline=None)
@given(st.binary(max_size=400), st.sampled_from(["utf-8", "utf-8-sig", "utf-16", "cp1251"]))
def test_any_bytes_are_answered_calmly(content, encoding):
    with suppress(Unreadable):
        for row in read("имя;телефон\n".encode(encoding) + content):
            text = repr(row.lead) if isinstance(row, Row) else "".join(row.cells) + row.reason
            assert "\x00" not in text
            text.encode()
