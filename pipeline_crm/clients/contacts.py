"""Phones and e-mail addresses: one written form for looking up, others for showing.

A phone is kept as E.164 ("+79161234567"), an address in lower case with an ASCII domain.
Nothing here reads the database. `region` is the ISO code of the country people dial from.
"""

import re
import unicodedata

import phonenumbers
from phonenumbers import Leniency, NumberParseException, PhoneNumber, PhoneNumberFormat

LONGEST_EMAIL = 254
LONGEST_CELL = 250
DOT = "•"
# The masked part has one length for everybody, so that it does not tell the real one.
MASK = DOT * 6
FEWEST_HIDDEN_DIGITS = 5

_BETWEEN_PHONES = re.compile(r"[;,|/\n\r\t]+|\s(?:и|and|or|или)\s")
_BETWEEN_EMAILS = re.compile(r"[\s;,|<>()\"]+")
_EXTENSION = re.compile(r"\s*(?:\(?\s*(?:вн(?:утр)?|доб|ext?n?)\b\.?|#).*$", re.IGNORECASE)
_SPREADSHEET_POWER = re.compile(r"^\d+[.,]\d+e\+?\d+$", re.IGNORECASE)
_SPREADSHEET_FRACTION = re.compile(r"[.,]0+$")
_LOCAL_PART = re.compile(r"[a-z0-9!#$%&'*+/=?^_`{|}~-]+(?:\.[a-z0-9!#$%&'*+/=?^_`{|}~-]+)*")
_DOMAIN = re.compile(r"(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+(?:[a-z]{2,63}|xn--[a-z0-9-]{1,59})")


def normalise_phone(text: str, region: str | None) -> str | None:
    """The one number in this text as E.164, without its extension; None when it is no number."""
    text = _without_invisible(text).strip(" '\"")
    if not text or len(text) > LONGEST_CELL or _SPREADSHEET_POWER.match(text):
        return None
    text = _EXTENSION.sub("", _SPREADSHEET_FRACTION.sub("", text))
    number = _parsed(text, region) or _valid_abroad(text)
    return _e164(number) if number else None


def find_phones(text: str, region: str | None) -> list[str]:
    """Every number written in a cell, in order, each once, as E.164."""
    if len(text) > LONGEST_CELL * 8:
        return []
    found: dict[str, None] = {}
    for piece in _BETWEEN_PHONES.split(text):
        phone = normalise_phone(piece, region)
        for each in [phone] if phone else _matched(piece, region):
            found[each] = None
    whole = None if found else normalise_phone(_BETWEEN_PHONES.sub(" ", text), region)
    return [whole] if whole else list(found)


def normalise_email(text: str) -> str | None:
    """The address in lower case with an ASCII domain; None when mail cannot be sent to it."""
    text = unicodedata.normalize("NFC", text.strip().strip("\u200b\ufeff'")).lower()
    if len(text) > LONGEST_EMAIL or _without_invisible(text) != text:
        return None
    local, at, domain = text.rpartition("@")
    if not at or len(local) > 64 or not _LOCAL_PART.fullmatch(local):
        return None
    ascii_domain = _ascii_domain(domain)
    if not ascii_domain or len(local) + 1 + len(ascii_domain) > LONGEST_EMAIL:
        return None
    return f"{local}@{ascii_domain}"


def find_emails(text: str) -> list[str]:
    """Every address written in a cell, in order, each once."""
    pieces = (piece.removeprefix("mailto:").rstrip(".") for piece in _BETWEEN_EMAILS.split(text))
    emails = (normalise_email(piece) for piece in pieces if "@" in piece)
    return list(dict.fromkeys(email for email in emails if email))


def show_phone(e164: str, region: str | None) -> str:
    """The number as people at home write it, and in international form when it is foreign."""
    number = _parsed(e164, None)
    if number is None:
        return e164
    at_home = region is not None and phonenumbers.is_valid_number_for_region(number, region)
    style = PhoneNumberFormat.NATIONAL if at_home else PhoneNumberFormat.INTERNATIONAL
    return phonenumbers.format_number(number, style)


def mask_phone(e164: str) -> str:
    """The country, the area code and the last two digits: "+7 916 •••-••-08"."""
    written = _international(e164)
    country, _, rest = written.partition(" ")
    digits = len(re.findall(r"\d", rest))
    area = len(re.match(r"\W*(\d*)", rest)[1])  # type: ignore[index]
    if digits - area - 2 < FEWEST_HIDDEN_DIGITS:
        area = 0
    if digits - 2 < FEWEST_HIDDEN_DIGITS:
        return hide_phone(e164)
    return f"{country} {_dotted(rest, first=area, last=2)}"


def hide_phone(e164: str) -> str:
    """Only the country and the shape of the number, for records that nobody has taken."""
    country, _, rest = _international(e164).partition(" ")
    return f"{country} {_dotted(rest, first=0, last=0)}" if rest else MASK


def mask_email(email: str) -> str:
    """The first letter and the domain: "s••••••@mail.example"."""
    local, at, domain = email.rpartition("@")
    return f"{local[:1]}{MASK}@{domain}" if at else MASK


def _parsed(text: str, region: str | None) -> PhoneNumber | None:
    """The number, if it can be in use; one written in full only has to have the right length.

    Countries open new ranges before the library knows of them.
    """
    try:
        number = phonenumbers.parse(text, region)
    except NumberParseException:
        return None
    if phonenumbers.is_valid_number(number):
        return number
    is_written_in_full = text.startswith("+") and _is_long_enough(number)
    return number if is_written_in_full else None


def _valid_abroad(text: str) -> PhoneNumber | None:
    """A number with its country code but without the plus, as spreadsheets leave it."""
    number = _parsed("+" + text, None)
    return number if number and phonenumbers.is_valid_number(number) else None


def _is_long_enough(number: PhoneNumber) -> bool:
    verdict = phonenumbers.is_possible_number_with_reason(number)
    return bool(verdict == phonenumbers.ValidationResult.IS_POSSIBLE)


def _e164(number: PhoneNumber) -> str:
    return phonenumbers.format_number(number, PhoneNumberFormat.E164)


def _matched(text: str, region: str | None) -> list[str]:
    """Numbers inside a longer text, such as two of them with only a space between."""
    matcher = phonenumbers.PhoneNumberMatcher(_without_invisible(text), region, leniency=Leniency.VALID)
    return [_e164(match.number) for match in matcher]


def _international(e164: str) -> str:
    number = _parsed(e164, None)
    if number is None:
        return e164
    return phonenumbers.format_number(number, PhoneNumberFormat.INTERNATIONAL)


def _dotted(text: str, *, first: int, last: int) -> str:
    """The text with a dot for each digit, save for some at its beginning and end."""
    digits = [at for at, sign in enumerate(text) if sign.isdigit()]
    hidden = set(digits[first : len(digits) - last])
    return "".join(DOT if at in hidden else sign for at, sign in enumerate(text))


def _ascii_domain(domain: str) -> str | None:
    try:
        # The codec of Python knows the older IDNA, which is enough for Cyrillic domains.
        written = domain.encode("idna").decode("ascii").lower()
    except UnicodeError:
        return None
    return written if _DOMAIN.fullmatch(written) else None


def _without_invisible(text: str) -> str:
    """Drops control, direction and zero-width signs, and halves of broken pairs."""
    return "".join(sign for sign in text if unicodedata.category(sign)[0] != "C")
