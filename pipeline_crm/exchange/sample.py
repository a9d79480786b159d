"""A believable lead export to try the import with; the same seed makes the same file.

Every seventeenth row is spoilt on purpose, in turn by each `Flaw`. The phones are of ranges that
are kept for stories or given to nobody we know, the addresses end in ".example".
"""

import csv
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from enum import StrEnum
from io import TextIOWrapper
from random import Random
from typing import BinaryIO

from . import sample_words as stock

FLAW_EVERY = 17
STORY_PHONES = 100
WRITINGS = (
    "+7 {a} {b}-{c}-{d}",
    "8 ({a}) {b}-{c}-{d}",
    "8{a}{b}{c}{d}",
    "7{a}{b}{c}{d}",
    "8-{a}-{b}-{c}-{d}",
    "+7({a}){b}{c}{d}",
)


class Flaw(StrEnum):
    """What is wrong with a spoilt row."""

    NO_CONTACT = "no contact"
    BAD_PHONE = "bad phone"
    TWICE = "the same client twice"
    BAD_EMAIL = "bad address"
    TOO_LONG = "overlong name"


@dataclass(frozen=True, slots=True)
class Story:
    """One enquiry as the other system would tell it."""

    number: int
    first: str
    middle: str
    last: str
    company: str
    phone: str
    email: str
    city: str
    region: str
    source: str
    campaign: str
    product: str
    amount: str
    comment: str
    language: str
    owner: str

    @property
    def name(self) -> str:
        return f"{self.first} {self.last}".strip()


Column = tuple[str, Callable[[Story], str]]


@dataclass(frozen=True, slots=True)
class Dialect:
    """How one system writes its export."""

    delimiter: str
    encoding: str
    columns: tuple[Column, ...]


DIALECTS: dict[str, Dialect] = {
    "amocrm": Dialect(
        ";",
        "cp1251",
        (
            ("ID", lambda s: str(20_000_000 + s.number)),
            ("Название сделки", lambda s: f"{s.product}, {s.last or s.company}"),
            ("Бюджет ", lambda s: s.amount),
            ("Ответственный", lambda s: s.owner),
            ("Этап сделки", lambda s: "Первичный контакт"),
            ("Воронка", lambda s: "Продажи"),
            ("Примечание", lambda s: s.comment),
            ("Основной контакт", lambda s: s.name),
            ("Компания контакта", lambda s: s.company),
            ("Рабочий телефон (контакт)", lambda s: s.phone if s.company else ""),
            ("Мобильный телефон (контакт)", lambda s: "" if s.company else s.phone),
            ("Рабочий email (контакт)", lambda s: s.email),
            ("Город", lambda s: s.city),
            ("Интерес", lambda s: s.product),
            ("utm_source", lambda s: s.source),
            ("utm_campaign", lambda s: s.campaign),
        ),
    ),
    "bitrix24": Dialect(
        ";",
        "utf-8-sig",
        (
            ("ID", lambda s: str(s.number)),
            ("Стадия", lambda s: "Не обработан"),
            ("Название лида", lambda s: f"Заявка: {s.product}"),
            ("Имя", lambda s: s.first),
            ("Отчество", lambda s: s.middle),
            ("Фамилия", lambda s: s.last),
            ("Населенный пункт", lambda s: s.city),
            ("Регион", lambda s: s.region),
            ("Рабочий телефон", lambda s: s.phone if s.company else ""),
            ("Мобильный телефон", lambda s: "" if s.company else s.phone),
            ("Рабочий e-mail", lambda s: s.email),
            ("Название компании", lambda s: s.company),
            ("Товар", lambda s: s.product),
            ("Комментарий", lambda s: s.comment),
            ("Сумма", lambda s: s.amount),
            ("Источник", lambda s: s.source),
            ("UTM Campaign", lambda s: s.campaign),
            ("Ответственный", lambda s: s.owner),
        ),
    ),
    "hubspot": Dialect(
        ",",
        "utf-8",
        (
            ("Record ID", lambda s: str(500_000 + s.number)),
            ("First Name", lambda s: s.first),
            ("Last Name", lambda s: s.last),
            ("Email", lambda s: s.email),
            ("Phone Number", lambda s: s.phone if s.company else ""),
            ("Mobile Phone Number", lambda s: "" if s.company else s.phone),
            ("Company Name", lambda s: s.company),
            ("City", lambda s: s.city),
            ("State/Region", lambda s: s.region),
            ("Preferred language", lambda s: s.language),
            ("Product of interest", lambda s: s.product),
            ("Lead Status", lambda s: "NEW"),
            ("Contact owner", lambda s: s.owner),
            ("Original Source", lambda s: s.source),
            ("Original Source Drill-Down 1", lambda s: s.campaign),
            ("Amount", lambda s: s.amount),
            ("Notes", lambda s: s.comment),
        ),
    ),
    "plain": Dialect(
        "\t",
        "utf-8",
        (
            ("Имя", lambda s: s.name),
            ("Телефон", lambda s: s.phone),
            ("Почта", lambda s: s.email),
            ("Компания", lambda s: s.company),
            ("Город", lambda s: s.city),
            ("Откуда узнали", lambda s: s.source),
            ("Что интересует", lambda s: s.product),
            ("Бюджет", lambda s: s.amount),
            ("Комментарий", lambda s: s.comment),
        ),
    ),
}


