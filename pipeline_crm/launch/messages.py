"""Compiles the translations: `python -m pipeline_crm.launch.messages`; needs no gettext on the machine."""

import sys
from pathlib import Path

from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po

from pipeline_crm.launch import places


def compile_all(root: Path = places.ROOT) -> list[Path]:
    """Writes a .mo beside every .po that is newer, and returns those it wrote."""
    return [path for path in sorted(root.glob("locale/*/LC_MESSAGES/*.po")) if _compile(path)]


def _compile(source: Path) -> bool:
    compiled = source.with_suffix(".mo")
    if compiled.exists() and compiled.stat().st_mtime_ns >= source.stat().st_mtime_ns:
        return False
    with source.open("rb") as file:
        catalog = read_po(file, locale=source.parent.parent.name, abort_invalid=True)
    # Written aside and then renamed: a running server must never read half a file.
    draft = compiled.with_suffix(".mo.new")
    with draft.open("wb") as file:
        write_mo(file, catalog)
    draft.replace(compiled)
    return True


if __name__ == "__main__":
    compile_all()
    sys.exit(0)
