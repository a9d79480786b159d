"""Questions that are put to the database again and again: built, written as SQL and planned once, and only filled in anew.

Building a query costs Django several times what answering it costs PostgreSQL, and planning it costs PostgreSQL as much
again. So a question is built once for everybody who stands alike, for a stand-in (see `standins`) whose numbers are replaced by
those of whoever asks. What changes from one asking to the next, such as the hour, is a `Blank`.

Plans belong to a connection. Behind a pooler that lends connections by the transaction (`DATABASE_POOLER`) no plan is kept,
for another process may have planned another question by the same name there.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import count
from typing import Any, ClassVar
from weakref import WeakKeyDictionary

from django.core.exceptions import EmptyResultSet
from django.db import DEFAULT_DB_ALIAS, NotSupportedError, connection
from django.db.models import DateTimeField, Expression, Field, IntegerField, Lookup, Model, QuerySet
from django.db.models.fetch_modes import FETCH_ONE
from django.db.models.query import get_related_populators

CURRENCY = "the currency"  # a stand-in's; all their numbers are below nothing
KEPT = 512
PLANNED = 128  # on one connection; each costs the server some memory


class Blank(Expression):
    """A value that is not known yet when the question is written."""

    def __init__(self, name: str, field: Field[Any, Any]) -> None:
        super().__init__(output_field=field)
        self.name = name

    def as_sql(self, compiler: Any, connection: Any) -> tuple[str, list[Any]]:  # type: ignore[override]
        """A place for a value, with itself as the value until it is filled in."""
        return "%s", [self]


NOW = Blank("now", DateTimeField())
IDS = Blank("ids", IntegerField())


@IntegerField.register_lookup
class Among(Lookup):
    """Any of the numbers that are filled into a blank; `IN` would have to know how many there are."""

    lookup_name = "among"

    def get_prep_lookup(self) -> Any:
        """The blank as it is."""
        return self.rhs

    def as_sql(self, compiler: Any, connection: Any) -> tuple[str, list[Any]]:  # type: ignore[override]
        """A comparison with an array."""
        left, given = self.process_lhs(compiler, connection)
        right, blank = compiler.compile(self.rhs)
        return f"{left} = ANY({right}::bigint[])", [*given, *blank]


class Question[Row: Model]:
    """One or several queries as one piece of SQL, and how its rows become records."""

    def __init__(self, parts: Iterable[QuerySet[Row, Any]], *, over: str = "", planned: bool = False) -> None:
        """Several parts must have the same columns, and give the rows of all; `over` asks something of the rows."""
        self._name = f"question_{next(_names)}" if planned else ""
        self._given: list[Any] = []
        written = []
        for rows in parts:
            compiler = rows.query.get_compiler(DEFAULT_DB_ALIAS)
            try:
                sql, given = compiler.as_sql()
            except EmptyResultSet:
                continue
            written.append(sql)
            self._given += given
            self._remember(compiler)
        whole = " UNION ALL ".join(f"({sql})" for sql in written) if len(written) > 1 else "".join(written)
        self._sql = over.format(whole) if over and whole else whole

    def _remember(self, compiler: Any) -> None:
        self.columns = [name for _column, _sql, name in compiler.select]
        self._converters = compiler.get_converters([column for column, _sql, _name in compiler.select])
        self._convert = compiler.apply_converters if self._converters else None
        told = compiler.klass_info
        if told is None:
            return
        columns = told["select_fields"]
        self._first, self._last = columns[0], columns[-1] + 1
        self._model = told["model"]
        self._names = [column.target.attname for column, _sql, _name in compiler.select[self._first : self._last]]
        self._related = get_related_populators(told, compiler.select, DEFAULT_DB_ALIAS, FETCH_ONE)
        self._extras = dict(compiler.annotation_col_map or {})

    def tuples(self, numbers: Mapping[Any, Any] | None = None, **answers: Any) -> list[Any]:
        """The rows as they come from the database; `numbers` are those of whoever asks, by those of the stand-in."""
        if not self._sql:
            return []
        with connection.cursor() as cursor:
            rows = self._asked(cursor, numbers or {}, answers)
        return list(self._convert(rows, self._converters)) if self._convert else rows

    def _asked(self, cursor: Any, numbers: Mapping[Any, Any], answers: Mapping[str, Any]) -> list[Any]:
        if not self._name or connection.settings_dict["DISABLE_SERVER_SIDE_CURSORS"]:
            cursor.execute(self._sql, self._filled(self._given, numbers, answers))
            return list(cursor.fetchall())
        try:
            self._execute(cursor, numbers, answers)
        except NotSupportedError:
            # A migration has changed a column since: what was planned on this connection is planned anew.
            _planned.pop(cursor.connection, None)
            if connection.in_atomic_block:
                raise
            self._execute(cursor, numbers, answers)
        return list(cursor.fetchall())

    def _execute(self, cursor: Any, numbers: Mapping[Any, Any], answers: Mapping[str, Any]) -> None:
        _plan(cursor, self._name, self._sql, self._given)
        values = self._filled([value for value in self._given if _is_open(value)], numbers, answers)
        places = f" ({', '.join(['%s'] * len(values))})" if values else ""
        cursor.execute(f"EXECUTE {self._name}{places}", values)

    def _filled(self, values: Iterable[Any], numbers: Mapping[Any, Any], answers: Mapping[str, Any]) -> list[Any]:
        return [answers[value.name] if isinstance(value, Blank) else numbers.get(value, value) for value in values]

    def say(self, sql: str) -> None:
        """Says it in other words, for the values that were given."""
        self._sql, self._convert = sql, None

    def extend(self, given: Iterable[Any]) -> None:
        """More values, in the order of the words."""
        self._given += given

    def records(self, numbers: Mapping[Any, Any] | None = None, **answers: Any) -> list[Row]:
        """The rows as records, with what the query has joined and annotated."""
        found = []
        for row in self.tuples(numbers, **answers):
            record = self._model.from_db(DEFAULT_DB_ALIAS, self._names, row[self._first : self._last])
            for related in self._related:
                related.populate(row, record)
            for name, place in self._extras.items():
                setattr(record, name, row[place])
            found.append(record)
        return found


class Figures:
    """Several queries in one row of SQL, each column all the rows of one of them as JSON."""

    def __init__(self, parts: Iterable[QuerySet[Any, Any] | Capped], *, planned: bool = False) -> None:
        self._question: Question[Any] = Question([], planned=planned)
        columns = []
        for part in parts:
            rows, over = (part.rows, Capped.over) if isinstance(part, Capped) else (part, "{}")
            try:
                sql, given = rows.query.get_compiler(DEFAULT_DB_ALIAS).as_sql()
            except EmptyResultSet:
                columns.append("NULL")
                continue
            columns.append(f"(SELECT json_agg(row_to_json(part)) FROM ({over.format(sql)}) AS part)")  # noqa: S608
            self._question.extend(given)
        self._question.say(f"SELECT {', '.join(columns)}")

    def row(self, numbers: Mapping[Any, Any] | None = None, **answers: Any) -> list[list[dict[str, Any]]]:
        """The rows of each part."""
        [row] = self._question.tuples(numbers, **answers)
        return [rows or [] for rows in row]


@dataclass(frozen=True)
class Capped:
    """How many rows there are, as far as they are asked for."""

    rows: QuerySet[Any, Any]
    over: ClassVar[str] = "SELECT COUNT(*) AS count FROM ({}) AS counted"


_names = count(1)
_kept: OrderedDict[Hashable, Any] = OrderedDict()


def kept[Q](key: Hashable, build: Callable[[], Q]) -> Q:
    """What was built for this key; built anew when nobody has asked for it lately."""
    question = _kept.get(key)
    if question is None:
        question = _kept[key] = build()
        if len(_kept) > KEPT:
            _kept.popitem(last=False)
    else:
        _kept.move_to_end(key)
    built: Q = question
    return built


def question(rows: Callable[[], QuerySet[Any, Any]], key: Hashable, over: str = "") -> Question[Any]:
    """A kept question of one part."""
    return kept(key, lambda: Question([rows()], over=over, planned=True))


_planned: WeakKeyDictionary[Any, OrderedDict[str, None]] = WeakKeyDictionary()


def _is_open(value: Any) -> bool:
    """Whether a value is filled in anew each time: a blank, or one of the stand-in's."""
    return isinstance(value, Blank) or value == CURRENCY or (type(value) is int and value < 0)


