"""Bytes of a file into text: which encoding it is in, or why it cannot be read."""

import codecs
from io import SEEK_SET, TextIOWrapper
from typing import BinaryIO

from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

ENCODINGS = ("utf-8", "utf-16", "cp1251", "cp866", "koi8-r", "mac-cyrillic", "cp1252")
CHUNK = 1 << 16
# A byte that could not be read is marked by this lone surrogate, and its row is refused.
MARK = "\udcff"

_BINARY = {
    b"PK\x03\x04": gettext_noop(
        "This is an Excel workbook or an archive. Save it as CSV (UTF-8) and import that file."
    ),
    b"\xd0\xcf\x11\xe0": gettext_noop("This is an old Excel workbook. Save it as CSV (UTF-8) and import that file."),
    b"%PDF": gettext_noop("This is a PDF. Export the leads as CSV and import that file."),
    b"\x1f\x8b": gettext_noop("This file is compressed. Unpack it and import the CSV inside."),
    b"7z\xbc\xaf": gettext_noop("This file is compressed. Unpack it and import the CSV inside."),
    b"Rar!": gettext_noop("This file is compressed. Unpack it and import the CSV inside."),
}
_BOMS = {
    codecs.BOM_UTF8: "utf-8-sig",
    codecs.BOM_UTF32_LE: "utf-32",
    codecs.BOM_UTF32_BE: "utf-32",
    codecs.BOM_UTF16_LE: "utf-16",
    codecs.BOM_UTF16_BE: "utf-16",
}
_TEXT_CONTROLS = b"\t\n\r\x0c\x1a"


class Unreadable(Exception):
    """The file cannot be read as a list of leads; the message is a sentence for the person."""


def _mark(error: UnicodeError) -> tuple[str, int]:
    if not isinstance(error, UnicodeDecodeError):
        raise error
    return MARK, error.end


codecs.register_error("pipeline_crm.mark", _mark)


def open_text(stream: BinaryIO, encoding: str | None = None) -> TextIOWrapper:
    """The file as text with its line ends kept; the stream must be able to rewind."""
    stream.seek(0, SEEK_SET)
    head = stream.read(CHUNK)
    _refuse_binary(head)
    stream.seek(0, SEEK_SET)
    encoding = _known(encoding) if encoding else encoding_of(stream)
    stream.seek(0, SEEK_SET)
    return TextIOWrapper(stream, encoding, errors="pipeline_crm.mark", newline="")


def encoding_of(stream: BinaryIO) -> str:
    """UTF-8, with or without its mark, UTF-16 with one, or else cp1251."""
    head = stream.read(4)
    for bom, encoding in _BOMS.items():
        if head.startswith(bom):
            return encoding
    stream.seek(0, SEEK_SET)
    good, bad = _count_utf8(stream)
    # Cyrillic in cp1251 hardly ever makes good UTF-8; a few bad bytes do not spoil a UTF-8 file.
    return "utf-8" if good >= 4 * bad else "cp1251"


def _count_utf8(stream: BinaryIO) -> tuple[int, int]:
    """How many signs of several bytes are good UTF-8, and how many bytes are not."""
    decode = codecs.getincrementaldecoder("utf-8")("pipeline_crm.mark").decode
    good = bad = 0
    while chunk := stream.read(CHUNK):
        text = decode(chunk)
        if not text.isascii():
            marks = text.count(MARK)
            bad += marks
            good += sum(not sign.isascii() for sign in text) - marks
    return good, bad + decode(b"", final=True).count(MARK)


def _refuse_binary(head: bytes) -> None:
    if not head.strip():
        raise Unreadable(_("The file is empty."))
    for magic, sentence in _BINARY.items():
        if head.startswith(magic):
            raise Unreadable(_(sentence))
    if head.startswith(tuple(_BOMS)):
        return
    zeros = head.count(0)
    if zeros > len(head) // 16 + 1:
        raise Unreadable(_("This file is in UTF-16 without its mark. Save it as CSV (UTF-8) and import that file."))
    controls = len(head) - len(head.translate(None, bytes(set(range(32)) - set(_TEXT_CONTROLS))))
    if controls > len(head) // 20 + 8:
        raise Unreadable(_("This is not a text file. Export the leads as CSV and import that file."))


def _known(encoding: str) -> str:
    try:
        name = codecs.lookup(encoding).name
    except LookupError:
        name = ""
    if name not in {codecs.lookup(each).name for each in (*ENCODINGS, "utf-8-sig")}:
        raise Unreadable(
            _("The encoding “%(encoding)s” is not known. Use one of: %(known)s.")
            % {"encoding": encoding, "known": ", ".join(ENCODINGS)}
        )
    return "utf-8-sig" if name == "utf-8" else name
