"""Gathers the strings to translate: `python -m pipeline_crm.launch.gathering`; needs no gettext on the machine."""

import io
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from babel.messages import Catalog, Message
from babel.messages.extract import DEFAULT_KEYWORDS, extract_python
from babel.messages.pofile import read_po, write_po
from django.utils.translation.template import templatize

from pipeline_crm.launch import messages, places

# The folders that speak to people; tests and tools do not.
ROOMS = ("accounts", "deals", "leads", "pipeline_crm", "templates")
KEYWORDS: dict[str, Any] = DEFAULT_KEYWORDS | {
    "gettext_lazy": None,
    "gettext_noop": None,
    "ngettext_lazy": (1, 2),
    "pgettext_lazy": ((1, "c"), 2),
    "npgettext_lazy": ((1, "c"), 2, 3),
}
# Three forms, as one, few and many are counted in Russian. No dates and no names: a catalogue changes with its words only.
HEADER = """\
msgid ""
msgstr ""
"Language: ru\\n"
"MIME-Version: 1.0\\n"
"Content-Type: text/plain; charset=UTF-8\\n"
"Content-Transfer-Encoding: 8bit\\n"
"Plural-Forms: nplurals=3; plural=(n%10==1 && n%100!=11 ? 0 : n%10>=2 && n%10<=4 && (n%100<12 || n%100>14) ? 1 : 2);\\n"

"""


def gather(root: Path = places.ROOT) -> Catalog:
    """Every string that the sources mark for translation, in the order of the files."""
    found = Catalog()
    for path in _sources(root):
        for _line, name, words, _comments in extract_python(io.BytesIO(_readable(path)), KEYWORDS, [], {}):
            _note(found, KEYWORDS[str(name)], words)
    return found


def renew(po: Path, found: Catalog) -> list[Message]:
    """Writes a catalogue anew: what was found, with the words that it had; returns what has no words yet."""
    language = po.parent.parent.name
    with po.open("rb") as file:
        known = read_po(file, locale=language, abort_invalid=True)
    fresh = Catalog(locale=language)
    for message in filter(lambda message: message.id, found):
        old = known.get(message.id, message.context)
        has_words = old is not None and old.pluralizable == message.pluralizable and not old.fuzzy
        fresh.add(message.id, old.string if old and has_words else None, context=message.context)
    lines = io.BytesIO()
    write_po(lines, fresh, no_location=True, omit_header=True, width=0)
    po.write_text(HEADER + lines.getvalue().decode().strip() + "\n", encoding="utf-8")
    return [message for message in fresh if message.id and not _is_said(message)]


def _is_said(message: Message) -> bool:
    forms = message.string if isinstance(message.string, tuple) else (message.string,)
    return len(forms) == (3 if message.pluralizable else 1) and all(forms)


def _sources(root: Path) -> Iterator[Path]:
    for room in ROOMS:
        for path in sorted((root / room).rglob("*")):
            if path.suffix in (".py", ".html", ".txt") and "migrations" not in path.parts:
                yield path


def _readable(path: Path) -> bytes:
    source = path.read_text(encoding="utf-8")
    if path.suffix == ".py":
        return source.encode()
    # Django writes a template as calls among blanks; without its indents Python's own reader can take it.
    return "\n".join(line.strip() for line in templatize(source, str(path)).splitlines()).encode()


def _note(found: Catalog, places_of: tuple[int | tuple[int, str], ...] | None, said: Any) -> None:
    """Notes one call; what was said is one string, or several with gaps where no string stands."""
    words: tuple[Any, ...] = said if isinstance(said, tuple) else (said,)
    context: str | None = None
    ids: list[str] = []
    for place in places_of or (1,):
        if isinstance(place, tuple):
            context = words[place[0] - 1]
        else:
            ids.append(words[place - 1])
    if not all(ids):
        return
    known = found.get(ids[0], context)
    if known and known.pluralizable != (len(ids) > 1):
        # A catalogue holds one of the two only, and the other would fall silent.
        raise ValueError(f"“{ids[0]}” stands with a number in one place and without in another: give one a context.")
    found.add(ids[0] if len(ids) == 1 else tuple(ids), context=context)


if __name__ == "__main__":
    strings = gather()
    for catalogue in sorted(places.ROOT.glob("locale/*/LC_MESSAGES/*.po")):
        for silent in renew(catalogue, strings):
            print(f"{catalogue.relative_to(places.ROOT)}: {silent.id}")
    messages.compile_all()
    sys.exit(0)
