"""The front door, asked ten thousand times: through every middleware, each time in a savepoint that is taken back."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from io import BytesIO
from typing import Any
from urllib.parse import urlencode

from django.conf import settings
from django.core.handlers.base import BaseHandler
from django.core.handlers.wsgi import WSGIRequest
from django.db import connection, transaction

from tests.access.matrix.world import World
from tests.marks import mark_of, written_to

# What no denial is asked about: the session itself, and the journal that denials are written into.
BESIDE = ("django_session", "usersessions_usersession", "users_counted", "audit_", "oversight_")
FORM = "application/x-www-form-urlencoded"
Sent = dict[str, Any] | bytes | None


@dataclass(frozen=True)
class Answer:
    """What came back, and whether any row was written on the way."""

    word: str
    wrote: bool


class Asking:
    """One door for everybody; knows how much has been written in this transaction, and how much of it was undone."""

    def __init__(self, world: World) -> None:
        self.world, self.handler = world, BaseHandler()
        self.handler.load_middleware()
        # By their numbers, which need not be looked up at every question.
        self.tables = [str(number) for number, name in self._tables() if not name.startswith(BESIDE)]
        self.written: int | None = None

    def ask(self, who: str, method: str, path: str, sent: Sent = None, **environ: Any) -> Answer:
        """Asks as somebody, and takes back whatever came of it."""
        with self.asked(who, method, path, sent, **environ) as answer:
            return answer

    @contextmanager
    def asked(self, who: str, method: str, path: str, sent: Sent = None, **environ: Any) -> Iterator[Answer]:
        """Asks as somebody; what came of it can be looked at inside, and is taken back at the end."""
        with transaction.atomic():
            before = written_to(self.tables) if self.written is None else self.written
            word = word_for(self.answer(who, method, path, sent, **environ))
            # The count only grows: what was written and taken back is in it as well.
            self.written = written_to(self.tables)
            wrote = self.written != before
            yield Answer(word, wrote)
            transaction.set_rollback(True)

    def answer(
        self, who: str, method: str, path: str, sent: Sent = None, *, forgery_checked: bool = False, **environ: Any
    ) -> Any:
        """The answer itself, with whatever came of it."""
        self.written = None
        request = WSGIRequest(self._environ(who, method, path, sent) | environ)
        request._dont_enforce_csrf_checks = not forgery_checked  # type: ignore[attr-defined]
        # Not closed: the end of a request would close the connection, and with it the one transaction of all cells.
        return self.handler.get_response(request)

    def stands(self, who: str, method: str, path: str, sent: Sent = None, **environ: Any) -> bool:
        """Whether every row stands as before after a question; slow, and asked only where something was written."""
        with transaction.atomic():
            before = self.rows()
            self.answer(who, method, path, sent, **environ)
            after = self.rows()
            transaction.set_rollback(True)
        return before == after

    def rows(self) -> str:
        """A mark of all rows; another one when any of them has changed."""
        return mark_of([name for _number, name in self._tables() if not name.startswith(BESIDE)])

    def cookie(self, who: str) -> str:
        """What the browser of somebody sends with every question."""
        session = self.world.sessions.get(who)
        return f"{settings.SESSION_COOKIE_NAME}={session}" if session else ""

    def _environ(self, who: str, method: str, path: str, sent: Sent) -> dict[str, Any]:
        body = sent if isinstance(sent, bytes) else urlencode(sent or {}, doseq=True, errors="surrogatepass").encode()
        body = body if method == "POST" else b""
        path, _mark, question = path.partition("?")
        return {
            "REQUEST_METHOD": method,
            "PATH_INFO": path,
            "QUERY_STRING": question,
            "SCRIPT_NAME": "",
            "SERVER_NAME": "testserver",
            "SERVER_PORT": "80",
            "SERVER_PROTOCOL": "HTTP/1.1",
            "REMOTE_ADDR": "127.0.0.1",
            "HTTP_COOKIE": self.cookie(who),
            "CONTENT_TYPE": FORM,
            "CONTENT_LENGTH": str(len(body)),
            "wsgi.version": (1, 0),
            "wsgi.url_scheme": "http",
            "wsgi.input": BytesIO(body),
            "wsgi.errors": BytesIO(),
        }

    def _tables(self) -> list[tuple[int, str]]:
        with connection.cursor() as cursor:
            cursor.execute("SELECT relid::bigint, relname FROM pg_stat_user_tables ORDER BY relname")
            return cursor.fetchall()


def word_for(answer: Any) -> str:
    """An answer as the tables write it."""
    if answer.status_code == 302 and answer.headers["Location"].startswith(("/auth/login/", "/admin/login/")):
        return "in"
    return "-" if answer.status_code == 404 else str(answer.status_code)
