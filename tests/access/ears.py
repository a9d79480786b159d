"""What is listened for in an answer: words about clients that are not the listener's to know, found in one walk over the text."""

from __future__ import annotations

import html
import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from urllib.parse import unquote_plus

from tests.access.world import PEOPLE, World, known

WORD = re.compile(r"zq[a-z]+q(?:[a-z]+qz|local)")
# A phone of the worlds, however it is written: with or without the country, the area, spaces, brackets and strokes.
PHONE = re.compile(r"(?<!\d)[78]?[\s(]*(?:9\d\d)?[\s()-]*(5\d\d)[\s-]?(\d7)[\s-]?(\d\d)(?!\d)")


@dataclass
class Ears:
    """Knows every word of every client, and who may read which."""

    mine: dict[str, set[str]] = field(default_factory=lambda: {who: set() for who in PEOPLE})
    words: set[str] = field(default_factory=set)
    ends: set[str] = field(default_factory=set)

    def learn(self, world: World) -> None:
        """Learns the words of one world; a contact in full is read by those alone who asked for that client's."""
        cells = known()
        for token in world.tokens:
            if WORD.fullmatch(token.text):
                self.words.add(token.text)
                for who in PEOPLE:
                    if any(cells[name, who] >= token.needs for name in token.records):
                        self.mine[who].add(token.text)
        for contacts in world.contacts.values():
            self.words.add(contacts[-1])
            self.ends.add(contacts[2])

    @property
    def size(self) -> int:
        """For how many words they listen."""
        return len(self.words) + len(self.ends)

    def heard(self, text: str) -> set[str]:
        """Every word of a client in a text."""
        plain = html.unescape(text)
        found = self.words.intersection(WORD.findall(plain.lower()))
        return found | self.ends.intersection("".join(parts) for parts in PHONE.findall(plain))

    def strange_to(self, who: str, text: str, *, asked: str = "") -> set[str]:
        """What a text tells somebody that is not theirs to know; what they asked by themselves is no news."""
        return self.heard(text) - self.mine[who] - (self.heard(unquote_plus(asked)) if asked else set())


def everything(worlds: Iterable[World]) -> Ears:
    """Ears for all clients of some worlds."""
    ears = Ears()
    for world in worlds:
        ears.learn(world)
    return ears
