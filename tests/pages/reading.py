"""How a test reads a list as its reader sees it."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator

from django.http import HttpResponse
from django.test import Client as Browser


def titles(page: HttpResponse) -> list[str]:
    """The first cell of every line, as the reader sees it."""
    cells = re.findall(r'<td class="max-w-72"><a [^>]*>(.*?)</a>', page.content.decode(), flags=re.DOTALL)
    return [html.unescape(re.sub(r"<.*?>", "", cell)).strip() for cell in cells]


def numbers(page: HttpResponse) -> list[int]:
    """The numbers of the records on the lines."""
    return [int(pk) for pk in re.findall(r'max-w-72"><a [^>]*href="/\w+/(\d+)/"', page.content.decode())]


def following(page: HttpResponse) -> str | None:
    """The address of the next page, as the link has it."""
    found = re.search(r'class="next-page" href="([^"]+)"', page.content.decode())
    return found.group(1).replace("&amp;", "&") if found else None


def listed(browser: Browser, stage: str, question: str = "") -> list[str]:
    """What somebody reads in a list: the titles, in order."""
    page = browser.get(f"/{stage}s/?{question}")
    assert page.status_code == 200
    return titles(page)


def walk(browser: Browser, address: str) -> Iterator[int]:
    """The numbers of every line, page after page."""
    path, next_page = address.partition("?")[0], address
    while next_page:
        page = browser.get(next_page)
        yield from numbers(page)
        next_page = f"{path}{following(page)}" if following(page) else ""


def text_of(browser: Browser, address: str) -> str:
    """All that a page says."""
    page = browser.get(address)
    assert page.status_code == 200, page.status_code
    return str(page.content.decode())
