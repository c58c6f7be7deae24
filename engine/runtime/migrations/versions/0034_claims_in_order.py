"""Due actions are claimed in the order of one index: a long queue costs a claim nothing more."""

from alembic import op

revision = "0034"
down_revision = "0033"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Exchange the index of what is ready."""
    op.execute(
        "DROP INDEX action_ready; CREATE INDEX action_ready "
        "ON action (coalesce(due_at, '-infinity'::timestamptz), id) WHERE state = 'ready'"
    )


def downgrade() -> None:
    """Going back is restoring a backup: money tables are never dropped by a tool."""
