"""What stands around the lines and the cards: the ways to look, and the filter. Drawn once for all who ask alike."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

from django.template.loader import get_template
from django.utils.safestring import SafeString

from .columns import Sieve
from .faces import Link
from .templatetags.belt import TOKEN_PLACE


@dataclass(frozen=True)
class Around:
    """All that the two pieces are drawn from, and nothing else: whatever differs for two people stands here."""

    language: str
    page: str
    stage: str
    view: str
    pipeline: int | None  # where there are several to look at
    take_from: int | None  # the tier from whose pool the next can be taken
    sort: str  # where the address asks for it
    search: str
    late: bool
    sifts: int
    sieves: tuple[Sieve, ...]
    left_out: tuple[str, ...]
    pages: tuple[Link, ...]
    views: tuple[Link, ...]
    filter_word: str
    clear: str
    export: str = ""  # where what is shown can be taken out of the house, for those who may

    def drawn(self, token: str) -> dict[str, SafeString]:
        """The pieces as HTML, with the asker's own token against forgery."""
        # What somebody looks for by name is seldom asked for twice.
        acts, ways = _draw(self) if self.search else _kept(self)
        return {"acts": SafeString(acts.replace(TOKEN_PLACE, token)), "ways": SafeString(ways)}


def _draw(around: Around) -> tuple[str, str]:
    told = {"around": around, "csrf_token": TOKEN_PLACE}
    acts, ways = get_template("belt/_head_acts.html").render(told), get_template("belt/_views.html").render(told)
    return acts, ways


_kept = lru_cache(maxsize=512)(_draw)
