"""One client has one number, in whatever way people write it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline_crm.clients.contacts import (
    find_emails,
    find_phones,
    hide_phone,
    mask_email,
    mask_phone,
    normalise_email,
    normalise_phone,
    show_phone,
)


@pytest.mark.parametrize(
    "written",
    [
        "+79161234567",
        "8 (916) 123-45-67",
        "8(916)1234567",
        "8-916-123-45-67",
        "7 916 123 45 67",
        "79161234567",
        "9161234567",
        "916 123-45-67",
        "+7 (916) 123–45–67",
        "тел.: +7 916 123 45 67",
        "моб. 8 916 123 45 67",
        "8 916 123 45 67 доб. 12",
        "8 916 123 45 67 (вн. 12)",
        "8 916 123 45 67 ext. 12",
        "+7 916 123 45 67 #12",
        "'+79161234567",
        "79161234567.0",
        "79161234567,00",
        "\u202a+7 916 123-45-67\u202c",
        "\ufeff89161234567\u200b",
        "８９１６１２３４５６７",
        "+7\u00a0916\u00a0123\u00a045\u00a067",
    ],
)
def test_a_russian_number_is_the_same_in_every_writing(written):
    assert normalise_phone(written, "RU") == "+79161234567"


@pytest.mark.parametrize(
    ("written", "region", "number"),
    [
        ("+44 7700 900123", "RU", "+447700900123"),
        ("447911123456", "RU", "+447911123456"),
        ("+1 555 123 4567", "RU", "+15551234567"),
        ("(202) 555-0123", "US", "+12025550123"),
        ("0151 23456789", "DE", "+4915123456789"),
        ("79161234567", "FR", "+79161234567"),
        ("79161234567", None, "+79161234567"),
        ("+7 701 123 45 67", "RU", "+77011234567"),
    ],
)
def test_foreign_numbers_keep_their_country(written, region, number):
    assert normalise_phone(written, region) == number


@pytest.mark.parametrize(
    "written",
    [
        "",
        " ",
        "нет",
        "-",
        "123",
        "+7 916 123",
        "0000000000",
        "+0000000000",
        "1234567890",
        "8 (916) 123-45-6",
        "7,91612E+10",
        "7.91612e10",
        "12.05.2026",
        "\x00",
        "\ud800",
        "9" * 300,
        "ivan@mail.example",
        "{{7*7}}",
        "=1+1",
    ],
)
def test_what_is_no_number_is_none(written):
    assert normalise_phone(written, "RU") is None
    assert find_phones(written, "RU") == []


@pytest.mark.parametrize(
    ("cell", "phones"),
    [
        ("8 916 123-45-67; 8 926 123-45-67", ["+79161234567", "+79261234567"]),
        ("8 916 123-45-67, 8 926 123-45-67", ["+79161234567", "+79261234567"]),
        ("8 916 123-45-67 / +44 7700 900123", ["+79161234567", "+447700900123"]),
        ("8 916 123-45-67\n8 926 123-45-67", ["+79161234567", "+79261234567"]),
        ("89161234567 89261234567", ["+79161234567", "+79261234567"]),
        ("8 916 123-45-67 или 8 926 123-45-67", ["+79161234567", "+79261234567"]),
        ("8 916 123-45-67, она же +79161234567", ["+79161234567"]),
        ("8,916,123,45,67", ["+79161234567"]),
        ("Анна 8 916 123-45-67, после 18:00", ["+79161234567"]),
        ("8 916 123-45-67 доб. 12, 13", ["+79161234567"]),
    ],
)
def test_several_numbers_in_one_cell_are_found(cell, phones):
    assert find_phones(cell, "RU") == phones


@pytest.mark.parametrize(
    ("written", "email"),
    [
        ("Ivan@Mail.Example", "ivan@mail.example"),
        ("  ivan@mail.example\n", "ivan@mail.example"),
        ("ivan.petrov+crm@mail.example", "ivan.petrov+crm@mail.example"),
        ("o'hara@mail.example", "o'hara@mail.example"),
        ("info@пример.рф", "info@xn--e1afmkfd.xn--p1ai"),
        ("info@bu\u0308cher.example", "info@xn--bcher-kva.example"),
        ("\ufeffivan@mail.example", "ivan@mail.example"),
    ],
)
def test_an_address_has_one_written_form(written, email):
    assert normalise_email(written) == email


@pytest.mark.parametrize(
    "written",
    [
        "",
        "ivan",
        "@mail.example",
        "ivan@",
        "ivan@localhost",
        "ivan@mail..example",
        ".ivan@mail.example",
        "ivan@@mail.example",
        "ivan@mail.example@mail.example",
        "ivan petrov@mail.example",
        "ivan@mail.example\r\nBcc: all@mail.example",
        "ivan\x00@mail.example",
        "ivan@mail\u200b.example",
        "ivan\u202e@mail.example",
        "\ud800@mail.example",
        "ivan@mail.\ud800",
        "сергей@mail.example",
        "ivan@-mail.example",
        "ivan@127.0.0.1",
        "a" * 65 + "@mail.example",
        "a@" + "b" * 64 + ".example",
        "a@" + "b." * 130 + "example",
    ],
)
def test_what_is_no_address_is_none(written):
    assert normalise_email(written) is None


def test_several_addresses_in_one_cell_are_found():
    cell = "Ivan Petrov <Ivan@mail.example>; mailto:anna@mail.example, ivan@mail.example."

    assert find_emails(cell) == ["ivan@mail.example", "anna@mail.example"]


@given(st.text(max_size=300))
def test_any_text_is_answered_calmly(text):
    for phone in [normalise_phone(text, "RU"), *find_phones(text, "RU")]:
        assert phone is None or normalise_phone(phone, None) == phone
    for email in [normalise_email(text), *find_emails(text)]:
        assert email is None or normalise_email(email) == email


@given(st.from_regex(r"\+7 ?\(?9[0-9]{2}\)? ?[0-9]{3}-[0-9]{2}-[0-9]{2}", fullmatch=True))
def test_a_number_shown_can_be_typed_in_again(written):
    number = normalise_phone(written, "RU")

    assert number == "+" + "".join(sign for sign in written if sign.isdigit())
    assert normalise_phone(show_phone(number, "RU"), "RU") == number
    assert normalise_phone(show_phone(number, "US"), "US") == number


@pytest.mark.parametrize(
    ("number", "region", "shown"),
    [
        ("+79161234508", "RU", "8 (916) 123-45-08"),
        ("+79161234508", "US", "+7 916 123-45-08"),
        ("+77011234567", "RU", "+7 701 123 4567"),
        ("+12025550123", "US", "(202) 555-0123"),
        ("+73330000000", "RU", "+7 333 000-00-00"),
        ("old junk", "RU", "old junk"),
    ],
)
def test_a_number_is_shown_as_people_write_it(number, region, shown):
    assert show_phone(number, region) == shown


@pytest.mark.parametrize(
    ("number", "masked", "hidden"),
    [
        ("+79161234508", "+7 916 •••-••-08", "+7 ••• •••-••-••"),
        ("+12025550123", "+1 202-•••-••23", "+1 •••-•••-••••"),
        ("+447911123456", "+44 •••• ••••56", "+44 •••• ••••••"),
        ("+4791234567", "+47 •• •• •• 67", "+47 •• •• •• ••"),
        ("+29022158", "+290 •••••", "+290 •••••"),
        ("junk", "••••••", "••••••"),
    ],
)
def test_a_masked_number_keeps_its_shape(number, masked, hidden):
    assert mask_phone(number) == masked
    assert hide_phone(number) == hidden


def test_a_masked_address_keeps_its_first_letter_and_domain():
    assert mask_email("sergey@mail.example") == "s••••••@mail.example"
    assert mask_email("s@mail.example") == "s••••••@mail.example"
    assert mask_email("junk") == "••••••"
