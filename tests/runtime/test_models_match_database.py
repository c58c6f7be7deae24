"""Every model says what the migrations made: tables, columns, types, nullability, keys."""

from __future__ import annotations

import importlib
import pkgutil
import re
from typing import Any

import pytest
import sqlalchemy as sa
from sqlmodel import SQLModel

import engine as product

for _found in pkgutil.walk_packages(product.__path__, "engine."):
    if _found.name.rsplit(".", 1)[-1] == "models":
        importlib.import_module(_found.name)

TABLES = sorted(SQLModel.metadata.tables)

DIALECT = sa.create_engine("postgresql+psycopg://").dialect


def _family(column_type: sa.types.TypeEngine[Any]) -> str:
    """A type's name; how long a text may be is told by CHECK constraints, not by types."""
    return re.sub(r"VARCHAR(\(\d+\))?", "TEXT", column_type.compile(dialect=DIALECT))


def _modelled(table: str) -> dict[str, tuple[str, bool]]:
    columns = SQLModel.metadata.tables[table].columns
    return {c.name: (_family(c.type), bool(c.nullable)) for c in columns}


@pytest.mark.parametrize("table", TABLES)
def test_a_model_matches_its_table(module_engine: sa.Engine, table: str) -> None:
    inspector = sa.inspect(module_engine)
    assert inspector.has_table(table), f"no migration creates {table}"
    real = {
        str(c["name"]): (_family(c["type"]), bool(c["nullable"]))
        for c in inspector.get_columns(table)
    }
    assert _modelled(table) == real


@pytest.mark.parametrize("table", TABLES)
def test_a_model_has_its_tables_primary_key(module_engine: sa.Engine, table: str) -> None:
    real = sa.inspect(module_engine).get_pk_constraint(table)["constrained_columns"]
    assert {c.name for c in SQLModel.metadata.tables[table].primary_key} == set(real)


def test_every_table_names_its_organisation(module_engine: sa.Engine) -> None:
    inspector = sa.inspect(module_engine)
    # The tree of organisations itself is the one table whose id is the organisation.
    exempt = {"alembic_version", "organisation"}
    missing = [
        table
        for table in inspector.get_table_names()
        if table not in exempt
        and "org_id" not in {str(c["name"]) for c in inspector.get_columns(table)}
    ]
    assert missing == []
