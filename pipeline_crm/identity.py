"""Who PostgreSQL takes us for: the one place where an identity is put on, for pages, tokens and Celery alike.

Row-level security shows each identity its own rows, whatever a query has forgotten (docs/privacy.md). An identity lasts no
longer than its transaction: on a connection that a pooler lends to somebody else next, nothing of it is left. Without one,
a connection is the web's, for the server makes it so at sign-in (`access/migrations/0002_roles`), and is shown no client: a
query from which rows would be withheld fails, so that a task or a command that has forgotten its scope says so.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from contextvars import ContextVar
from functools import wraps
from typing import Any, NamedTuple
from uuid import UUID

from django.db import connection, transaction
from django.utils import timezone
from psycopg2.extensions import TRANSACTION_STATUS_INTRANS

WEB, SYSTEM = "crm_web", "crm_system"
NOBODY = 0  # no person's number: who is told to be nobody sees no client; who is told nothing is refused
OWNER = "-c role=none"  # an option of the connection: whoever signs in stays who they are


class Identity(NamedTuple):
    """A role in the database, and the person whose rows it may read."""

    role: str
    user_id: int | None = None


_worn: ContextVar[Identity | None] = ContextVar("identity", default=None)


@contextmanager
def acting_as(user_id: int | None) -> Iterator[UUID | None]:
    """Inside, in one transaction, PostgreSQL shows what this person may see and nothing else; nobody sees nothing.

    Tells the stamp of the set-up (see `tiers.setup`), where the database was asked anything.
    """
    with transaction.atomic(), _taken_for(Identity(WEB, user_id), to_the_end=True) as stamp:
        yield stamp


@contextmanager
def system_scope(reason: str) -> Iterator[None]:
    """Inside, in one transaction, the conveyor itself reads and writes; the reason says why no person's eyes would do."""
    if not reason:
        raise ValueError("A system scope says why it is needed.")
    ends = not connection.in_atomic_block
    with _some_transaction(), _taken_for(Identity(SYSTEM, _person()), to_the_end=ends):
        yield


@contextmanager
def eyes_of(user_id: int) -> Iterator[None]:
    """Inside an act, reads once more with a person's own eyes: what they lock must be theirs by both walls."""
    ends = not connection.in_atomic_block
    with _some_transaction(), _taken_for(Identity(WEB, user_id), to_the_end=ends):
        yield


def act[**Given, Answer](verb: Callable[Given, Answer]) -> Callable[Given, Answer]:
    """An act of the conveyor: one transaction, in which the house writes what the actor may do but must not see."""

    @wraps(verb)
    def whole(*args: Given.args, **kwargs: Given.kwargs) -> Answer:
        with transaction.atomic(), _taken_for(Identity(SYSTEM, _person()), to_the_end=True):
            return verb(*args, **kwargs)

    return whole


def kept_through(pieces: Iterable[Any], user_id: int | None) -> Iterator[Any]:
    """A streamed answer keeps its identity, and its transaction, until the last piece is read."""
    with acting_as(user_id):
        yield from pieces


@contextmanager
def as_owner() -> Iterator[None]:
    """Inside, connections belong to whoever owns the tables and stands above every wall: for migrations alone.

    It needs a connection of its own: a pooler that lends connections by the transaction refuses the option.
    """
    options = connection.settings_dict["OPTIONS"]
    before = options.get("options", "")
    if OWNER in before:
        yield
        return
    connection.close()
    options["options"] = f"{before} {OWNER}".strip()
    try:
        yield
    finally:
        connection.close()
        options["options"] = before


def _person() -> int | None:
    here = _worn.get()
    return here.user_id if here else None


def _some_transaction() -> AbstractContextManager[Any]:
    return nullcontext() if connection.in_atomic_block else transaction.atomic()


@contextmanager
def _taken_for(identity: Identity, *, to_the_end: bool) -> Iterator[UUID | None]:
    """Puts an identity on and, while the transaction goes on, what was there before it; an end of it leaves nothing."""
    before = _worn.get()
    if identity == before:
        yield None
        return
    was, stamp = _put_on(identity, before)
    token = _worn.set(identity)
    try:
        yield stamp
    finally:
        _worn.reset(token)
        if (connection.savepoint_ids or not to_the_end) and _listens():
            _take_off(identity, before, was)


def _put_on(identity: Identity, before: Identity | None) -> tuple[str, UUID | None]:
    """Returns the role that stood there; where only the role changes, the person is known already."""
    is_known = before is not None and before.user_id is not None and before.user_id == identity.user_id
    anew = identity.role == WEB and not is_known
    stamp, given = ("crm_be(%s, %s)", [_number(identity), timezone.now()]) if anew else ("NULL", [])
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT current_setting('role'), {stamp}, set_config('role', %s, true)", [*given, identity.role]
        )
        was, told, _role = cursor.fetchone()
        return was, told


def _take_off(identity: Identity, before: Identity | None, was: str) -> None:
    with connection.cursor() as cursor:
        if identity.role == SYSTEM or (before is not None and identity.user_id == before.user_id):
            cursor.execute("SELECT set_config('role', %s, true)", [was])
        else:
            cursor.execute(
                "SELECT set_config('role', %s, true), crm_be(%s, %s)", [was, _number(before), timezone.now()]
            )


def _number(identity: Identity | None) -> int | None:
    return None if identity is None else identity.user_id or NOBODY


def _listens() -> bool:
    """Whether the transaction goes on; where it failed, the savepoint or its end takes everything back by itself."""
    if not connection.in_atomic_block or connection.needs_rollback or connection.connection is None:
        return False
    return connection.connection.info.transaction_status == TRANSACTION_STATUS_INTRANS
