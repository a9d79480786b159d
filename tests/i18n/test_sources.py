"""Nothing that a reader sees is written without being marked for translation."""

import ast
import re
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path

import pytest
from django.apps import apps
from django.conf import settings
from django.db.models import Field, Model
from django.template.base import Lexer, TokenType
from django.utils import translation

from pipeline_crm.launch.gathering import ROOMS

WORD = re.compile(r"[A-Za-z]{2,}|\b[A-Za-z]\b")
TEMPLATES = sorted(path for room in ROOMS for path in (settings.BASE_DIR / room).rglob("*.html"))
MODULES = sorted(
    path
    for room in ROOMS
    for path in (settings.BASE_DIR / room).rglob("*.py")
    # What a person at a terminal reads is English; so are the lists of words from which pipelines and demos are made.
    if not {"migrations", "management", "launch", "demo", "presets"} & set(path.parts)
)
# The name of the product, and the keys of a keyboard.
SAID_AS_IT_IS = {"Pipeline", "CRM", "C", "T", "A", "/"}
# Attributes that are read aloud or shown.
SHOWN = {"title", "placeholder", "aria-label", "alt", "aria-description"}
SILENT = {"script", "style", "svg"}
# The last three are views of numbers, which no page names.
UNSEEN = re.compile(r"^Historical|(ObjectPermission|Grant)$|^(Movement|HandedOn|CameBack|Origin)$")
GAP = "\N{OBJECT REPLACEMENT CHARACTER}"
# Calls whose words reach a reader, and how many of their first arguments do not.
SPOKEN = {
    "Refused": 0,
    "Taken": 0,
    "ValidationError": 0,
    "PermissionDenied": 0,
    "add_error": 1,
    "success": 1,
    "error": 1,
    "warning": 1,
    "info": 1,
    "display": 9,
}
SPOKEN_NAMES = {"label", "help_text", "verbose_name", "verbose_name_plural", "empty_label", "description", "message"}


class Reader(HTMLParser):
    """Collects what of a page reaches its reader."""

    def __init__(self) -> None:
        super().__init__()
        self.words: list[str] = []
        self.silent = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.silent += tag in SILENT
        self.words += [value for name, value in attrs if name in SHOWN and value]

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.words += [value for name, value in attrs if name in SHOWN and value]

    def handle_endtag(self, tag: str) -> None:
        self.silent -= tag in SILENT

    def handle_data(self, data: str) -> None:
        if not self.silent:
            self.words.append(data)


def without_tags(source: str) -> str:
    """A template's own text: what its tags say is gone, and so is what is marked for translation."""
    parts, marked = [], False
    for token in Lexer(source).tokenize():
        if token.token_type == TokenType.BLOCK:
            name = token.contents.split()[0]
            marked = name.startswith("blocktrans") or (marked and not name.startswith("endblocktrans"))
        if token.token_type != TokenType.TEXT:
            parts.append(GAP if token.token_type == TokenType.VAR else "")
        elif not marked:
            parts.append(token.contents)
    return "".join(parts)


def bare_words(source: str) -> list[str]:
    """What a template says in English whatever the reader's language."""
    reader = Reader()
    reader.feed(without_tags(source))
    return [words.strip() for words in reader.words if set(WORD.findall(words)) - SAID_AS_IT_IS]


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: str(path.relative_to(settings.BASE_DIR)))
def test_a_template_says_nothing_in_english_alone(path: Path):
    assert bare_words(path.read_text()) == []


@pytest.mark.parametrize(
    ("source", "found"),
    [
        ("<p>Hello</p>", ["Hello"]),
        ('<a title="Back">{% translate "Back" %}</a>', ["Back"]),
        ("{% blocktranslate %}Hello{% endblocktranslate %} there", ["there"]),
        ('<p class="meta" data-word="x">{{ words }} · <span class="key">C</span></p>', []),
        ("{# a remark #}<script>let word;</script>", []),
    ],
)
def test_the_scanner_sees_what_a_reader_sees(source: str, found: list[str]):
    assert bare_words(source) == found


def spoken(tree: ast.AST) -> Iterator[tuple[int, ast.expr]]:
    """Every argument of a call that ends before somebody's eyes."""
    for call in ast.walk(tree):
        if not isinstance(call, ast.Call):
            continue
        name = getattr(call.func, "attr", getattr(call.func, "id", ""))
        if name in SPOKEN:
            yield from ((call.lineno, argument) for argument in call.args[SPOKEN[name] : SPOKEN[name] + 1])
        yield from ((call.lineno, each.value) for each in call.keywords if each.arg in SPOKEN_NAMES)


def is_bare(words: ast.expr) -> bool:
    """Whether an argument is a sentence of its own instead of a marked one."""
    if isinstance(words, ast.BinOp):
        return is_bare(words.left)
    if isinstance(words, ast.JoinedStr):
        return any(is_bare(part) for part in words.values)
    return isinstance(words, ast.Constant) and isinstance(words.value, str) and bool(WORD.search(words.value))


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(settings.BASE_DIR)))
def test_a_module_says_nothing_in_english_alone(path: Path):
    source = path.read_text()
    lines = source.splitlines()

    found = [
        f"line {line}: {ast.unparse(words)}"
        for line, words in spoken(ast.parse(source))
        if is_bare(words) and not lines[line - 1].lstrip().startswith(("logger.", "log."))
    ]

    assert found == []


def ours() -> Iterator[type[Model]]:
    """The models of the house whose names somebody reads: not what history, guardian and the movements keep."""
    for config in apps.get_app_configs():
        if str(settings.BASE_DIR) in config.path and "site-packages" not in config.path:
            yield from (model for model in config.get_models() if not UNSEEN.search(model.__name__))


def names_of(model: type[Model]) -> Iterator[tuple[str, str]]:
    """What the pages call a model, its fields and their choices, in the reader's language."""
    yield model.__name__, str(model._meta.verbose_name)
    yield model.__name__, str(model._meta.verbose_name_plural)
    for field in model._meta.get_fields():
        if isinstance(field, Field) and not field.primary_key and not field.auto_created:
            yield f"{model.__name__}.{field.name}", str(field.verbose_name)
            yield from ((f"{model.__name__}.{field.name}", str(word)) for _value, word in field.flatchoices)


@pytest.mark.parametrize("model", list(ours()), ids=lambda model: model.__name__)
def test_a_model_has_russian_names_for_all_that_it_shows(model: type[Model]):
    with translation.override("ru"):
        english = [(place, words) for place, words in names_of(model) if WORD.search(words)]

    assert english == []
