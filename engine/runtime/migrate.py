"""Bring a database to the newest migration; two processes doing so wait for each other."""

from __future__ import annotations

from pathlib import Path

import sqlalchemy as sa
from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory

MIGRATIONS = Path(__file__).parent / "migrations"

_LOCK = 0x51_1C_E6_A7
"""Advisory lock held while migrating."""


def config() -> Config:
    """Alembic's configuration, without an ini file."""
    made = Config()
    # Alembic reads % as the start of a substitution.
    made.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    made.set_main_option("path_separator", "os")
    return made


def head() -> str | None:
    """The newest migration there is."""
    return ScriptDirectory.from_config(config()).get_current_head()


def current(engine: sa.Engine) -> str | None:
    """The migration the database stands at; None for an empty one."""
    with engine.connect() as connection:
        return MigrationContext.configure(connection).get_current_revision()


def upgrade(engine: sa.Engine) -> None:
    """Run all migrations that are missing, in one transaction: all or nothing."""
    with engine.begin() as connection:
        connection.execute(sa.text("SELECT pg_advisory_xact_lock(:key)"), {"key": _LOCK})
        made = config()
        made.attributes["connection"] = connection
        command.upgrade(made, "head")
