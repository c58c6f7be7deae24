"""${message}."""

import sqlmodel  # noqa: F401
from alembic import op

revision = ${repr(up_revision)}
down_revision = ${repr(down_revision)}
branch_labels = ${repr(branch_labels)}
depends_on = ${repr(depends_on)}


def upgrade() -> None:
    """Create the tables."""
    op.execute("""""")


def downgrade() -> None:
    """Going back is restoring a backup: money tables are never dropped by a tool."""
