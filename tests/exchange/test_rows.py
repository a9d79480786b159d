"""Each row of an export is answered: the lead in our words, or the reason why it is none."""

import csv
import io
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline_crm.exchange.reading import LeadRow, Rejected, Row
from tests.exchange.exports import PHONE, SECOND_PHONE, leads, read


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
        ("Irina;89161234567;;one;more", "There are more cells (5) than columns with names (3)."),
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


signs = st.characters(exclude_categories=["Cs", "Cc"]) | st.sampled_from('\n\r\t";,')


@settings(max_examples=100)
@given(st.lists(st.text(signs, max_size=40), min_size=1, max_size=6))
def test_whatever_stands_in_the_cells_each_row_is_answered_once(cells):
    out = io.StringIO(newline="")
    writer = csv.writer(out)
    writer.writerow(["phone", "name", "note"])
    writer.writerows(["89161234567", f"x{cell}", cell] for cell in cells)

    rows = list(read(out.getvalue()))

    assert len(rows) == len(cells)
    assert all(isinstance(row, Row) for row in rows)
