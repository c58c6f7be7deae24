"""One database with the test group and a second administrator for each module."""

from __future__ import annotations

import pytest
import sqlalchemy as sa

from engine.runtime.db import transaction
from engine.treasury.organisations.grants import grant
from tests.treasury_intake.support import build_group


@pytest.fixture(scope="module")
def group(module_engine: sa.Engine) -> sa.Engine:
    """The database."""
    with transaction(module_engine) as session:
        build_group(session)
        grant(session, "auditor", "admin", "GROUP")
    return module_engine
