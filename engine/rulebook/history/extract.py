"""Decisions of one month as a typed table: read by COPY, converted column by column."""

from __future__ import annotations

import io
from collections.abc import Mapping

import psycopg
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pa_csv
import sqlalchemy as sa
from psycopg import sql
from sqlmodel import Session

from engine.base.collector import Problem
from engine.rulebook.decision_log import fact_types
from engine.rulebook.history.columns import ARROW, TEXTS, fact_field
from engine.rulebook.history.store import Month
from engine.rulebook.models import Revision, VocabularyVersion
from engine.rulebook.texts import ruleset_in, vocabulary_of
from engine.rules.model import Duration, Type
from engine.rules.values import read_value

Meaning = tuple[Type, str]
"""Type and currency a fact was recorded with."""

HEAD = {
    "document": pa.string(),
    "org_path": TEXTS,
    "business_date": pa.date32(),
    "decision_id": pa.int64(),
    "decided_at": pa.timestamp("us", "UTC"),
    "ruleset_hash": TEXTS,
    "rows": TEXTS,
}
"""Columns beside the facts; `rows` are the recorded row ids, joined by ", "."""

_HEAD_SQL = """
  CASE matter_kind WHEN 'document' THEN matter_id ELSE matter_kind || ':' || matter_id END,
  org_path, business_date, id,
  to_char(decided_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.USZ'),
  ruleset_hash,
  (SELECT coalesce(string_agg(r, ', ' ORDER BY n), '')
   FROM jsonb_array_elements_text(d.rows) WITH ORDINALITY x(r, n))"""

_WHERE = (
    "kind = {kind} AND subject = {subject} AND business_date >= {first} "
    "AND business_date < {after} AND xact >= {since}"
)


def extract(session: Session, month: Month, *, since: int = 0) -> pa.Table:
    """Every decision of `month` by id, one row each, facts with the types they had.

    `since` leaves out what older transactions wrote.

    A fact whose meaning changed within the month, or whose value no typed column holds, stays
    text as recorded (major units), which is read like a user's file.
    """
    meanings = _meanings(session, month)
    names = [name for name in _names(session, month) if name not in HEAD]
    raw = _copied(session, month, [*HEAD, *names], names, since)
    fields: list[pa.Field] = []
    columns: list[pa.ChunkedArray] = []
    for name, type_ in HEAD.items():
        fields.append(pa.field(name, type_))
        column = raw.column(name)
        columns.append(column.dictionary_encode() if type_ is TEXTS else column.cast(type_))
    for name in names:
        field, column = typed(name, raw.column(name), meanings.get(name))
        fields.append(field)
        columns.append(column)
    return settled(pa.table(columns, schema=pa.schema(fields)))


def settled(table: pa.Table) -> pa.Table:
    """The table in one piece, dictionaries in the order of first use: equal rows, equal files."""
    for at, field in enumerate(table.schema):
        if pa.types.is_dictionary(field.type):
            column = table.column(at).cast(pa.string()).combine_chunks().dictionary_encode()
            table = table.set_column(at, field, column)
    return table.combine_chunks()


def _bounds(month: Month) -> dict[str, object]:
    return {
        "kind": month.kind,
        "subject": month.subject,
        "first": month.first,
        "after": month.after,
    }


def _meanings(session: Session, month: Month) -> Mapping[str, Meaning]:
    """What each fact meant; a fact that meant two things is left out."""
    asked = sa.text(
        "SELECT DISTINCT revision_id, ruleset_hash FROM decision WHERE kind = :kind AND "
        "subject = :subject AND business_date >= :first AND business_date < :after"
    )
    found: dict[str, set[Meaning]] = {}
    for revision, hash in session.execute(asked, _bounds(month)).all():
        ruleset = ruleset_in(session, revision, hash)
        words = session.execute(
            sa.select(VocabularyVersion.text)  # type: ignore[call-overload]
            .join(Revision, Revision.vocabulary_hash == VocabularyVersion.hash)
            .where(Revision.id == revision)
        ).scalar_one()
        for name, type_ in fact_types(ruleset, vocabulary_of(words)).items():
            found.setdefault(name, set()).add((type_, ruleset.currency))
    meant: dict[str, Meaning] = {}
    for name, meanings in found.items():
        types = {type_ for type_, _ in meanings}
        if len(types) == 1 and (Type.MONEY not in types or len(meanings) == 1):
            meant[name] = next(iter(meanings))
    return meant


