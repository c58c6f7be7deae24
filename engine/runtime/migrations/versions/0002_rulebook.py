"""Tables of rulebook."""

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the tables."""


def downgrade() -> None:
    """Going back is restoring a backup: money tables are never dropped by a tool."""
