"""Tables of runtime."""

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the tables."""


def downgrade() -> None:
    """Going back is restoring a backup: money tables are never dropped by a tool."""