def _names(session: Session, month: Month) -> list[str]:
    asked = sa.text(
        "SELECT DISTINCT k FROM decision, jsonb_object_keys(facts) k WHERE kind = :kind AND "
        "subject = :subject AND business_date >= :first AND business_date < :after ORDER BY k"
    )
    return [str(one) for one in session.execute(asked, _bounds(month)).scalars()]


def _copied(
    session: Session, month: Month, columns: list[str], names: list[str], since: int
) -> pa.Table:
    """The month as text columns, in the order of decision ids."""
    facts = [sql.SQL(", facts->>{}").format(sql.Literal(name)) for name in names]
    where = sql.SQL(_WHERE).format(
        **{name: sql.Literal(value) for name, value in _bounds(month).items()},
        since=sql.Literal(since),
    )
    query = sql.SQL("COPY (SELECT {}{} FROM decision d WHERE {} ORDER BY id) TO STDOUT CSV").format(
        sql.SQL(_HEAD_SQL), sql.Composed(facts), where
    )
    connection = session.connection().connection.driver_connection
    assert isinstance(connection, psycopg.Connection)
    data = io.BytesIO()
    with connection.cursor() as cursor, cursor.copy(query) as copied:
        for piece in copied:
            data.write(piece)
    if not data.tell():
        return pa.table({name: pa.array([], pa.string()) for name in columns})
    data.seek(0)
    return pa_csv.read_csv(
        data,
        read_options=pa_csv.ReadOptions(column_names=columns, block_size=1 << 24),
        parse_options=pa_csv.ParseOptions(newlines_in_values=True),
        convert_options=pa_csv.ConvertOptions(
            column_types={name: pa.string() for name in columns},
            strings_can_be_null=True,
            quoted_strings_can_be_null=False,
            null_values=[""],
        ),
    )


def typed(
    name: str, column: pa.ChunkedArray, meaning: Meaning | None
) -> tuple[pa.Field, pa.ChunkedArray]:
    """A column of recorded texts with its type; as text where that cannot be done exactly."""
    if meaning is not None:
        type_, currency = meaning
        for arrow in (ARROW[type_], pa.decimal128(38, 0)):
            try:
                found = _converted(column, type_, currency, arrow)
            except (pa.ArrowInvalid, Problem):
                if type_ is not Type.MONEY:
                    break
            else:
                return fact_field(name, type_, currency, arrow), found
    return pa.field(name, TEXTS), column.dictionary_encode()


def _converted(
    column: pa.ChunkedArray, type_: Type, currency: str, arrow: pa.DataType
) -> pa.ChunkedArray:
    if type_ in {Type.CODE, Type.TEXT}:
        return column.dictionary_encode()
    if type_ is Type.MONEY:
        # Recorded with all decimals of the currency: without the point it is minor units.
        return pc.replace_substring(column, ".", "").cast(arrow)
    if type_ is Type.DURATION:
        return _by_value(column, currency)
    return column.cast(arrow)


def _by_value(column: pa.ChunkedArray, currency: str) -> pa.ChunkedArray:
    """Lengths of time as seconds, each written form read once."""
    codes = column.combine_chunks().dictionary_encode()
    seconds = []
    for written in codes.dictionary.to_pylist():
        value = read_value(written, Type.DURATION, currency)
        assert isinstance(value, Duration)
        seconds.append(value.seconds)
    return pa.chunked_array([pa.array(seconds, pa.int64()).take(codes.indices)])
