"""One cell into a value: words, sums of money, languages."""

import re
import unicodedata
from decimal import Decimal

MOST_MONEY = Decimal(10) ** 12

_CURRENCIES = {
    "RUB": r"₽|rub|rur|(?:росс\w* )?руб(?:лей|ля|ль)?\.?|р\.?|russian ruble",
    "USD": r"\$|usd|долл(?:ар(?:ов|а)?)?\.?(?: сша)?|us dollar",
    "EUR": r"€|euro?|евро",
    "GBP": r"£|gbp",
    "KZT": r"₸|kzt|тенге|тг\.?",
    "BYN": r"byn",
    "UAH": r"₴|uah|грн\.?",
}
_MONEY = re.compile(r"^(?P<before>[^\d+-]*)\+?(?P<number>\d[\d\s.,'’]*)(?P<after>\D*)$")
_GROUPED = re.compile(r"^(?:\d+|\d{1,3}(?:,\d{3})+|\d{1,3}(?:\.\d{3})+)$")
_LANGUAGES = {
    "ru": {"ru", "rus", "ru-ru", "русский", "рус", "russian", "рус."},
    "en": {"en", "eng", "en-us", "en-gb", "английский", "англ", "english", "англ."},
}
_FORMULA_SIGNS = ("=", "+", "-", "@", "|", "%", "＝", "＋", "－", "＠")
_KEPT_CONTROLS = "\n\t"


def words(cell: str, *, lines: bool = False) -> str:
    """The text without invisible signs and with single spaces; `lines` keeps its line ends."""
    text = unicodedata.normalize("NFC", cell.replace("\r\n", "\n").replace("\r", "\n"))
    if not text.isprintable():
        text = "".join(sign for sign in text if sign in _KEPT_CONTROLS or not _is_invisible(sign))
    if lines:
        return "\n".join(" ".join(line.split()) for line in text.split("\n")).strip()
    return " ".join(text.split())


def money(cell: str) -> tuple[Decimal, str] | None:
    """The sum and its currency ("" when not written): "1 200 000,50 ₽", "1,200.50", "900|RUB"."""
    match = _MONEY.match(words(cell).replace("|", " "))
    if not match:
        return None
    marks = [mark for side in ("before", "after") if (mark := match[side].strip())]
    codes = {currency_of(mark) for mark in marks}
    if "" in codes or len(codes) > 1:
        return None
    number = _number(match["number"])
    return (number, codes.pop() if codes else "") if number is not None else None


def currency_of(mark: str) -> str:
    """The ISO code of a currency written in any usual way, "" when it is none."""
    mark = words(mark).casefold()
    return next((code for code, known in _CURRENCIES.items() if re.fullmatch(known, mark)), "")


def language(cell: str) -> str:
    """The code of a language of the house, "" for others."""
    word = words(cell).casefold()
    return next((code for code, known in _LANGUAGES.items() if word in known), "")


def harmless(text: str) -> str:
    """The text as a cell that no spreadsheet takes for a formula."""
    first = words(text).lstrip(" \"'")
    return f"'{text}" if first.startswith(_FORMULA_SIGNS) or text[:1] in {"\t", "\r", "\n"} else text


def _number(written: str) -> Decimal | None:
    """Digits with either mark for thousands or cents, in the Russian, English or German way."""
    digits = re.sub(r"[\s'’]", "", written).rstrip(".,")
    whole, mark, part = _split_at_last_mark(digits)
    is_alone = not re.search(r"[.,]", whole)
    if mark and (mark in whole or (is_alone and len(part) == 3 and whole.strip("0"))):
        whole, part = digits, "0"
    if not _GROUPED.match(whole):
        return None
    amount = Decimal(f"{re.sub(r'[.,]', '', whole)}.{part or 0}")
    return amount.quantize(Decimal("0.01")) if amount < MOST_MONEY else None


def _split_at_last_mark(digits: str) -> tuple[str, str, str]:
    at = max(digits.rfind("."), digits.rfind(","))
    return (digits, "", "") if at < 0 else (digits[:at], digits[at], digits[at + 1 :])


def _is_invisible(sign: str) -> bool:
    # U+200D joins emoji; all other control, direction and zero-width signs only hide something.
    return unicodedata.category(sign)[0] == "C" and sign != "\u200d"