def _plan(cursor: Any, name: str, sql: str, given: Sequence[Any]) -> None:
    """Lets the server keep the plan for as long as the connection lives, or until others are asked for more often."""
    plans = _planned.setdefault(cursor.connection, OrderedDict())
    if name in plans:
        plans.move_to_end(name)
        return
    # What is always the same is written out, so that the planner can tell by it which indexes serve.
    places = count(1)
    parts = [f"${next(places)}" if _is_open(value) else _written(cursor, value) for value in given]
    first, *rest = [part.replace("%%", "%") for part in sql.split("%s")]
    whole = first + "".join(f"{part}{words}" for part, words in zip(parts, rest, strict=True))
    # A connection of which nothing is known may hold plans that were given up. And PostgreSQL would plan a question of
    # many parts anew for ever, longer than it takes to answer; a rollback takes that setting back, so it is said each time.
    anew = "" if plans else "DEALLOCATE ALL; "
    cursor.execute(f"{anew}SET plan_cache_mode = force_generic_plan; PREPARE {name} AS {whole}")
    plans[name] = None
    if len(plans) > PLANNED:
        cursor.execute(f"DEALLOCATE {plans.popitem(last=False)[0]}")


def _written(cursor: Any, value: Any) -> str:
    written: bytes = cursor.mogrify("%s", [value])
    return written.decode()
