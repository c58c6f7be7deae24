"""How many events the monitor could not judge."""

from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

UNDECIDED = """
ALTER TABLE monitor_cursor ADD COLUMN undecided bigint NOT NULL DEFAULT 0;
COMMENT ON COLUMN monitor_cursor.undecided IS
  'of those handled, how many no ruleset could judge; alerts EVENT_UNDECIDED name them';
"""


def upgrade() -> None:
    """Add the counter."""
    op.execute(UNDECIDED)


def downgrade() -> None:
    """Going back is restoring a backup: money tables are never dropped by a tool."""
