"""What goes to the log: one line of JSON for one event, and not a personal word in it.

Whatever a library writes into its messages is taken for somebody's data until it is a number, a name of our code or an
answer's reason phrase. Of an error its kind and where it happened are told, never its words: PostgreSQL quotes the row.
"""

from __future__ import annotations

import json
import logging
import re
import time
import uuid
from collections.abc import Callable, Mapping
from contextvars import ContextVar
from datetime import UTC, datetime
from http import HTTPStatus
from pathlib import Path
from traceback import walk_tb
from typing import Any

from django.http import HttpRequest, HttpResponse

ROOMS = ("pipeline_crm", "leads", "deals", "accounts")
LONGEST = 300
FRAMES = 12
HIDDEN = "…"
# Whose lines are numbers and hashes, to be compared letter by letter with what is in the database.
VERBATIM = "pipeline_crm.audit.anchors"
HERE = Path(__file__).resolve().parent.parent

_PHRASES = frozenset(status.phrase for status in HTTPStatus)
_IN_CODE = re.compile(r"(?:pipeline_crm|leads|deals|accounts|django|celery|kombu)(?:\.[a-z_]+)+")
_UUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_OWN_WORD = re.compile(r"[a-z_]{1,24}")
# Of a message that comes ready-made: addresses, quoted words, values of a row, questions, long tokens, many digits.
_PERSONAL = re.compile(
    r"""[^\s@]+@[^\s@]+ | '[^']*' | "[^"]*" | “[^”]*” | «[^»]*» | =\([^)]*\) | \?\S+
    | (?<![\w-])(?=[\w-]*\d)[\w-]{20,} | \+?\d[\d\s().-]{4,}\d | [^\x00-\x7f]*[^\W\d_a-zA-Z]+""",
    re.VERBOSE,
)

_at_hand: ContextVar[HttpRequest | None] = ContextVar("the request that is being answered", default=None)
log = logging.getLogger(__name__)


class Lines(logging.Formatter):
    """Writes an event as a line of JSON: when, how grave, what, in which request and for whom by number."""

    def format(self, record: logging.LogRecord) -> str:
        """The line."""
        told = {
            "at": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname,
            "logger": record.name,
            "event": event_of(record),
            **_request_of(record),
            **_fault_of(record),
        }
        return json.dumps(told, ensure_ascii=False)


class LogMiddleware:
    """Gives each request a number of its own, which the log and the answer bear; with LOG_LEVEL=INFO writes a line of it."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        request.number = uuid.uuid4().hex  # type: ignore[attr-defined]
        began, token = time.monotonic(), _at_hand.set(request)
        try:
            answer = self.get_response(request)
            answer.headers["X-Request-ID"] = request.number  # type: ignore[attr-defined]
            log.info(
                "answered",
                extra={"status_code": answer.status_code, "ms": round(1000 * (time.monotonic() - began))},
            )
        finally:
            _at_hand.reset(token)
        return answer


def event_of(record: logging.LogRecord) -> str:
    """What happened, in words that belong to nobody."""
    text, args = str(record.msg), record.args
    if record.name == VERBATIM:
        return record.getMessage()
    if args:
        is_own = record.name.partition(".")[0] in ROOMS
        told: Any = (
            {name: _safe(value, is_own=is_own) for name, value in args.items()}
            if isinstance(args, Mapping)
            else tuple(_safe(value, is_own=is_own) for value in args)
        )
        try:
            text = text % told
        except (TypeError, ValueError):
            return text[:LONGEST]  # the words of the code alone
        return text[:LONGEST]
    return _PERSONAL.sub(HIDDEN, text)[:LONGEST]


def _safe(value: Any, *, is_own: bool) -> Any:
    """A value that tells of nobody, or what stands in its place."""
    if value is None or isinstance(value, bool | int | float):
        return value
    if isinstance(value, str):
        known = value in _PHRASES or _IN_CODE.fullmatch(value) or _UUID.fullmatch(value)
        return value if known or (is_own and _OWN_WORD.fullmatch(value)) else HIDDEN
    if isinstance(value, list | tuple | set | frozenset) and all(isinstance(one, int) for one in value):
        return value
    return HIDDEN


def _request_of(record: logging.LogRecord) -> dict[str, Any]:
    request = record.__dict__.get("request") or _at_hand.get()
    told: dict[str, Any] = {name: record.__dict__[name] for name in ("status_code", "ms") if name in record.__dict__}
    if not isinstance(request, HttpRequest):
        return told
    match, user = request.resolver_match, request.__dict__.get("_cached_user")
    number = getattr(request, "number", None)
    route = match.view_name if match else None
    return told | {"request": number, "user": getattr(user, "pk", None), "method": _method(request), "route": route}


def _method(request: HttpRequest) -> str:
    """The verb; one that nobody knows may be anything."""
    known = {"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE"}
    return request.method if request.method in known else HIDDEN


def _fault_of(record: logging.LogRecord) -> dict[str, Any]:
    """The kind of an error, the law of the database that it broke, and the way through the code; never its words."""
    error = record.exc_info[1] if record.exc_info else None
    if error is None:
        return {}
    told: dict[str, Any] = {"error": _kind(error)}
    cause = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    if cause is not None:
        told["cause"] = _kind(cause)
    for one in filter(None, (error, cause)):
        law = getattr(getattr(one, "diag", None), "constraint_name", None)
        if law:
            told["law"] = law
    frames = [(frame.f_code, line) for frame, line in walk_tb(error.__traceback__)]
    told["way"] = [f"{_place(code.co_filename)}:{line} {code.co_name}" for code, line in frames[-FRAMES:]]
    return told


def _kind(error: BaseException) -> str:
    return f"{type(error).__module__}.{type(error).__qualname__}"


def _place(filename: str) -> str:
    """A file without the folders of this machine."""
    path = Path(filename)
    if path.is_relative_to(HERE) and "site-packages" not in path.parts:
        return str(path.relative_to(HERE))
    return "/".join(path.parts[-3:])
