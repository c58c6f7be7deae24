"""The guard of append-only tables, as every migration uses it."""

from __future__ import annotations

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError

from engine.runtime import db


@pytest.fixture
def history(engine: sa.Engine) -> sa.Engine:
    """A guarded table `history` with one row; only `state` may change."""
    with engine.begin() as connection:
        connection.execute(sa.text("CREATE TABLE history (id int, word text, state text)"))
        connection.execute(sa.text("SELECT make_append_only('history', 'state')"))
        connection.execute(sa.text("INSERT INTO history VALUES (1, 'kept', 'new')"))
    return engine


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE history SET word = 'other'",
        "UPDATE history SET word = NULL",
        "UPDATE history SET word = 'other', state = 'old'",
        "DELETE FROM history",
        "TRUNCATE history",
        "TRUNCATE history CASCADE",
    ],
)
def test_history_is_not_changed(history: sa.Engine, change: str) -> None:
    with pytest.raises(IntegrityError) as caught, history.begin() as connection:
        connection.execute(sa.text(change))
    assert db.constraint(caught.value) == "append_only"


def test_columns_named_changeable_change(history: sa.Engine) -> None:
    with history.begin() as connection:
        connection.execute(sa.text("UPDATE history SET state = 'old'"))
        assert connection.execute(sa.text("SELECT state FROM history")).scalar_one() == "old"


@pytest.mark.parametrize("table", ["run", "inbox_message", "outbox_message", "audit_entry"])
def test_tables_of_record_refuse_truncate(engine: sa.Engine, table: str) -> None:
    with pytest.raises(IntegrityError), engine.begin() as connection:
        connection.execute(sa.text(f"TRUNCATE {table}"))
