"""Bring a database to the newest migration; two processes doing so wait for each other."""

from __future__ import annotations

from pathlib import Path

import sqlalchemy as sa

MIGRATIONS = Path(__file__).parent / "migrations"

_LOCK = 0x51_1C_E6_A7
"""Advisory lock held while migrating."""


def head() -> str:
    """The newest migration there is: files are called by their number."""
    return max(one.name.partition("_")[0] for one in (MIGRATIONS / "versions").glob("[0-9]*.py"))


def current(engine: sa.Engine) -> str | None:
    """The migration the database stands at; None for an empty one."""
    with engine.connect() as connection:
        known = connection.execute(sa.text("SELECT to_regclass('alembic_version')")).scalar()
        if known is None:
            return None
        return connection.execute(sa.text("SELECT version_num FROM alembic_version")).scalar()


def upgrade(engine: sa.Engine) -> None:
    """Run all migrations that are missing, in one transaction: all or nothing."""
    if current(engine) == head():
        return  # as before nearly every command, which need not wait for alembic to be loaded
    from alembic import command
    from alembic.config import Config

    made = Config()
    # Alembic reads % as the start of a substitution.
    made.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    made.set_main_option("path_separator", "os")
    with engine.begin() as connection:
        connection.execute(sa.text("SELECT pg_advisory_xact_lock(:key)"), {"key": _LOCK})
        made.attributes["connection"] = connection
        command.upgrade(made, "head")