def write_sample(
    stream: BinaryIO,
    *,
    rows: int = 500,
    dialect: str = "amocrm",
    encoding: str | None = None,
    delimiter: str | None = None,
    seed: int = 2026,
) -> None:
    """Writes the export of some system into the stream, which stays open."""
    chosen = DIALECTS[dialect]
    text = TextIOWrapper(stream, encoding or chosen.encoding, errors="replace", newline="")
    writer = csv.writer(text, delimiter=delimiter or chosen.delimiter, lineterminator="\r\n")
    writer.writerow([name for name, _tell in chosen.columns])
    for story in stories(rows, seed=seed):
        writer.writerow([tell(story) for _name, tell in chosen.columns])
    text.flush()
    text.detach()


def stories(rows: int, *, seed: int = 2026) -> Iterator[Story]:
    """The enquiries, one after the other."""
    earlier: list[Story] = []
    for number in range(1, rows + 1):
        told = _told(number, seed, Random(f"{seed}:{number}"))  # noqa: S311
        flaw = flaw_of(number)
        yield _spoilt(told, flaw, earlier) if flaw else told
        earlier = [*earlier[-3:], told] if flaw is None else earlier


def flaw_of(number: int) -> Flaw | None:
    """What is wrong with the row of this number, counted from 1."""
    turn, rest = divmod(number, FLAW_EVERY)
    return list(Flaw)[(turn - 1) % len(Flaw)] if rest == 0 else None


def count_flaws(rows: int) -> int:
    """How many rows of a sample no import can accept."""
    return rows // FLAW_EVERY


def _told(number: int, seed: int, chance: Random) -> Story:
    is_english = chance.random() < 0.25
    first, middle, last = _english_name(chance) if is_english else _russian_name(chance)
    product, low, high = chance.choice(stock.PRODUCTS)
    city, region = chance.choice(stock.CITIES)
    mail_name = f"{stock.latin(first)[:1]}.{stock.latin(last)}".lower()
    return Story(
        number=number,
        first=first,
        middle=middle,
        last=last,
        company=chance.choice(stock.COMPANIES) if chance.random() < 0.15 else "",
        phone=_phone(number, seed, chance, is_english=is_english),
        email=f"{mail_name}{number}@{chance.choice(stock.MAIL)}" if chance.random() < 0.6 else "",
        city=city,
        region=region,
        source=chance.choice(stock.SOURCES),
        campaign=chance.choice(stock.CAMPAIGNS),
        product=product,
        amount=_amount(chance, low, high) if chance.random() < 0.7 else "",
        comment=chance.choice(stock.COMMENTS),
        language="English" if is_english else "Russian",
        owner=chance.choice(stock.OWNERS),
    )


def _spoilt(told: Story, flaw: Flaw, earlier: list[Story]) -> Story:
    match flaw:
        case Flaw.NO_CONTACT:
            return replace(told, phone="", email="")
        case Flaw.BAD_PHONE:
            return replace(told, phone=told.phone[:-4], email="")
        case Flaw.BAD_EMAIL:
            return replace(told, phone="", email=f"{stock.latin(told.last).lower()}@mail")
        case Flaw.TOO_LONG:
            return replace(told, first=told.first * 40)
        case Flaw.TWICE:
            again = earlier[-3]
            return replace(told, first=again.first, last=again.last, phone=f"({again.phone})", email="")


def _russian_name(chance: Random) -> tuple[str, str, str]:
    first, middle, is_woman = chance.choice(stock.RUSSIAN_NAMES)
    last = chance.choice(stock.RUSSIAN_SURNAMES)
    return first, middle, f"{last}а" if is_woman else last


def _english_name(chance: Random) -> tuple[str, str, str]:
    return chance.choice(stock.ENGLISH_NAMES), "", chance.choice(stock.ENGLISH_SURNAMES)


def _phone(number: int, seed: int, chance: Random, *, is_english: bool) -> str:
    if is_english and number < STORY_PHONES * len(stock.AREAS):
        area = stock.AREAS[(number // STORY_PHONES + seed) % len(stock.AREAS)]
        return f"+1 {area}-555-{100 + number % STORY_PHONES:04d}"
    digits = f"{(number * 7_919 + seed * 104_729) % 10_000_000:07d}"
    return chance.choice(WRITINGS).format(a="900", b=digits[:3], c=digits[3:5], d=digits[5:])


def _amount(chance: Random, low: int, high: int) -> str:
    amount = chance.randrange(low, high, 500)
    spaced = f"{amount:,}".replace(",", " ")
    return chance.choice([str(amount), spaced, f"{spaced} руб.", f"{spaced},00", f"{amount:,}.00"])
